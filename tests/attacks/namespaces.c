/* SPDX-License-Identifier: MIT
 *
 * namespaces.c - new namespaces, others' namespaces, other mounts.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attacks.h"

/* <sys/mount.h> and <linux/mount.h> do not go together. */
int mount(const char *, const char *, const char *, unsigned long, const void *);
int umount2(const char *, int);
#define DETACH 2
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static const struct {
	const char *name;
	int flag;
} kinds[] = {
	{ "user", CLONE_NEWUSER },
	{ "mount", CLONE_NEWNS },
	{ "pid", CLONE_NEWPID },
	{ "network", CLONE_NEWNET },
	{ "ipc", CLONE_NEWIPC },
	{ "uts", CLONE_NEWUTS },
	{ "cgroup", CLONE_NEWCGROUP },
	{ "time", CLONE_NEWTIME },
};

static int flag_of(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return kinds[i].flag;
	return 0;
}

int unshares(const char *name)
{
	return tried(unshare(flag_of(name)), "unshare");
}

int clones(const char *name)
{
	struct clone_args arguments = { .flags = (uint64_t)flag_of(name), .exit_signal = SIGCHLD };
	long pid = strcmp(name, "user") == 0
			   ? syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)
			   : syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid == 0)
		_exit(0);
	return tried(pid, "clone");
}

int joins(const char *how)
{
	char path[64];
	int fd;

	if (strcmp(how, "pidfd") == 0) {
		fd = (int)syscall(SYS_pidfd_open, (pid_t)bait_number("pid"), 0);
		return tried(fd < 0 ? fd : setns(fd, CLONE_NEWNET), "setns of a process");
	}
	(void)snprintf(path, sizeof(path), "/proc/%ld/ns/%s", bait_number("pid"), how);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return tried(fd, "open a namespace of the host's");
	/* Into a mount namespace one goes alone: without the other tasks' file system state. */
	return tried(unshare(CLONE_FS) < 0 ? -1 : setns(fd, 0), "setns");
}

/* ---- mounts ---- */

static char directory[] = "/tmp/memcage-mount-XXXXXX";

static long plain(void)
{
	return mount("none", directory, "tmpfs", 0, NULL);
}

static long bound(void)
{
	return mount("/usr", directory, NULL, 4096, NULL); /* MS_BIND */
}

static long second_proc(void)
{
	return mount("proc", directory, "proc", 0, NULL);
}

static long by_context(void)
{
	long fd = syscall(SYS_fsopen, "tmpfs", 0);

	if (fd < 0 || syscall(SYS_fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return syscall(SYS_fsmount, fd, 0, 0);
}

static long tree(void)
{
	return syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

static long moved(void)
{
	long fd = by_context();

	return fd < 0 ? fd
		      : syscall(SYS_move_mount, fd, "", AT_FDCWD, directory,
				MOVE_MOUNT_F_EMPTY_PATH);
}

static long attributes(void)
{
	struct mount_attr attribute = { 0 };

	return syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attribute, sizeof(attribute));
}

/* To what a mount covers: of ours outside, of the cage's /proc inside. */
static long uncovered(void)
{
	if (mount("none", directory, "tmpfs", 0, NULL) == 0)
		return umount2(directory, DETACH);
	return umount2("/proc/sys", DETACH);
}

/* A root of one's own, in a mount namespace of one's own where that is allowed. */
static long pivoted(void)
{
	(void)unshare(CLONE_NEWNS);
	(void)mount(NULL, "/", NULL, 1 << 18 | 1 << 14, NULL); /* MS_PRIVATE | MS_REC */
	if (mount("none", directory, "tmpfs", 0, NULL) < 0)
		return -1;
	(void)chdir(directory);
	return syscall(SYS_pivot_root, ".", ".");
}

static long layered(void)
{
	char options[200];

	(void)snprintf(options, sizeof(options), "lowerdir=/usr:%s", directory);
	return mount("overlay", directory, "overlay", 0, options);
}

int mounts(const char *how)
{
	static const struct {
		const char *name;
		long (*act)(void);
	} ways[] = { { "tmpfs", plain }, { "bind", bound }, { "proc", second_proc },
		{ "fsopen and fsmount", by_context }, { "open_tree", tree },
		{ "move_mount", moved }, { "mount_setattr", attributes }, { "umount2", uncovered },
		{ "pivot_root", pivoted }, { "overlay", layered } };
	int answer = 0;

	if (mkdtemp(directory) == NULL)
		return not_here("no directory");
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(ways[i].name, how) == 0)
			answer = tried(ways[i].act(), how);
	while (umount2(directory, DETACH) == 0)
		;
	(void)rmdir(directory);
	return answer;
}
