/* SPDX-License-Identifier: MIT
 *
 * doctor_evidence.c - what can be seen of a run here, and so how certain a verdict can be.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "engine/doctor.h"
#include "witness/bpf.h"
#include "witness/kernel_log.h"
#include "witness/preload.h"
#include "witness/runtime.h"

static struct counters read_counters(const struct examination *exam)
{
	struct counter_source source = cage_counters(&exam->cage);
	struct counters counters;

	counters_read(&source, &counters, NULL);
	return counters;
}

void probe_oom_events(struct examination *exam, struct finding *finding)
{
	const char *file = exam->cage.kind == CAGE_V2 ? "memory.events" : "memory.oom_control";
	bool is_eventfd;
	cleanup_fd int events = cage_watch_oom(&exam->cage, &is_eventfd);

	if (!read_counters(exam).oom_kills.known)
		tell(finding, CHECK_MISSING, "it needs Linux 4.13", "%s does not count OOM kills",
			file);
	else if (!exam->counters_are_new)
		tell(finding, CHECK_MISSING, "use another kernel",
			"the counters of a group that was just made are not 0");
	else if (events < 0)
		tell(finding, CHECK_DEGRADED,
			is_eventfd ? "it needs a kernel with CONFIG_EVENTFD" : "it needs Linux 4.5",
			"%s counts OOM kills, but cannot be waited for: they are seen at the next "
			"look",
			file);
	else
		tell(finding, CHECK_OK, NULL, "%s counts OOM kills, and %s", file,
			is_eventfd ? "an eventfd tells of them at once"
				   : "poll(2) tells of them at once");
}

void probe_peak_counters(struct examination *exam, struct finding *finding)
{
	const char *file = exam->cage.kind == CAGE_V2 ? "memory.peak" : "memory.max_usage_in_bytes";

	if (read_counters(exam).peak_bytes.known)
		tell(finding, CHECK_OK, NULL, "the kernel keeps the peak: %s", file);
	else
		tell(finding, CHECK_DEGRADED, "it needs Linux 5.19",
			"no %s: the peak is the highest of memcage's own samples", file);
}

/* v1 has no counter of the group whose limit it was; only the log names it. */
static void tell_owner_v1(struct finding *finding)
{
	cleanup_fd int log = kernel_log_open();

	if (log >= 0)
		tell(finding, CHECK_OK, NULL,
			"the kernel log names the group whose limit an OOM kill was");
	else
		tell(finding, CHECK_DEGRADED,
			"run as root, or as root: sysctl kernel.dmesg_restrict=0",
			"cgroup v1 tells only in the kernel log whose limit an OOM kill was, and "
			"that cannot "
			"be read: such verdicts are of medium confidence at most");
}

void probe_limit_owner(struct examination *exam, struct finding *finding)
{
	struct ancestors above;
	int known = 0;

	if (exam->cage.kind != CAGE_V2) {
		tell_owner_v1(finding);
		return;
	}
	ancestors_read(&exam->cage.home->hierarchies, exam->cage.leaf, &above);
	for (int i = 0; i < above.count; i++)
		known += above.groups[i].ooms.known;
	if (!read_counters(exam).local_ooms.known)
		tell(finding, CHECK_DEGRADED, "it needs Linux 5.2",
			"no memory.events.local: a kill at the own limit looks like one from "
			"above");
	else if (known < above.count)
		tell(finding, CHECK_DEGRADED, "run as root",
			"memory.events.local of %d of %d groups above cannot be read",
			above.count - known, above.count);
	else if (!above.all_visible)
		tell(finding, CHECK_DEGRADED, REMEDY_HIDDEN_GROUPS,
			"memory.events.local tells the own limit from %d groups above; further "
			"ones are "
			"hidden",
			above.count);
	else
		tell(finding, CHECK_OK, NULL,
			"memory.events.local tells the own limit from those of all %d groups above",
			above.count);
}

