/* SPDX-License-Identifier: MIT
 *
 * group.h - one cgroup directory that we hold open: read it, write it, empty it, remove it. The
 * descriptor stays ours from creation to removal, so that a name can never be mistaken.
 */
#ifndef MEMCAGE_CAGE_GROUP_H
#define MEMCAGE_CAGE_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/counter.h"
#include "cage/hierarchy.h"
#include "memcage/memcage.h"

struct group {
	int directory; /* -1: there is none */
	char path[GROUP_PATH_SIZE];
};

#define GROUP_NONE                                                                                 \
	{                                                                                          \
		.directory = -1                                                                    \
	}

/* Opens an existing group. Returns 0 or -errno. */
int group_open(struct group *group, const char *path);

/* Makes parent/name, exclusively, and opens it. Returns 0 or -errno. */
int group_make(struct group *group, const struct group *parent, const char *name);

void group_close(struct group *group);

static inline bool group_exists(const struct group *group)
{
	return group->directory >= 0;
}

/* The number in a file, or behind "key " in it when key is not NULL. "max" is UINT64_MAX. */
struct counter group_counter(const struct group *group, const char *file, const char *key);

/* Writes text to a file of the group. Returns 0 or -errno. */
int group_write(const struct group *group, const char *file, const char *text);

/* Writes a number ("max" for UINT64_MAX) and reads it back. Returns 0, -errno of the write, or
 * -ERANGE when something else came back than the number rounded down to a page. */
int group_set_bytes(const struct group *group, const char *file, uint64_t bytes);

/* Whether a word stands in a blank-separated file (cgroup.controllers). */
bool group_lists(const struct group *group, const char *file, const char *word);

/* How many processes are in the group and the groups below it; -errno where that cannot be read. */
int group_count_processes(const struct group *group);

/* Whether pid is among them. */
bool group_holds(const struct group *group, pid_t pid);

/* The processes of the group and the groups below it, as many as fit. Returns how many there are in
 * list, or -errno. */
int group_list_processes(const struct group *group, pid_t *list, int size);

/* Writes text to a file of the group and of each group below. Returns 0 or the first -errno. */
int group_write_all(const struct group *group, const char *file, const char *text);

/* SIGKILL to every process in the group and below: by cgroup.kill where there is one, otherwise one
 * by one (call again until empty). Returns 0 or -errno. */
int group_kill(const struct group *group);

/* Whether no process is left in the group and below. */
bool group_is_empty(const struct group *group);

/* Removes the groups below, then the group itself; it must be empty. Retries while the kernel still
 * says busy, for at most timeout_ms. Returns 0 or -errno; the handle is closed on success. */
int group_remove(struct group *group, unsigned timeout_ms);

/* Sum of a keyed counter over all groups below this one, not the group itself (v1 counts each group
 * alone). Unknown when one could not be read. */
struct counter group_sum_below(const struct group *group, const char *file, const char *key);

#endif
