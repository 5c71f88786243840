/* SPDX-License-Identifier: MIT
 *
 * groups.c - out of the control group, or over its limit.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attacks.h"

/* The directory of our group of the memory controller. */
static bool own_group(char *path, size_t size)
{
	char line[512];
	bool found = false;
	FILE *file = fopen("/proc/self/cgroup", "re");

	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL) {
		char *controllers = strchr(line, ':'), *group;

		if (controllers == NULL || (group = strchr(++controllers, ':')) == NULL)
			continue;
		*group++ = '\0';
		group[strcspn(group, "\n")] = '\0';
		if (strcmp(controllers, "memory") == 0 ||
			(controllers[0] == '\0' && access("/sys/fs/cgroup/memory", F_OK) < 0)) {
			(void)snprintf(path, size, "/sys/fs/cgroup%s%s",
				controllers[0] != '\0' ? "/memory" : "", group);
			found = true;
		}
	}
	if (file != NULL)
		(void)fclose(file);
	return found;
}

/* name: one name on v2, behind a blank another on v1; with ".." the parent's. Opening is enough. */
int group_file(const char *name)
{
	char group[512], path[600], first[64], second[64];
	int fd;

	if (!own_group(group, sizeof(group)))
		return not_here("no memory group");
	if (sscanf(name, "%63s %63s", first, second) != 2)
		return not_here("no name");
	if (first[0] == '/') /* of the hierarchy */
		(void)snprintf(group, sizeof(group), "/sys/fs/cgroup%s",
			access("/sys/fs/cgroup/memory", F_OK) == 0 ? "/memory" : "");
	(void)snprintf(path, sizeof(path), "%s/%s", group, first);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		(void)snprintf(path, sizeof(path), "%s/%s", group, second);
		fd = open(path, O_WRONLY | O_CLOEXEC);
	}
	return tried(fd, "open its file for writing");
}

int group_child(const char *argument)
{
	char path[600];
	int result;

	(void)argument;
	if (!own_group(path, sizeof(path) - 32))
		return not_here("no memory group");
	(void)snprintf(path + strlen(path), 32, "/memcage-attack");
	result = mkdir(path, 0755);
	if (result == 0)
		(void)rmdir(path);
	return tried(result, "mkdir of a group");
}

int group_mount(const char *type)
{
	char directory[] = "/tmp/memcage-mount-XXXXXX";
	int result;

	if (mkdtemp(directory) == NULL)
		return not_here("no directory");
	result = mount("none", directory, type, 0, strcmp(type, "cgroup") == 0 ? "memory" : NULL);
	if (result == 0)
		(void)umount2(directory, MNT_DETACH);
	(void)rmdir(directory);
	return tried(result, "mount of the hierarchy");
}

/* clone3() into a group by a descriptor: v2 only. */
int group_clone_into(const char *argument)
{
	char path[512] = "/sys/fs/cgroup/unified";
	struct clone_args arguments = { .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD };
	long pid;
	int fd;

	(void)argument;
	if (access(path, F_OK) < 0)
		(void)snprintf(path, sizeof(path), "/sys/fs/cgroup");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return tried(-1, "open the root of groups");
	arguments.cgroup = (uint64_t)fd;
	pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (pid == 0)
		_exit(0);
	return tried(pid, "clone3 into the root group");
}
