/* SPDX-License-Identifier: MIT
 *
 * libcgroup.h - the only door to libcgroup: the life of a parent group that several runs share.
 * Its error codes do not pass this door, and its traps are stepped around here:
 *
 *   - it reuses a group that exists without saying so      -> we look first, names are unguessable
 *   - on v2 an ordinary user cannot create with 2.0.2      -> mkdir(2) instead
 *   - deleting a populated group moves the tasks to the    -> only ever EMPTY_ONLY, and then
 *     parent, or reports success and leaves it                we look whether it is gone
 *   - names are not checked ("../" walks up)               -> we allow [A-Za-z0-9_.-] only
 *   - a failed create can leave the group behind           -> we remove it
 *   - it makes the missing groups above one, too           -> we look first
 *   - it is not usable between fork and exec               -> nothing here is called there
 */
#ifndef MEMCAGE_CAGE_LIBCGROUP_H
#define MEMCAGE_CAGE_LIBCGROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "memcage/memcage.h"

/* Creates the group `name` below `parent` (a path relative to the controller's mount point, "" for
 * the root of the mount). Returns 0, -EEXIST, -EINVAL for a bad name, or -errno of what the kernel
 * said. is_v2 and the caller's identity choose between libcgroup and mkdir. */
int registry_create(const char *controller, const char *mount_point, const char *parent,
	const char *name, bool is_v2);

/* Removes an empty group and verifies that it is gone. Returns 0 (also when it was gone before),
 * -EBUSY when it holds processes or groups, or -errno. */
int registry_remove(
	const char *controller, const char *mount_point, const char *parent, const char *name);

#endif
