/* SPDX-License-Identifier: MIT
 *
 * home.h - memcage's own group, "memcage-PID-RANDOM", where this process makes cages. Several runs
 * that belong together share one, have their leaves below it, and it is removed with the last of
 * them. A run by itself has no need of two groups, one in the other, in three trees: there the home
 * is the leaf. While it lives we hold a lock on its directory in each tree, so that anybody can
 * tell a home in use from one that a crash left behind, in whatever pid namespace its owner lived.
 */
#ifndef MEMCAGE_CAGE_HOME_H
#define MEMCAGE_CAGE_HOME_H

#include "base/ownership.h"
#include "cage/place.h"

struct home {
	struct hierarchies hierarchies; /* place points into this */
	struct place place;
	char name[OWN_NAME_SIZE];
	bool is_leaf;        /* of one run, who takes the three groups over */
	struct group memory; /* the descriptors of the three hold the locks */
	struct group twin;   /* v1 with a v2 tree; else none */
	struct group pids;   /* v1 with a pids hierarchy; else none */
	pid_t owner;         /* a forked copy of us makes a home of its own */
	unsigned references;
	unsigned leaves; /* numbers for leaf names */
	enum memcage_backend wanted;
	char parent[GROUP_PATH_SIZE]; /* as asked for */
	struct home *next;
};

/* A home for what is asked for: one that this process shares, or a new one: to be shared, or
 * for_one_run, which is its leaf then. -errno with cause and remedy. Release each acquired home
 * once. */
int home_acquire(enum memcage_backend wanted, const char *parent, bool for_one_run,
	struct home **ret_home, struct memcage_failure *reterr_failure);
void home_release(struct home *home);

/* Removes the homes that crashed runs left where this process would make its own, with what still
 * runs in them. Returns how many were removed. */
int home_clean(struct memcage_failure *reterr_failure);

/* How many there are to remove, for doctor; touches nothing. */
int home_count_abandoned(const struct place *place);

#endif
