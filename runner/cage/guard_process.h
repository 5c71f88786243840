/* SPDX-License-Identifier: MIT
 *
 * guard_process.h - the guard's own side of guard.h: a process that remembers the cages it was told
 * of, and removes them with all that runs in them when nobody holds the other end of its socket.
 */
#ifndef MEMCAGE_CAGE_GUARD_PROCESS_H
#define MEMCAGE_CAGE_GUARD_PROCESS_H

#include "cage/cage.h"

#define GUARD_TREES 3 /* memory, twin, pids */

/* What the guard is told: paths of a leaf in each tree ("" none). */
struct guard_message {
	bool add;
	bool has_home; /* the home is the path above the leaf; else nothing of ours is there */
	char leaf[GUARD_TREES][GROUP_PATH_SIZE];
	char litter[LITTER_SIZE];    /* as in the cage */
	char tracing[OWN_NAME_SIZE]; /* a tracing instance to remove; "" none */
};

/* Never returns; in the child of fork(), with all signals blocked. */
_Noreturn void guard_become(int socket_fd);

#endif
