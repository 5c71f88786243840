/* SPDX-License-Identifier: MIT
 *
 * guard.h - a small process outside every cage that outlives a SIGKILL of its supervisor: it holds
 * one end of a socket, and when the other end closes it empties and removes every cage that was
 * entrusted to it. One guard serves all runs of a process.
 */
#ifndef MEMCAGE_CAGE_GUARD_H
#define MEMCAGE_CAGE_GUARD_H

#include "cage/cage.h"

/* Entrusts a cage to the guard, starting the guard when there is none. Must come before a process
 * is started in the cage. Returns 0 or -errno with a failure. */
int guard_add(const struct cage *cage, struct memcage_failure *reterr_failure);

/* The cage is empty and being removed. The guard ends with the last cage. */
void guard_remove(const struct cage *cage);

#endif
