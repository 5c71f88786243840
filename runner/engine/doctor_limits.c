/* SPDX-License-Identifier: MIT
 *
 * doctor_limits.c - what can be enforced: each limit is set on the trial cage and read back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/text.h"
#include "engine/doctor.h"

#define TRIAL_PIDS 16

/* Set as a run sets it, and read back there. */
static bool takes(
	struct examination *exam, const struct memcage_spec *spec, struct memcage_failure *why)
{
	return limits_apply(&exam->cage, spec, why) == 0;
}

void probe_memory_limit(struct examination *exam, struct finding *finding)
{
	const char *file = exam->cage.kind == CAGE_V2 ? "memory.max" : "memory.limit_in_bytes";
	int result = group_set_bytes(&exam->cage.memory, file, TRIAL_LIMIT_BYTES);
	char size[TEXT_NUMBER_SIZE];

	format_size(TRIAL_LIMIT_BYTES, size);
	if (result == 0)
		tell(finding, CHECK_OK, NULL, "%s of %s was set and read back", file, size);
	else if (result == -ERANGE)
		tell(finding, CHECK_MISSING, "report this kernel as an error of memcage",
			"%s of %s was accepted, but another value reads back", file, size);
	else
		tell(finding, CHECK_MISSING,
			"have the group delegated to this user, or run as root",
			"%s of %s cannot be set: %s", file, size, strerrordesc_np(-result));
}

static void describe_host_swap(char *text, size_t size)
{
	char bytes[TEXT_NUMBER_SIZE];
	struct sysinfo host;

	if (sysinfo(&host) < 0)
		(void)snprintf(text, size, "whether this host has swap is not known");
	else if (host.totalswap == 0)
		(void)snprintf(text, size, "this host has no swap");
	else
		(void)snprintf(text, size, "this host has %s of swap",
			format_size((uint64_t)host.totalswap * host.mem_unit, bytes));
}

void probe_swap_limit(struct examination *exam, struct finding *finding)
{
	const char *file = exam->cage.kind == CAGE_V2 ? "memory.swap.max"
						      : "memory.memsw.limit_in_bytes";
	bool has_file = faccessat(exam->cage.memory.directory, file, F_OK, 0) == 0;
	char swap[96];

	describe_host_swap(swap, sizeof(swap));
	if (!has_file && exam->limited < 0)
		tell(finding, CHECK_MISSING, "boot with swapaccount=1, or turn swap off",
			"the kernel has no %s: what swaps out is not limited; %s", file, swap);
	else if (!has_file)
		tell(finding, CHECK_DEGRADED, "boot with swapaccount=1 before swap is turned on",
			"the kernel has no %s, which matters only with swap; %s", file, swap);
	else if (exam->limited < 0)
		tell(finding, CHECK_MISSING,
			"have the group delegated to this user, or run as root", "%s",
			exam->limited_failure.detail);
	else
		tell(finding, CHECK_OK, NULL,
			"%s was set and read back: nothing swaps past the limit; %s", file, swap);
}

void probe_process_limit(struct examination *exam, struct finding *finding)
{
	const struct memcage_spec spec = { .struct_size = sizeof(spec), .pids_max = TRIAL_PIDS };
	struct memcage_failure why;

	if (takes(exam, &spec, &why))
		tell(finding, CHECK_OK, NULL, "pids.max of %d was set and read back", TRIAL_PIDS);
	else
		tell(finding, CHECK_MISSING,
			exam->cage.kind == CAGE_V2
				? "have the pids controller enabled in the groups above"
				: "as root: mount the pids controller",
			"--pids cannot be had: %s", strerrordesc_np(why.error_number));
}

void probe_throttling(struct examination *exam, struct finding *finding)
{
	const struct memcage_spec spec = { .struct_size = sizeof(spec),
		.memory_high_bytes = TRIAL_LIMIT_BYTES / 2 };
	struct memcage_failure why;

	if (takes(exam, &spec, &why))
		tell(finding, CHECK_OK, NULL, "memory.high was set and read back");
	else if (exam->cage.kind != CAGE_V2)
		tell(finding, CHECK_MISSING, REMEDY_MEMORY_ON_V2,
			"--memory-high: cgroup v1 has no memory.high");
	else
		tell(finding, CHECK_MISSING,
			"have the group delegated to this user, or run as root",
			"memory.high cannot be set: %s", strerrordesc_np(why.error_number));
}

void probe_oom_group(struct examination *exam, struct finding *finding)
{
	const struct memcage_spec spec = { .struct_size = sizeof(spec), .oom_group = true };
	struct memcage_failure why;

	if (exam->cage.kind != CAGE_V2)
		tell(finding, CHECK_DEGRADED, REMEDY_MEMORY_ON_V2,
			"--oom-group is emulated: memcage empties the cage at the first OOM kill");
	else if (takes(exam, &spec, &why))
		tell(finding, CHECK_OK, NULL, "memory.oom.group was set");
	else
		tell(finding, CHECK_MISSING, "it needs Linux 4.19",
			"memory.oom.group cannot be set: %s", strerrordesc_np(why.error_number));
}

void probe_at_limit_fail(struct examination *exam, struct finding *finding)
{
	int result = trial_refusal();

	(void)exam;
	if (result == 0)
		tell(finding, CHECK_OK, NULL,
			"RLIMIT_DATA refused a mapping: --at-limit fail works");
	else if (result == -ENOTSUP)
		tell(finding, CHECK_MISSING,
			"it needs Linux 4.7, without ignore_rlimit_data on the kernel's command "
			"line",
			"RLIMIT_DATA does not refuse private mappings here: --at-limit fail has no "
			"effect");
	else
		tell(finding, CHECK_MISSING, "look at what limits processes here: ulimit -a",
			"whether RLIMIT_DATA refuses mappings could not be tried: %s",
			strerrordesc_np(-result));
}
