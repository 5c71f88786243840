/* SPDX-License-Identifier: MIT */
#include "watch/squeeze.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/process_stat.h"
#include "base/processors.h"
#include "base/text.h"
#include "cage/data_limit.h"
#include "cage/isolate.h"

#define BYTES_PER_US 8192 /* faster than a processor fills pages: no need to look earlier */
#define LOOK_MIN_US 500
#define LOOK_MAX_US 20000
#define LOOK_TIGHT_US 2000
#define COST_PART 50 /* while there is much room: of a processor's time, one part in so many */

/* What a process may map beyond its start may be touched a while later, on a busy machine. */
#define RAISE_US 131072

#define PROCESSES_MAX 4096

/* A process of the cage and what it has mapped. */
struct mapped {
	pid_t pid;
	uint64_t bytes;
};

void squeeze_begin(struct squeeze *squeeze, uint64_t limit_bytes, uint64_t start_bytes)
{
	*squeeze = (struct squeeze){ .start_bytes = start_bytes, .mark_bytes = limit_bytes / 2 };
}

bool squeeze_is_allowed(const struct memcage_spec *spec)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	/* A user namespace that we made is ours, whoever runs in it. */
	if (isolate_has_user_namespace(spec) || !spec->set_user || spec->user_id == geteuid())
		return true;
	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[0].effective & (1u << CAP_SYS_RESOURCE)) != 0;
}

/* ---- limits that processes chose themselves ---- */

/* 0 where it is gone. */
static uint64_t start_time_of(pid_t pid)
{
	struct process_stat stat;

	return process_stat_read(pid, &stat) == 0 ? stat.start_ticks : 0;
}

/* Returns false where there is no room for it: then the limit has to stay as it is. */
static bool keep_own(struct squeeze *squeeze, pid_t pid, uint64_t own_bytes)
{
	uint64_t start_time = start_time_of(pid);

	if (start_time == 0 || squeeze->count == SQUEEZED_MAX)
		return false;
	squeeze->list[squeeze->count++] = (struct squeezed){ pid, start_time, own_bytes };
	return true;
}

static void give_back(struct squeeze *squeeze)
{
	for (int i = 0; i < squeeze->count; i++) {
		struct squeezed *entry = &squeeze->list[i];
		struct rlimit limit;

		/* Not what has a limit of its own making by now, nor another with the same pid. */
		if (start_time_of(entry->pid) != entry->start_time ||
			prlimit(entry->pid, RLIMIT_DATA, NULL, &limit) < 0 ||
			data_limit_of(limit.rlim_cur) == DATA_LIMIT_FOREIGN)
			continue;
		limit.rlim_cur = entry->own_bytes < limit.rlim_max ? entry->own_bytes
								   : limit.rlim_max;
		(void)prlimit(entry->pid, RLIMIT_DATA, &limit, NULL);
	}
	squeeze->count = 0;
}

/* ---- limits of ours ---- */

/* may_raise: beyond the start. Returns whether it did. */
static bool set_limit(struct squeeze *squeeze, pid_t pid, uint64_t bytes, bool may_raise)
{
	uint64_t start = squeeze->start_bytes;
	struct rlimit limit;
	bool raises;

	if (prlimit(pid, RLIMIT_DATA, NULL, &limit) < 0)
		return false;
	if (data_limit_of(limit.rlim_cur) == DATA_LIMIT_FOREIGN &&
		(limit.rlim_cur <= bytes || bytes >= start ||
			!keep_own(squeeze, pid, limit.rlim_cur)))
		return false;
	bytes = data_limit_make(bytes, bytes < start   ? DATA_LIMIT_SQUEEZED
				       : bytes > start ? DATA_LIMIT_RAISED
						       : DATA_LIMIT_START);
	if (bytes > limit.rlim_max)
		bytes = limit.rlim_max;
	raises = bytes > limit.rlim_cur && bytes > start + DATA_LIMIT_BITS;
	if (bytes == limit.rlim_cur || (raises && !may_raise))
		return false;
	limit.rlim_cur = bytes;
	return prlimit(pid, RLIMIT_DATA, &limit, NULL) == 0 && raises;
}

/* The processes of the cage; -1 where they cannot be listed. */
static int list_processes(const struct cage *cage, struct mapped *list)
{
	static const size_t size = 65536;
	char text[65536], *state, *line;
	uint64_t pid;
	int count = 0;

	if (file_read(cage->memory.directory, "cgroup.procs", text, size) < 0)
		return -1;
	for (line = strtok_r(text, "\n", &state); line != NULL && count < PROCESSES_MAX;
		line = strtok_r(NULL, "\n", &state)) {
		if (parse_number(line, &pid) < 0 || pid == 0)
			continue;
		list[count].pid = (pid_t)pid;
		list[count].bytes = process_data_bytes((pid_t)pid);
		count += list[count].bytes != 0;
	}
	return count;
}

/* Returns what is in use. It is read after what the processes have mapped: what they touch
 * meanwhile makes the room smaller, never the sum of the limits larger. */
static uint64_t share_out(struct squeeze *squeeze, const struct cage *cage, uint64_t now_us)
{
	struct counter_source source = cage_counters(cage);
	struct mapped list[PROCESSES_MAX];
	int count = list_processes(cage, list);
	uint64_t used = memory_in_use(&source), start = squeeze->start_bytes, share;
	bool tight = used >= squeeze->mark_bytes && count > 1;
	bool may_raise = now_us >= squeeze->raise_us, raised = false;

	if (!tight && squeeze->count > 0)
		give_back(squeeze);
	share = used < start && count > 0 ? (start - used) / (uint64_t)count : 0;
	for (int i = 0; i < count; i++) {
		uint64_t bytes = list[i].bytes + share;

		raised |= set_limit(
			squeeze, list[i].pid, tight || bytes > start ? bytes : start, may_raise);
	}
	if (raised)
		squeeze->raise_us = now_us + RAISE_US;
	return used;
}

/* How long what is missing to the mark takes at the least. */
static uint64_t wait_for(uint64_t missing_bytes)
{
	uint64_t wait = missing_bytes / (BYTES_PER_US * processors_online());

	return wait < LOOK_MIN_US ? LOOK_MIN_US : wait > LOOK_MAX_US ? LOOK_MAX_US : wait;
}

uint64_t squeeze_look(struct squeeze *squeeze, const struct cage *cage)
{
	struct counter_source source = cage_counters(cage);
	struct counter now = memory_current(&source);
	uint64_t mark = squeeze->mark_bytes, begin_us = clock_us(), used, end_us, wait_us;

	if (!now.known)
		return LOOK_MAX_US;
	/* Page cache makes no hurry: then what is in use is far from the mark, or squeezed already.
	 */
	if (now.value < mark && begin_us < squeeze->next_us)
		return wait_for(mark - now.value);
	used = share_out(squeeze, cage, begin_us);
	end_us = clock_us();
	squeeze->next_us = end_us + (end_us - begin_us) * COST_PART;
	wait_us = used < mark ? wait_for(mark - used) : LOOK_TIGHT_US;
	return wait_us > end_us - begin_us ? wait_us : end_us - begin_us;
}
