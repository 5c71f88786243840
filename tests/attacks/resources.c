/* SPDX-License-Identifier: MIT
 *
 * resources.c - everything else that runs out: time, output, files.
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "attacks.h"

#define MANY_FILES 6000 /* more than a private /tmp has */
#define MANY_SIGNALS 1000
#define LARGE ((off_t)200 << 20)

/* ---- files ---- */

static int inodes(void)
{
	char directory[] = "/tmp/memcage-inodes-XXXXXX", path[64];
	int made = 0, result = 0;

	if (mkdtemp(directory) == NULL)
		return -1;
	for (; made < MANY_FILES && result >= 0; made++) {
		(void)snprintf(path, sizeof(path), "%s/%d", directory, made);
		result = mknod(path, S_IFREG | 0600, 0);
		if (result < 0 && errno == EPERM) {
			result = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
			if (result >= 0)
				(void)close(result);
		}
	}
	for (int i = 0, error = errno; i <= made; i++, errno = error) {
		(void)snprintf(path, sizeof(path), "%s/%d", directory, i);
		(void)unlink(path);
	}
	return rmdir(directory) < 0 ? -1 : result;
}

static int temporary(void)
{
	return open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static int disk(void)
{
	int fd = temporary();

	return fd < 0 ? fd : fallocate(fd, 0, 0, LARGE);
}

/* Nothing in it, and yet a reader finds a pebibyte. */
static int hole(void)
{
	int fd = temporary();

	return fd < 0 ? fd : ftruncate(fd, (off_t)1 << 42);
}

static int descriptors(void)
{
	struct rlimit limit;
	int fd = -1, count = 0;

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	while (count < 1000 && (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		count++;
	return fd;
}

static int queues(void)
{
	mqd_t queue = mq_open("/memcage-attack-full", O_RDWR | O_CREAT, 0600, NULL);

	if (queue >= 0)
		(void)mq_unlink("/memcage-attack-full");
	return queue;
}

/* The host has some thousand for all. */
static int terminals(void)
{
	int fd = -1, count = 0;

	while (count < 100 && (fd = posix_openpt(O_RDWR | O_NOCTTY)) >= 0)
		count++;
	return fd;
}

/* Both are counted for whom the cage was started by, too: too many, and root of the host has none.
 */
static int signals(void)
{
	int result = 0;
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	for (int i = 0; i < MANY_SIGNALS && result == 0; i++)
		result = sigqueue(getpid(), SIGRTMIN, (union sigval){ 0 });
	return result;
}

static int timers(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	int result = 0;
	timer_t timer;

	for (int i = 0; i < MANY_SIGNALS && result == 0; i++)
		result = timer_create(CLOCK_MONOTONIC, &event, &timer);
	return result;
}

/* A dump is written by a helper outside, as large as the process likes. */
static int dump(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	(void)getrlimit(RLIMIT_CORE, &limit);
	errno = EPERM;
	return limit.rlim_max > 0 ? 0 : -1;
}

int exhausts(const char *what)
{
	static const struct {
		const char *name;
		int (*act)(void);
	} ways[] = { { "inodes", inodes }, { "disk", disk }, { "a file of 4 TiB", hole },
		{ "descriptors", descriptors }, { "message queues", queues },
		{ "terminals", terminals }, { "signals", signals }, { "timers", timers },
		{ "a core dump", dump } };

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(ways[i].name, what) == 0)
			return tried(ways[i].act(), what);
	return not_here("no such thing");
}

/* ---- priority over others ---- */

static long lowered(void)
{
	char text[24] = "";
	long number;
	int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -1;
	text[strcspn(text, "\n")] = '\0';
	number = text[0] == '-' ? -number_of(text + 1) : number_of(text);
	(void)snprintf(text, sizeof(text), "%ld", number - 1);
	return pwrite(fd, text, strlen(text), 0);
}

int urgent(const char *how)
{
	const struct sched_param first = { .sched_priority = 1 };

	if (strcmp(how, "SCHED_FIFO") == 0)
		return tried(sched_setscheduler(0, SCHED_FIFO, &first), how);
	if (strcmp(how, "nice") == 0)
		return tried(setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) - 1), how);
	if (strcmp(how, "ioprio") == 0)
		return tried(syscall(SYS_ioprio_set, 1, 0, 1 << 13 | 0), how);
	return tried(lowered(), how);
}

/* ---- time; the cage gives one second ---- */

#define TOO_LONG 4

static void spin(clock_t until)
{
	while (clock() < until)
		;
}

static int late(void)
{
	return worked("%d seconds", TOO_LONG);
}

int takes_time(const char *how)
{
	sigset_t all;

	(void)sigfillset(&all);
	if (strcmp(how, "spin") == 0) {
		spin((clock_t)TOO_LONG * CLOCKS_PER_SEC);
		return late();
	}
	if (strcmp(how, "sleep deaf") == 0) {
		(void)sigprocmask(SIG_BLOCK, &all, NULL);
		(void)sleep(TOO_LONG);
		return late();
	}
	if (strcmp(how, "stop") == 0) { /* somebody else's clock runs on */
		pid_t self = getpid();

		if (fork() == 0) {
			(void)sleep(TOO_LONG);
			(void)kill(self, SIGCONT);
			_exit(0);
		}
		(void)raise(SIGSTOP);
		return late();
	}
	/* Each child is short, and so is what is added up of those that have ended. */
	for (time_t start = time(NULL); time(NULL) <= start + TOO_LONG;)
		if (fork() == 0) {
			spin(CLOCKS_PER_SEC / 20);
			_exit(0);
		} else {
			(void)usleep(40000);
		}
	return late();
}

/* ---- output; the cage takes 4 MiB ---- */

int floods(const char *how)
{
	static char bytes[65536];
	const size_t size = strcmp(how, "bytes") == 0 ? 16 : sizeof(bytes);
	int fd = strcmp(how, "stderr") == 0 ? STDERR_FILENO : STDOUT_FILENO;
	size_t total = 0;

	memset(bytes, '\n', sizeof(bytes));
	while (total < 8 * MIB) {
		ssize_t got = write(fd, bytes, size);

		if (got <= 0)
			return HELD;
		total += (size_t)got;
	}
	return worked("%zu MiB of output", total / MIB);
}
