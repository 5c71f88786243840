/* SPDX-License-Identifier: MIT
 *
 * keeper.h - the process that stands between us and the workload where no cgroup holds the tree
 * together (rlimit backend). As a child subreaper it inherits every descendant that loses its
 * parent, so that it can find and kill the whole tree: when the main process has ended, when it is
 * told to, and when its supervisor is gone, however that died.
 */
#ifndef MEMCAGE_CAGE_KEEPER_H
#define MEMCAGE_CAGE_KEEPER_H

#include "cage/child.h"

/* What the supervisor writes to the keeper's control pipe, one byte each. Its end is "kill". */
#define KEEPER_TERMINATE 'T' /* SIGTERM to the main process */
#define KEEPER_KILL 'K'      /* SIGKILL to everything */

struct keeper_plan {
	struct child_plan child;
	int control; /* read end; >= 3 */
	bool wait_tree;
};

/* In the process that spawn() made: starts the main process, reports {STEP_MAIN_STARTED, pid},
 * {STEP_MAIN_EXECUTED, 0 or 1} and {STEP_MAIN_ENDED, wait status} on the record pipe, and ends when
 * no descendant is left. */
_Noreturn void keeper_become(struct keeper_plan *plan);

#endif
