/* SPDX-License-Identifier: MIT */
#include "watch/snapshot.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/process_stat.h"
#include "base/text.h"

#define LISTED_MAX 1024
#define TEXT_MAX (4u << 20) /* of smaps: a program can have very many mappings */
#define PATIENCE_US 50000   /* for all of them: the event loop waits meanwhile */
#define WORTH_A_LOOK_PART 16

/* Anonymous and shared memory: what the kernel cannot take back. */
static uint64_t held(const struct snapshot_process *process)
{
	return process->anon_bytes.value + process->shmem_bytes.value;
}

/* Returns false where it is gone, or has no memory any more. */
static bool read_status(pid_t pid, struct snapshot_process *ret_process)
{
	char path[64], status[4096];
	uint64_t threads;

	*ret_process = (struct snapshot_process){ .pid = pid };
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (file_read(AT_FDCWD, path, status, sizeof(status)) < 0)
		return false;
	ret_process->rss_bytes = process_status_bytes(status, "VmRSS:");
	ret_process->anon_bytes = process_status_bytes(status, "RssAnon:");
	ret_process->file_bytes = process_status_bytes(status, "RssFile:");
	ret_process->shmem_bytes = process_status_bytes(status, "RssShmem:");
	ret_process->swap_bytes = process_status_bytes(status, "VmSwap:");
	for (char *tab = status; (tab = strchr(tab, '\t')) != NULL;)
		*tab = ' ';
	if (keyed_value(status, "Threads:", &threads))
		ret_process->threads = counter_of(threads);
	return ret_process->rss_bytes.known;
}

static void insert(struct snapshot *snapshot, const struct snapshot_process *process)
{
	struct snapshot_process *list = snapshot->processes;
	int at = snapshot->count;

	if (at == SNAPSHOT_PROCESSES && held(&list[--at]) >= held(process))
		return;
	if (snapshot->count < SNAPSHOT_PROCESSES)
		snapshot->count++;
	for (; at > 0 && held(&list[at - 1]) < held(process); at--)
		list[at] = list[at - 1];
	list[at] = *process;
}

/* Returns whether it could be read to its end. */
static bool read_mappings(
	pid_t pid, const char *file, uint64_t until_us, struct mappings *ret_mappings)
{
	char path[64], text[32768];
	size_t kept = 0, total = 0;
	cleanup_fd int fd = -1;
	ssize_t got = -1;

	*ret_mappings = (struct mappings){ 0 };
	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && total < TEXT_MAX && kept < sizeof(text) && clock_us() < until_us &&
		(got = read(fd, text + kept, sizeof(text) - kept)) > 0) {
		size_t size = kept + (size_t)got;
		const char *last = memrchr(text, '\n', size);
		size_t whole = last != NULL ? (size_t)(last + 1 - text) : 0;

		mappings_add(ret_mappings, text, whole);
		kept = size - whole;
		memmove(text, text + whole, kept);
		total += (size_t)got;
	}
	return got == 0;
}

/* Where it ended meanwhile its mappings look empty, or are not all there: then what they were by
 * their sizes is the better word. */
static void look_into(struct snapshot_process *process, const char *file, uint64_t until_us)
{
	struct mappings mappings;
	bool whole = read_mappings(process->pid, file, until_us, &mappings);

	if (process->mapping_count > 0 && mappings_resident(&mappings) < held(process) / 2)
		return;
	process->mappings_cut = mappings.cut || !whole;
	process->mapping_count = mappings_largest(&mappings, process->mappings, SNAPSHOT_MAPPINGS);
}

/* Whoever holds much less than the largest explains nothing. */
static bool is_worth_a_look(const struct snapshot *snapshot, const struct snapshot_process *process)
{
	return held(process) >= held(&snapshot->processes[0]) / WORTH_A_LOOK_PART;
}

bool snapshot_take(const struct group *group, uint64_t now_us, struct snapshot *ret_snapshot)
{
	struct snapshot *snapshot = ret_snapshot;
	pid_t list[LISTED_MAX];
	int listed;

	*snapshot = (struct snapshot){ .at_us = now_us };
	listed = group_list_processes(group, list, LISTED_MAX);
	for (int i = 0; i < listed; i++) {
		struct snapshot_process process;

		if (!read_status(list[i], &process))
			continue;
		snapshot->seen++;
		snapshot->in_use += held(&process);
		insert(snapshot, &process);
	}
	for (int i = 0; i < snapshot->count; i++) {
		struct snapshot_process *process = &snapshot->processes[i];
		struct process_stat stat;

		if (process_stat_read(process->pid, &stat) == 0)
			text_copy(process->command, sizeof(process->command), stat.command);
		if (is_worth_a_look(snapshot, process))
			look_into(process, "maps", now_us + PATIENCE_US);
	}
	snapshot->taken = snapshot->count > 0;
	return snapshot->taken;
}

void snapshot_look_closely(struct snapshot *snapshot)
{
	uint64_t until_us = clock_us() + PATIENCE_US;

	snapshot->closely = true;
	for (int i = 0; i < snapshot->count; i++) {
		struct snapshot_process *process = &snapshot->processes[i];

		if (is_worth_a_look(snapshot, process))
			look_into(process, "smaps", until_us);
	}
}
