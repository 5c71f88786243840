/* SPDX-License-Identifier: MIT
 *
 * ancestors.h - the groups above the cage: their limits, and whether one of them acted.
 */
#ifndef MEMCAGE_CAGE_ANCESTORS_H
#define MEMCAGE_CAGE_ANCESTORS_H

#include "base/counter.h"
#include "cage/group.h"
#include "cage/hierarchy.h"

#define ANCESTORS_MAX 24
#define ANCESTOR_PATH_SIZE 512

/* One group above, nearest first; path as /proc/PID/cgroup names it ("/" the root). */
struct ancestor {
	const char *path;           /* in paths of the list */
	bool is_root;               /* of the whole tree: it can have no limit */
	struct counter limit_bytes; /* UINT64_MAX: none */
	struct counter ooms;        /* v2: memory.events.local oom */
	struct counter peak_bytes;  /* v1: max_usage, where there is a limit */
	struct counter oomd_kills;  /* systemd-oomd's extended attribute */
};

struct ancestors {
	int count;
	bool all_visible; /* up to the real root, none cut off */
	size_t paths_size;
	struct ancestor groups[ANCESTORS_MAX];
	char paths[ANCESTORS_MAX * ANCESTOR_PATH_SIZE]; /* side by side, each ended by a NUL */
};

/* Reads the groups above `leaf` (relative to the mount point) up to the mount's root. */
void ancestors_read(
	const struct hierarchies *hierarchies, const char *leaf, struct ancestors *ret_ancestors);

/* A copy to look at, which takes no more memory than it needs; to free(). NULL: no memory. */
const struct ancestors *ancestors_keep(const struct ancestors *ancestors);

/* The same groups after the run: what rises when one of them acts. Limits and
 * paths are those of before, and borrowed. */
void ancestors_read_again(const struct hierarchies *hierarchies, const char *leaf,
	const struct ancestors *before, struct ancestors *ret_ancestors);

/* systemd-oomd counts its kills in an extended attribute of the group. 0 where there is none. */
struct counter oomd_kills_of(const char *path);

#endif
