/* SPDX-License-Identifier: MIT
 *
 * guard.h - a small process outside every cage that outlives a SIGKILL of its supervisor: it holds
 * one end of a socket, and when the other end closes it empties and removes every cage that was
 * entrusted to it. One guard serves all runs of a process.
 */
#ifndef MEMCAGE_CAGE_GUARD_H
#define MEMCAGE_CAGE_GUARD_H

#include "cage/cage.h"

/* Starts the guard when there is none, and keeps it until it is let go as often. It gets ready by
 * itself while its caller goes on; on v2 that comes after the place for the cage was found. Returns
 * 0 or -errno with a failure. guard_let_go() does not wait for its end. */
int guard_hold(struct memcage_failure *reterr_failure);
void guard_let_go(void);

/* Waits for the end of a guard that nobody needs any more. */
void guard_reap(void);

/* Entrusts a cage to the guard, starting the guard when there is none. Must come before a process
 * is started in the cage. Returns 0 or -errno with a failure. */
int guard_add(const struct cage *cage, struct memcage_failure *reterr_failure);

/* The cage is empty and being removed. The guard ends with the last cage, unless it is
 * held. */
void guard_remove(const struct cage *cage);

#endif
