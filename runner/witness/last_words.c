/* SPDX-License-Identifier: MIT */
#include "witness/last_words.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "witness/last_words_child.h"

#define READY_MS 200 /* till all threads are told to stop */
#define HOLD_MS 700  /* in all */
#define PROCESSES_MAX 256

/* ---- whom to ask ---- */

/* Where a thread sleeps in the kernel, when it waits at a limit. */
static const char *const waits[] = { "oom_synchronize", "over_high", "try_charge", NULL };

static bool waits_for_memory(pid_t pid, const char *thread)
{
	char path[320], place[128];

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%s/wchan", (int)pid, thread);
	if (file_read(AT_FDCWD, path, place, sizeof(place)) <= 0)
		return false;
	for (const char *const *wait = waits; *wait != NULL; wait++)
		if (strstr(place, *wait) != NULL)
			return true;
	return false;
}

static char state_of(pid_t pid, const char *thread)
{
	char path[320], text[512];
	const char *end;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", (int)pid, thread);
	if (file_read(AT_FDCWD, path, text, sizeof(text)) <= 0 ||
		(end = strrchr(text, ')')) == NULL || end[1] != ' ')
		return '\0';
	return end[2];
}

/* Whoever wants memory runs, or sleeps in the kernel; it does not wait for an event. */
static bool works(pid_t pid, const char *thread)
{
	char state = state_of(pid, thread);

	return state == 'R' || state == 'D';
}

static bool is_there(pid_t pid, const char *thread)
{
	(void)pid, (void)thread;
	return true;
}

static int add_threads(
	pid_t pid, bool (*wanted)(pid_t pid, const char *thread), pid_t *threads, int count)
{
	char path[64];
	DIR *entries;
	struct dirent *entry;
	uint64_t thread;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	entries = opendir(path);
	while (entries != NULL && (entry = readdir(entries)) != NULL && count < LAST_WORDS_THREADS)
		if (parse_number(entry->d_name, &thread) == 0 && wanted(pid, entry->d_name))
			threads[count++] = (pid_t)thread;
	if (entries != NULL)
		(void)closedir(entries);
	return count;
}

int last_words_find(const struct group *group, pid_t pid, pid_t *ret_threads)
{
	pid_t processes[PROCESSES_MAX];
	int listed = group_list_processes(group, processes, PROCESSES_MAX), count = 0;

	for (int i = 0; i < listed; i++)
		count = add_threads(processes[i], waits_for_memory, ret_threads, count);
	if (count > 0)
		return count;
	/* not every kernel tells where they sleep, and on v2 they may not sleep yet */
	if (pid > 0)
		count = add_threads(pid, works, ret_threads, 0);
	for (int i = 0; i < listed; i++)
		if (processes[i] != pid)
			count = add_threads(processes[i], works, ret_threads, count);
	return count == 0 && pid > 0 ? add_threads(pid, is_there, ret_threads, 0) : count;
}

/* ---- asking ---- */

/* Waits till the process says something, or ends. */
static bool hear(int fd, uint64_t until_ms)
{
	char said;

	for (;;) {
		struct pollfd waiting = { .fd = fd, .events = POLLIN };
		uint64_t now = clock_ms();

		if (now >= until_ms)
			return false;
		if (poll(&waiting, 1, (int)(until_ms - now)) <= 0)
			continue; /* interrupted, or the time is over */
		return read(fd, &said, 1) == 1;
	}
}

int last_words_take(const pid_t *threads, int count, void (*let_go)(void *data), void *data,
	struct last_words *ret_words)
{
	struct last_words *shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t parent = getpid(), child = -1;
	uint64_t begin_us = clock_us();
	int ends[2], result;

	if (shared == MAP_FAILED)
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		result = -errno;
		(void)munmap(shared, sizeof(*shared));
		return result;
	}
	child = fork();
	if (child == 0) {
		fd_close(&ends[0]);
		last_words_child(threads, count, parent, ends[1], shared);
		_exit(0);
	}
	result = child < 0 ? -errno : 0;
	fd_close(&ends[1]);
	if (child > 0)
		(void)hear(ends[0], begin_us / 1000 + READY_MS);
	let_go(data);
	if (child > 0) {
		(void)hear(ends[0], begin_us / 1000 + HOLD_MS);
		(void)kill(child, SIGKILL);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
		*ret_words = *shared;
		ret_words->asked = true;
		ret_words->at_us = begin_us;
		ret_words->held_us = clock_us() - begin_us;
	}
	fd_close(&ends[0]);
	(void)munmap(shared, sizeof(*shared));
	return result;
}
