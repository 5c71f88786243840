/* SPDX-License-Identifier: MIT
 *
 * own_memory_group.h - a scratch group of the tests below the memory group that we are in, on
 * cgroup v1, and nothing outside it.
 */
#ifndef MEMCAGE_TESTS_OWN_MEMORY_GROUP_H
#define MEMCAGE_TESTS_OWN_MEMORY_GROUP_H

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cage/group.h"
#include "cage/hierarchy.h"

struct scratch {
	struct hierarchies hierarchies;
	char parent[GROUP_PATH_SIZE]; /* relative to the mount point */
	char path[2 * GROUP_PATH_SIZE];
};

/* Makes it; returns NULL, or what is missing. */
static inline const char *scratch_make(struct scratch *scratch)
{
	struct memcage_failure failure;
	const struct hierarchy *memory = &scratch->hierarchies.memory;

	if (geteuid() != 0)
		return "needs root";
	if (hierarchies_find(&scratch->hierarchies, &failure) < 0 || !memory->found ||
		memory->is_v2 || !memory->own_visible || memory->read_only)
		return "needs the memory controller on cgroup v1, writable";
	(void)snprintf(scratch->parent, sizeof(scratch->parent), "%.900s/memcage-test-%d",
		memory->own, (int)getpid());
	(void)snprintf(
		scratch->path, sizeof(scratch->path), "%s%s", memory->mount, scratch->parent);
	return mkdir(scratch->path, 0755) == 0 ? NULL
					       : "cannot make a group below our own memory group";
}

static inline void scratch_remove(struct scratch *scratch)
{
	struct group group = GROUP_NONE;

	if (scratch->path[0] != '\0' && group_open(&group, scratch->path) == 0) {
		(void)group_kill(&group); /* what a failed test left */
		(void)group_remove(&group, 1000);
	}
	group_close(&group);
}

/* A process that sleeps in a group of that path until it is killed. */
static inline pid_t sleeper_start(const char *path)
{
	char tasks[3 * GROUP_PATH_SIZE + 16];
	int ready[2];
	pid_t pid;
	FILE *file;

	(void)snprintf(tasks, sizeof(tasks), "%s/cgroup.procs", path);
	if (pipe(ready) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when the test fails in the middle */
		file = fopen(tasks, "w");
		if (file == NULL || fputs("0", file) < 0 || fclose(file) != 0)
			_exit(1);
		(void)!write(ready[1], "", 1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	if (read(ready[0], tasks, 1) != 1)
		pid = -1;
	(void)close(ready[0]);
	return pid;
}

static inline void sleeper_stop(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

#endif
