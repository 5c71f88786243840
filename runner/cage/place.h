/* SPDX-License-Identifier: MIT
 *
 * place.h - where the cage goes: below the nearest group-or-ancestor of ours that has the memory
 * controller, never beside it (that would escape a limit that somebody set for us). Where that is
 * not possible: the cause and the remedy for this host, in one line.
 */
#ifndef MEMCAGE_CAGE_PLACE_H
#define MEMCAGE_CAGE_PLACE_H

#include "cage/group.h"
#include "cage/hierarchy.h"

/* The groups below which memcage makes its own; paths relative to each mount point ("" its root).
 */
struct place {
	const struct hierarchy *memory;
	char memory_parent[GROUP_PATH_SIZE];
	const struct hierarchy *twin; /* v1 only: a v2 tree for clone-into, cgroup.kill; or NULL */
	char twin_parent[GROUP_PATH_SIZE];
	const struct hierarchy *pids; /* v1 only; or NULL */
	char pids_parent[GROUP_PATH_SIZE];
	bool pids_on_v2;          /* the pids controller is to be had below memory_parent */
	bool moved_to_supervisor; /* v2: we stepped aside into memory_parent/supervisor */
};

/* Finds the place and prepares it: on v2 the memory controller is enabled for its children. Returns
 * 0, or -errno with cause and remedy. parent is NULL or what --parent said; wanted limits the
 * backend. */
int place_find(const struct hierarchies *hierarchies, enum memcage_backend wanted,
	const char *parent, struct place *ret_place, struct memcage_failure *reterr_failure);

/* Undoes moved_to_supervisor where that is possible. */
void place_leave(const struct place *place);

/* The absolute path of a group of a hierarchy. */
void place_path(const struct hierarchy *hierarchy, const char *group, char *path, size_t size);

/* What to do about an errno from making or writing a group at path, as one sentence for this host.
 * Never empty. */
void place_remedy(const struct hierarchy *hierarchy, int error_number, char *text, size_t size);

#endif
