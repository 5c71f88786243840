/* SPDX-License-Identifier: MIT
 *
 * porter.h - the short-lived process that carries the command into its namespaces. The supervisor
 * cannot enter them without leaving its own, and as an ordinary user not at all; so it starts a
 * porter, which
 *
 *     opens the mounts' sources with our caller's rights
 *     makes the namespaces; the supervisor meanwhile writes the id maps of the user namespace
 *     starts the init (init.h), which makes the mounts and stays as process 1
 *     starts the command's process, straight into the cage's group
 *
 * and ends. Both are started as its brothers (CLONE_PARENT): the supervisor waits for them as for
 * any child of its own, and the command's end, usage and "exec was through" are seen as ever. The
 * porter keeps the user id that it came with, which the namespace does not know: the kernel asks
 * for it where a process is started in a group. The command's process changes it before exec.
 */
#ifndef MEMCAGE_CAGE_PORTER_H
#define MEMCAGE_CAGE_PORTER_H

#include "cage/confine.h"

struct porter_plan {
	struct child_plan child;
	struct confinement confinement; /* child.confinement points here */
	struct mount_plan mounts;
	int cgroup;   /* v2 directory to start the command in; -1: none */
	int news;     /* write end; records of porter and init, from STEP_NAMESPACES on */
	int lifeline; /* read end: one byte when the maps are written; its end is the end of all */
	int lifeline_of_supervisor; /* its write end, to be closed: nobody else may hold it */
	int supervisor;             /* pidfd of the supervisor: its end is that, too */
	char root_user[16], root_group[16]; /* who owns the root, as numbers inside */
};

/* In the process that the supervisor cloned; plan is a copy of its own. Reports each failure as a
 * record on news, and what it started: {STEP_INIT_STARTED, pid}, {STEP_MAIN_STARTED, pid}, pids as
 * the supervisor sees them. */
_Noreturn void porter_become(struct porter_plan *plan);

/* Tells step and errno on news, and ends. */
_Noreturn void porter_fail(const struct porter_plan *plan, enum child_step step, int detail);

#endif
