/* SPDX-License-Identifier: MIT */
#include "spec/check.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/text.h"
#include "spec/policy.h"

/* Times are counted in microseconds from here on, and added to a clock. */
#define TIME_MAX_MS (UINT64_MAX / 1000000)

/* The last and its neighbours: every bit below is a witness. */
#define WITNESSES_END ((uint32_t)MEMCAGE_WITNESS_RUNTIME << 1)

bool spec_has_limit(const struct memcage_spec *spec)
{
	return spec->memory_max_bytes != 0 && spec->memory_max_bytes != MEMCAGE_UNLIMITED;
}

int spec_adopt(const struct memcage_spec *spec, struct memcage_spec *ret_spec,
	struct memcage_failure *reterr_failure)
{
	size_t size = spec->struct_size;

	if (size < offsetof(struct memcage_spec, working_directory))
		return failure_set(reterr_failure, EINVAL,
			"memcage_spec.struct_size is %zu; set it to sizeof(struct memcage_spec)",
			size);
	/* A caller of a newer header asks for something that this library does not know. */
	for (size_t i = sizeof(*ret_spec); i < size; i++)
		if (((const char *)spec)[i] != 0)
			return failure_set(reterr_failure, EINVAL,
				"memcage_spec asks for what this version (%s) does not have; use a "
				"newer "
				"library",
				MEMCAGE_VERSION);
	memset(ret_spec, 0, sizeof(*ret_spec));
	memcpy(ret_spec, spec, size < sizeof(*ret_spec) ? size : sizeof(*ret_spec));
	ret_spec->struct_size = sizeof(*ret_spec);
	if (ret_spec->policy != NULL && !ret_spec->limits_complete)
		policy_fill_limits(ret_spec->policy, ret_spec);
	return 0;
}

static int check_injections(const struct memcage_spec *spec, struct memcage_failure *failure)
{
	const uint32_t able = MEMCAGE_WITNESS_PRELOAD | MEMCAGE_WITNESS_TRACE;

	if (spec->injection_count > MEMCAGE_INJECTIONS_MAX ||
		(spec->injection_count > 0 && spec->injections == NULL))
		return failure_set(failure, EINVAL, "memcage_spec: at most %d injections",
			MEMCAGE_INJECTIONS_MAX);
	for (size_t i = 0; i < spec->injection_count; i++) {
		const struct memcage_injection *rule = &spec->injections[i];

		if (rule->kind < MEMCAGE_INJECT_NTH || rule->kind > MEMCAGE_INJECT_RANDOM ||
			memchr(rule->command, '\0', sizeof(rule->command)) == NULL)
			return failure_set(failure, EINVAL,
				"memcage_spec: an injection has a kind or a command that cannot "
				"be");
	}
	if (spec->injection_count > 0 && spec->witnesses != MEMCAGE_WITNESS_AUTO &&
		(spec->witnesses & able) == 0)
		return failure_set(failure, EINVAL,
			"--fail-alloc is done by the witnesses preload and trace; name one of "
			"them");
	return 0;
}

int spec_check(const struct memcage_spec *spec, struct memcage_failure *reterr_failure)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	bool limited = spec_has_limit(spec);
	char one[TEXT_NUMBER_SIZE], other[TEXT_NUMBER_SIZE];

	if (spec->argv == NULL || spec->argv[0] == NULL)
		return failure_set(reterr_failure, EINVAL, "no command given");
	if ((unsigned)spec->at_limit > MEMCAGE_FAIL_AT_LIMIT ||
		(unsigned)spec->backend > MEMCAGE_BACKEND_RLIMIT ||
		spec->witnesses >= WITNESSES_END)
		return failure_set(reterr_failure, EINVAL,
			"memcage_spec: at_limit, backend or witnesses has a value that does not "
			"exist");
	if (limited && spec->memory_max_bytes < page)
		return failure_set(reterr_failure, EINVAL,
			"a memory limit of %s is too small; it is at least one page (4096 bytes)",
			format_size(spec->memory_max_bytes, one));
	if (spec->at_limit == MEMCAGE_FAIL_AT_LIMIT && !limited)
		return failure_set(reterr_failure, EINVAL,
			"--at-limit fail needs a memory limit; add -m SIZE");
	if (spec->last_words && (!limited || spec->backend == MEMCAGE_BACKEND_RLIMIT))
		return failure_set(reterr_failure, EINVAL,
			"--last-words waits at the memory limit of a cage; add -m SIZE, and leave "
			"out --backend rlimit");
	if (spec->last_words && spec->memory_high_bytes != 0 &&
		spec->memory_high_bytes != MEMCAGE_UNLIMITED)
		return failure_set(reterr_failure, EINVAL,
			"--last-words needs memory.high for itself; leave out --memory-high");
	if (spec->oom_group && spec->backend == MEMCAGE_BACKEND_RLIMIT)
		return failure_set(reterr_failure, EINVAL,
			"--oom-group needs a cgroup; the rlimit backend has none");
	if (limited && spec->memory_high_bytes > spec->memory_max_bytes &&
		spec->memory_high_bytes != MEMCAGE_UNLIMITED)
		return failure_set(reterr_failure, EINVAL,
			"--memory-high %s is above --memory %s and would never act",
			format_size(spec->memory_high_bytes, one),
			format_size(spec->memory_max_bytes, other));
	if (spec->output_truncate && spec->output_max_bytes == 0)
		return failure_set(
			reterr_failure, EINVAL, "--output-truncate needs --output-max SIZE");
	if (spec->no_tap && spec->output_max_bytes != 0)
		return failure_set(reterr_failure, EINVAL,
			"--output-max counts what passes through memcage, and --no-tap lets "
			"nothing "
			"pass; drop one of them");
	if (spec->digest_output &&
		(spec->no_tap || spec->stdout_path != NULL || spec->stderr_path != NULL))
		return failure_set(reterr_failure, EINVAL,
			"memcage_spec: digest_output throws the streams away; no_tap, stdout_path "
			"and stderr_path say otherwise");
	if (spec->wall_time_max_ms > TIME_MAX_MS || spec->cpu_time_max_ms > TIME_MAX_MS ||
		spec->grace_ms > TIME_MAX_MS ||
		(spec->stall_ms > TIME_MAX_MS && spec->stall_ms != MEMCAGE_UNLIMITED))
		return failure_set(reterr_failure, EINVAL,
			"a time is too long; leave it out (0) where there shall be none");
	/* To the kernel -1 means "leave as it is": the command would keep our own rights. */
	if (spec->set_user && (spec->user_id == UINT32_MAX || spec->group_id == UINT32_MAX))
		return failure_set(
			reterr_failure, EINVAL, "--user: %u is no user or group id", UINT32_MAX);
	if ((spec->witnesses & MEMCAGE_WITNESS_TRACE) != 0 &&
		(spec->witnesses & MEMCAGE_WITNESS_BPF) != 0)
		return failure_set(reterr_failure, EINVAL,
			"--witness: trace and bpf see the same system calls; name one of them");
	if (spec->backend == MEMCAGE_BACKEND_RLIMIT && (spec->witnesses & MEMCAGE_WITNESS_BPF) != 0)
		return failure_set(reterr_failure, EINVAL,
			"--witness bpf knows the cage by its cgroup; the rlimit backend has none");
	if (spec->backend == MEMCAGE_BACKEND_RLIMIT && spec->parent_group != NULL)
		return failure_set(reterr_failure, EINVAL,
			"--parent names a cgroup; the rlimit backend has none");
	return check_injections(spec, reterr_failure);
}
