/* SPDX-License-Identifier: MIT
 *
 * own_group.h - the memory cgroup that a workload finds itself in: for programs that meddle with
 * their own cage, as container tools inside it would.
 */
#ifndef MEMCAGE_TESTS_OWN_GROUP_H
#define MEMCAGE_TESTS_OWN_GROUP_H

#include <stdbool.h>

struct own_group {
	int directory; /* open for as long as the program lives */
	bool is_v2;
};

/* Exits 2 where the group cannot be found. */
struct own_group own_group(void);

/* Writes text into a file of the group ("memory.max", "inner/cgroup.procs"); exits 2 where the
 * kernel refuses. */
void group_write(struct own_group group, const char *file, const char *text);

#endif