void probe_kernel_log(struct examination *exam, struct finding *finding)
{
	cleanup_fd int log = kernel_log_open();
	char record[16384];

	(void)exam;
	if (log >= 0 && read(log, record, sizeof(record)) < 0 && errno != EAGAIN && errno != EPIPE)
		tell(finding, CHECK_MISSING, "run as root, on the host itself",
			"/dev/kmsg opens, but reading says %s", strerrordesc_np(errno));
	else if (log >= 0)
		tell(finding, CHECK_OK, NULL,
			"/dev/kmsg can be read: reports name the victims of OOM kills");
	else if (log == -ENOENT)
		tell(finding, CHECK_MISSING, "in a container: --device /dev/kmsg",
			"there is no /dev/kmsg: reports have no names and sizes of OOM victims");
	else
		tell(finding, CHECK_MISSING,
			"run as root, or as root: sysctl kernel.dmesg_restrict=0",
			"/dev/kmsg cannot be read (%s): reports have no names and sizes of OOM "
			"victims",
			strerrordesc_np(-log));
}

void probe_pressure(struct examination *exam, struct finding *finding)
{
	char text[256];
	ssize_t length = file_read(AT_FDCWD, "/proc/pressure/memory", text, sizeof(text));

	(void)exam;
	if (length > 0 && strncmp(text, "some ", 5) == 0)
		tell(finding, CHECK_OK, NULL,
			"/proc/pressure/memory: waiting for memory is measured");
	else
		tell(finding, CHECK_MISSING, "boot with psi=1, or a kernel with CONFIG_PSI",
			"no pressure stall information (%s): waiting for memory is not measured",
			length < 0 ? strerrordesc_np((int)-length)
				   : "/proc/pressure/memory is empty");
}

void probe_preload_witness(struct examination *exam, struct finding *finding)
{
	struct preload_witness witness = PRELOAD_NONE;
	struct memcage_failure why;
	int result = preload_open(&witness, NULL, NULL, &why);

	(void)exam;
	if (result == 0)
		tell(finding, CHECK_OK, NULL, "%s can go into dynamically linked programs",
			witness.library);
	else
		tell(finding, CHECK_MISSING,
			result == -ENOENT
				? "install memcage, or name the library in MEMCAGE_WITNESS_LIBRARY"
				: "see that memcage's path has no blanks and /dev/shm can be "
				  "written",
			"%s: refused allocations are seen only by what runtimes print", why.detail);
	preload_close(&witness);
}

/* Loaded and attached once, aimed at a directory that no process is in. */
void probe_bpf_witness(struct examination *exam, struct finding *finding)
{
	cleanup_fd int nobody = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct bpf_witness witness = { 0 };
	const char *why, *remedy;
	struct memcage_failure failure;

	(void)exam;
	if (!bpf_possible(&why, &remedy)) {
		tell(finding, CHECK_MISSING, remedy, "%s", why);
		return;
	}
	if (bpf_open(&witness, nobody, false, -1, &failure) == 0)
		tell(finding, CHECK_OK, NULL,
			"--witness bpf sees refused system calls of static programs too, without "
			"stopping them");
	else
		tell(finding, CHECK_MISSING, "use --witness trace", "%s", failure.detail);
	bpf_close(&witness);
}

void probe_runtime_witness(struct examination *exam, struct finding *finding)
{
	struct memcage_failure why;
	int left;

	(void)exam;
	if (runtime_possible(&why) < 0) {
		tell(finding, CHECK_MISSING, why.detail,
			"--witness runtime cannot work: failures that a program catches and heap "
			"limits of a runtime's own are not seen inside it");
		return;
	}
	left = tracing_count_abandoned();
	if (left > 0)
		tell(finding, CHECK_DEGRADED, "memcage doctor --clean",
			"--witness runtime can plant its probes, but %d sets of crashed runs are "
			"still there",
			left);
	else
		tell(finding, CHECK_OK, NULL,
			"--witness runtime can plant probes in language runtimes");
}
