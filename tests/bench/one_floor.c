/* SPDX-License-Identifier: MIT
 *
 * one_floor.c - one_floor [--namespaces] V2_PARENT|- V1_PARENT|- COMMAND...: the least that a
 * memory cage can cost. One group below each parent that is given, its limit of 64 MiB, a child
 * that starts inside (cloned into the v2 group; on v1 by joining itself), exec, wait, rmdir. No
 * counters, no guard, no verdict. With --namespaces the child has all of them. Exits as the command
 * did; 125 when it could not be had.
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT "67108864"
#define NAMESPACES                                                                                 \
	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

static void put(int directory, const char *file, const char *text)
{
	int fd = openat(directory, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(125);
	(void)close(fd);
}

/* Makes a group and gives its directory; -1 when there is to be none. */
static int make(const char *parent, char *path, size_t size)
{
	int directory;

	if (strcmp(parent, "-") == 0)
		return -1;
	(void)snprintf(path, size, "%s/floor-%d", parent, (int)getpid());
	if (mkdir(path, 0755) < 0 ||
		(directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) {
		perror(path);
		_exit(125);
	}
	return directory;
}

int main(int argc, char **argv)
{
	int namespaces = argc > 1 && strcmp(argv[1], "--namespaces") == 0, status = 0, v2, v1;
	struct clone_args arguments = { .exit_signal = SIGCHLD };
	char v2_path[4096], v1_path[4096];
	pid_t child;

	argv += 1 + namespaces;
	if (argc < 4 + namespaces)
		return 125;
	v2 = make(argv[0], v2_path, sizeof(v2_path));
	v1 = make(argv[1], v1_path, sizeof(v1_path));
	if (v1 >= 0)
		put(v1, "memory.limit_in_bytes", LIMIT);
	else if (v2 >= 0)
		put(v2, "memory.max", LIMIT);
	arguments.flags = (v2 >= 0 ? CLONE_INTO_CGROUP : 0) | (namespaces ? NAMESPACES : 0);
	arguments.cgroup = v2 >= 0 ? (uint64_t)v2 : 0;
	child = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (child == 0) {
		if (v1 >= 0)
			put(v1, "tasks", "0");
		(void)execv(argv[2], argv + 2);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		status = 125 << 8;
	if ((v1 >= 0 && rmdir(v1_path) < 0) || (v2 >= 0 && rmdir(v2_path) < 0))
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
