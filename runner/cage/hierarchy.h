/* SPDX-License-Identifier: MIT
 *
 * hierarchy.h - which cgroup hierarchies this host shows us, and where in them we are. Found by
 * looking, never by kernel version.
 */
#ifndef MEMCAGE_CAGE_HIERARCHY_H
#define MEMCAGE_CAGE_HIERARCHY_H

#include <stdbool.h>
#include <stddef.h>

#include "memcage/memcage.h"

#define GROUP_PATH_SIZE 1024

/* One mounted hierarchy. */
struct hierarchy {
	bool found;
	bool is_v2;
	bool read_only;
	const char *controller;      /* "memory", "pids"; "" for the bare v2 tree */
	char mount[GROUP_PATH_SIZE]; /* mount point */
	char root[GROUP_PATH_SIZE]; /* the group that the mount point shows: "/" unless bind-mounted
				     */
	char own[GROUP_PATH_SIZE];  /* our group, relative to the mount point: "" or "/a/b" */
	bool own_visible;           /* false: our group lies outside what the mount shows */
};

struct hierarchies {
	struct hierarchy memory;  /* where the memory controller is, v1 or v2 */
	struct hierarchy pids;    /* v1 only: on v2 it is a file of the memory group */
	struct hierarchy unified; /* any cgroup2 mount */
	bool namespaced;          /* we are in a cgroup namespace: groups above are hidden */
};

/* Look at this host. Returns 0 also when nothing is found (then memory.found is false), or -errno
 * with a failure when even looking is impossible (no /proc). */
int hierarchies_find(struct hierarchies *ret_hierarchies, struct memcage_failure *reterr_failure);

/* "v2", "v1", "hybrid" or "none". */
const char *hierarchies_mode(const struct hierarchies *hierarchies);

/* Where a path of one hierarchy lies in /proc/self/cgroup's text. controller "" asks for v2. Pure;
 * false where it is not listed. */
bool own_group_parse(const char *proc_self_cgroup, const char *controller, char *path, size_t size);

/* What /proc/self/mountinfo says of a mount point (the last mount there wins). Pure. */
struct mount_facts {
	bool is_v2;
	bool read_only;
	char root[GROUP_PATH_SIZE];
	char mount[GROUP_PATH_SIZE];
	const char *options; /* of the file system, "rw,memory"; within the text, not terminated */
	size_t options_length;
};
bool mountinfo_parse(const char *mountinfo, const char *mount_point, struct mount_facts *ret_facts);

/* The first cgroup2 mount ("") or v1 mount of a controller, preferring one that shows the
 * hierarchy's root. Pure. */
bool mountinfo_find(const char *mountinfo, const char *controller, struct mount_facts *ret_facts);

#endif
