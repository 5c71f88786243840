/* SPDX-License-Identifier: MIT
 *
 * limits.c - a specification's limits written to the leaf and read back. A limit that did not take
 * is an error before anything runs, or a named weakness with --allow-degraded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/text.h"
#include "cage/isolate.h"
#include "spec/check.h"

#define MIB (UINT64_C(1) << 20)

uint64_t limits_data_below(uint64_t limit_bytes)
{
	uint64_t margin = limit_bytes / 16;

	if (margin < 2 * MIB)
		margin = 2 * MIB;
	if (margin > limit_bytes / 2)
		margin = limit_bytes / 2;
	return limit_bytes - margin;
}

/* A limit could not be had. Without --allow-degraded that ends it; with it the report names it. */
static int weaken(struct cage *cage, const struct memcage_spec *spec, int error_number,
	const char *what, const char *remedy, struct memcage_failure *failure)
{
	if (spec->allow_degraded) {
		text_list_add(&cage->degraded, "%s: %s", what, strerrordesc_np(error_number));
		return 0;
	}
	return failure_set(failure, error_number, "%s: %s; %s, or accept it with --allow-degraded",
		what, strerrordesc_np(error_number), remedy);
}

/* The same for what cannot be had here at all. */
static int needs(struct cage *cage, const struct memcage_spec *spec, const char *option,
	const char *what, struct memcage_failure *failure)
{
	if (spec->allow_degraded) {
		text_list_add(&cage->degraded, "%s: it needs %s", option, what);
		return 0;
	}
	return failure_set(failure, ENOTSUP, "%s needs %s; add --allow-degraded to run without it",
		option, what);
}

static int set_memory(struct cage *cage, const struct memcage_spec *spec, const char *file,
	uint64_t bytes, struct memcage_failure *failure)
{
	int result = group_set_bytes(&cage->memory, file, bytes);

	(void)spec;
	if (result == -ERANGE)
		return failure_set(failure, EIO,
			"%s of %s reads back another value than was written", file,
			cage->memory.path);
	if (result < 0)
		return failure_errno(failure, -result, "write %" PRIu64 " to %s/%s", bytes,
			cage->memory.path, file);
	return 0;
}

static bool host_has_swap(void)
{
	struct sysinfo facts;

	return sysinfo(&facts) < 0 || facts.totalswap > 0;
}

static bool has_file(const struct cage *cage, const char *file)
{
	return faccessat(cage->memory.directory, file, F_OK, 0) == 0;
}

/* Swap files are missing where the kernel does not account swap. That is no weakness on a host
 * without swap. */
static int without_swap_control(struct cage *cage, const struct memcage_spec *spec,
	const char *file, struct memcage_failure *failure)
{
	if (!host_has_swap())
		return 0;
	return weaken(
		cage, spec, ENOENT, file, "boot with swapaccount=1 or turn swap off", failure);
}

static int limit_v2(
	struct cage *cage, const struct memcage_spec *spec, struct memcage_failure *failure)
{
	int result = 0;

	if (has_file(cage, "memory.swap.max"))
		result = set_memory(cage, spec, "memory.swap.max", spec->swap_max_bytes, failure);
	else if (spec->swap_max_bytes == 0)
		result = without_swap_control(cage, spec, "memory.swap.max", failure);
	if (result == 0)
		result = set_memory(cage, spec, "memory.max", spec->memory_max_bytes, failure);
	if (result == 0)
		name_list_add(&cage->mechanisms, "memory.max");
	return result;
}

/* With memsw at the limit the kernel meets memsw first, and memory.failcnt stays 0 for ever
 * (measured on 6.18). Above it by more than any single charge failcnt tells of every contact with
 * the limit; without swap on the host that room cannot be used. */
#define MEMSW_ROOM (4 * MIB)

/* Buffers of TCP and UDP have a counter of their own here, which starts with its first limit: they
 * reach some gigabytes through the loopback device alone. It takes as long as a tenth of a run, so
 * only those have it whose command is not trusted. */
static int limit_network_v1(
	struct cage *cage, const struct memcage_spec *spec, struct memcage_failure *failure)
{
	if (!isolate_is_wanted(spec) || !has_file(cage, "memory.kmem.tcp.limit_in_bytes"))
		return 0;
	return set_memory(
		cage, spec, "memory.kmem.tcp.limit_in_bytes", spec->memory_max_bytes, failure);
}

/* The order matters: the kernel keeps limit <= memsw at every moment, and both start unlimited. */
static int limit_v1(
	struct cage *cage, const struct memcage_spec *spec, struct memcage_failure *failure)
{
	int result = set_memory(
		cage, spec, "memory.limit_in_bytes", spec->memory_max_bytes, failure);
	uint64_t both;

