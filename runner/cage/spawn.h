/* SPDX-License-Identifier: MIT
 *
 * spawn.h - start the child straight inside the cage, and learn how far it got.
 */
#ifndef MEMCAGE_CAGE_SPAWN_H
#define MEMCAGE_CAGE_SPAWN_H

#include "cage/cage.h"
#include "cage/child.h"

struct spawned {
	pid_t pid;
	int pidfd;
	int records; /* non-blocking read end; EOF when exec is through or the child is dead */
	int control; /* to the keeper, when pid is one (keeper.h); else -1 */
	/* Of an isolated run, else -1: its first process, and what that lives by (init.h). */
	int init_pidfd, lifeline;
	pid_t init_pid;
	bool own_session;      /* a terminal's keys do not reach it */
	bool raises_oom_score; /* ours is negative, and it shall not inherit that */
};

#define SPAWNED_NONE                                                                               \
	{                                                                                          \
		.pidfd = -1, .records = -1, .control = -1, .init_pidfd = -1, .lifeline = -1        \
	}

/* Starts argv of spec inside the cage with the given standard descriptors (-1: the caller's own).
 * Returns 0 or -errno with a failure. The caller owns what spawned holds. */
int spawn(const struct memcage_spec *spec, struct cage *cage, const int stdio[3],
	bool own_process_group, struct spawned *ret_spawned,
	struct memcage_failure *reterr_failure);

/* The file that executing argv[0] of spec would most likely run: found as exec would, but by
 * looking only. Returns 0 or -ENOENT. */
int executable_find(const struct memcage_spec *spec, char *path, size_t size);

/* The paths to execute for a command's name, tried in order: of a name without a slash what PATH of
 * envp makes of it. NULL-terminated, one block, to free(). NULL: no memory. */
const char **executable_candidates(const char *name, const char *const *envp);

void spawned_close(struct spawned *spawned);

/* Kills the first process of an isolated run's pid namespace, and with it every other one there. */
void spawned_kill_namespace(const struct spawned *spawned);

/* Whether the (dead or living) child got through exec: the kernel's own flag. Call before it is
 * reaped. Unknown (false, -errno) where /proc does not say. */
int exec_is_through(pid_t pid, bool *ret_through);

/* Our own oom_score_adj, which a child inherits; 0 where it cannot be read. */
int oom_score_adj_of(pid_t pid);

#endif
