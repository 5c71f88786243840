/* SPDX-License-Identifier: MIT
 *
 * floor PARENT RUNS JOBS COMMAND [ARG...] - the least that a caged run can cost: a group is made
 * below PARENT (a memory cgroup, v1 or v2), gets a limit of 64 MiB, the command is started inside,
 * waited for, and the group removed. Nothing is watched, read or judged. JOBS run at a time. Prints
 * the runs per second.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

#define JOBS_MAX 1024
#define LIMIT "67108864"

struct slot {
	pid_t pid; /* 0: free */
	char path[4096];
};

static struct slot slots[JOBS_MAX];

static void write_file(int directory, const char *name, const char *text)
{
	int fd = openat(directory, name, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", name);
	(void)close(fd);
}

/* On v2 the child is born in the group; v1 has no such call, and it moves itself. */
static pid_t start_in(int directory, bool is_v2, char **argv)
{
	struct clone_args clone = { .exit_signal = SIGCHLD };
	pid_t pid;

	if (is_v2) {
		clone.flags = CLONE_INTO_CGROUP;
		clone.cgroup = (uint64_t)directory;
	}
	pid = (pid_t)syscall(SYS_clone3, &clone, sizeof(clone));
	if (pid != 0)
		return pid;
	if (!is_v2)
		write_file(directory, "cgroup.procs", "0");
	(void)execv(argv[0], argv);
	_exit(127);
}

static void start(struct slot *slot, const char *parent, unsigned number, bool is_v2, char **argv)
{
	int directory;

	(void)snprintf(
		slot->path, sizeof(slot->path), "%s/floor-%d-%u", parent, (int)getpid(), number);
	if (mkdir(slot->path, 0755) < 0)
		err(1, "mkdir %s", slot->path);
	directory = open(slot->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		err(1, "%s", slot->path);
	write_file(directory, is_v2 ? "memory.max" : "memory.limit_in_bytes", LIMIT);
	slot->pid = start_in(directory, is_v2, argv);
	if (slot->pid < 0)
		err(1, "clone3");
	(void)close(directory);
}

static void finish_one(unsigned jobs)
{
	int status;
	pid_t pid = waitpid(-1, &status, 0);

	if (pid < 0 || status != 0)
		errx(1, "a command failed (%d)", status);
	for (unsigned i = 0; i < jobs; i++) {
		if (slots[i].pid != pid)
			continue;
		slots[i].pid = 0;
		if (rmdir(slots[i].path) < 0)
			err(1, "rmdir %s", slots[i].path);
	}
}

static unsigned number(const char *text)
{
	uint64_t value;

	return parse_number(text, &value) == 0 && value <= UINT32_MAX ? (unsigned)value : 0;
}

int main(int argc, char **argv)
{
	unsigned runs = argc > 4 ? number(argv[2]) : 0;
	unsigned jobs = argc > 4 ? number(argv[3]) : 0, living = 0;
	struct timespec begin, end;
	char probe[4096];
	double seconds;
	bool is_v2;

	if (runs == 0 || jobs == 0 || jobs > JOBS_MAX)
		errx(2, "usage: floor PARENT RUNS JOBS COMMAND [ARG...]");
	(void)snprintf(probe, sizeof(probe), "%s/memory.limit_in_bytes", argv[1]);
	is_v2 = access(probe, F_OK) < 0;
	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	for (unsigned started = 0; started < runs || living > 0;) {
		unsigned free_slot = 0;

		if (started == runs || living == jobs) {
			finish_one(jobs);
			living--;
			continue;
		}
		while (slots[free_slot].pid != 0)
			free_slot++;
		start(&slots[free_slot], argv[1], started++, is_v2, argv + 4);
		living++;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	(void)printf("%.1f\n", runs / seconds);
	return 0;
}