	if (result < 0)
		return result;
	name_list_add(&cage->mechanisms, "memory.limit_in_bytes");
	if (__builtin_add_overflow(spec->memory_max_bytes, spec->swap_max_bytes, &both))
		return 0; /* swap without a limit is how the leaf starts */
	if (!has_file(cage, "memory.memsw.limit_in_bytes"))
		return without_swap_control(cage, spec, "memory.memsw.limit_in_bytes", failure);
	if (!host_has_swap() && !__builtin_add_overflow(both, MEMSW_ROOM, &both))
		cage->failcnt_counts = true;
	result = set_memory(cage, spec, "memory.memsw.limit_in_bytes", both, failure);
	return result < 0 ? result : limit_network_v1(cage, spec, failure);
}

static int throttle(
	struct cage *cage, const struct memcage_spec *spec, struct memcage_failure *failure)
{
	if (spec->memory_high_bytes == 0)
		return 0;
	if (cage->kind != CAGE_V2)
		return needs(
			cage, spec, "--memory-high", "the memory controller on cgroup v2", failure);
	return set_memory(cage, spec, "memory.high", spec->memory_high_bytes, failure);
}

static int group_kill_setting(
	struct cage *cage, const struct memcage_spec *spec, struct memcage_failure *failure)
{
	int result;

	if (!spec->oom_group)
		return 0;
	if (cage->kind == CAGE_V1) {
		name_list_add(&cage->mechanisms, "oom_group_emulated");
		return 0;
	}
	result = group_write(&cage->memory, "memory.oom.group", "1");
	if (result < 0)
		return weaken(
			cage, spec, -result, "memory.oom.group", "it needs Linux 4.19", failure);
	name_list_add(&cage->mechanisms, "memory.oom.group");
	return 0;
}

static int processes(
	struct cage *cage, const struct memcage_spec *spec, struct memcage_failure *failure)
{
	const struct group *group = cage->kind == CAGE_V2 ? &cage->memory : &cage->pids;
	int result;

	if (spec->pids_max == 0)
		return 0;
	if (!group_exists(group) || faccessat(group->directory, "pids.max", F_OK, 0) < 0)
		return needs(cage, spec, "--pids",
			"the pids controller, which is not available here", failure);
	result = group_set_bytes(group, "pids.max", spec->pids_max);
	/* group_set_bytes compares whole pages; small numbers need the exact look */
	if (result == 0 && group_counter(group, "pids.max", NULL).value != spec->pids_max)
		result = -ERANGE;
	if (result < 0)
		return weaken(cage, spec, -result, "pids.max", "it did not take", failure);
	name_list_add(&cage->mechanisms, "pids.max");
	return 0;
}

/* Without a cage all that is left are the limits of each single process. */
static int limit_rlimit(
	struct cage *cage, const struct memcage_spec *spec, struct memcage_failure *failure)
{
	int result = 0;

	text_list_add(&cage->degraded,
		"no cgroup: memory is limited per process (RLIMIT_DATA), not for the whole tree; "
		"shared memory, "
		"page cache and kernel memory are not limited; an OOM kill cannot be told apart");
	if (spec_has_limit(spec)) {
		cage->rlimit_data_bytes = spec->memory_max_bytes;
		name_list_add(&cage->mechanisms, "RLIMIT_DATA");
	}
	if (spec->pids_max != 0)
		result = needs(cage, spec, "--pids", "a cgroup", failure);
	if (result == 0 && spec->memory_high_bytes != 0)
		result = needs(cage, spec, "--memory-high", "a cgroup", failure);
	if (result == 0 && spec->oom_group)
		result = needs(cage, spec, "--oom-group", "a cgroup", failure);
	return result;
}

int limits_apply(
	struct cage *cage, const struct memcage_spec *spec, struct memcage_failure *reterr_failure)
{
	int result = 0;

	cage->rlimit_data_bytes = UINT64_MAX;
	cage->limit_bytes = counter_of(UINT64_MAX);
	if (cage->kind == CAGE_RLIMIT)
		return limit_rlimit(cage, spec, reterr_failure);
	if (spec_has_limit(spec)) {
		result = cage->kind == CAGE_V2 ? limit_v2(cage, spec, reterr_failure)
					       : limit_v1(cage, spec, reterr_failure);
		cage->limit_bytes = group_counter(&cage->memory,
			cage->kind == CAGE_V2 ? "memory.max" : "memory.limit_in_bytes", NULL);
	}
	if (result == 0)
		result = throttle(cage, spec, reterr_failure);
	if (result == 0)
		result = group_kill_setting(cage, spec, reterr_failure);
	if (result == 0)
		result = processes(cage, spec, reterr_failure);
	if (result == 0 && spec->at_limit == MEMCAGE_FAIL_AT_LIMIT) {
		cage->rlimit_data_bytes = limits_data_below(cage->limit_bytes.value);
	}
	return result;
}
