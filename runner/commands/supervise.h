/* SPDX-License-Identifier: MIT
 *
 * supervise.h - runs from the program's side: their signals, what many of them have in common, the
 * progress line of a single one until it has ended.
 */
#ifndef MEMCAGE_COMMANDS_SUPERVISE_H
#define MEMCAGE_COMMANDS_SUPERVISE_H

#include <signal.h>

#include "memcage/memcage.h"

/* Blocks the signals that end or interrupt us and returns a descriptor to read them from; *ret_mask
 * is the mask from before, for the command. -errno on failure. */
int supervise_signals(sigset_t *ret_mask);

/* Before many runs: what they have in common, for memcage_shared_free(). mask is the one from
 * before supervise_signals(). Where our group cannot be divided systemd is asked, with argv, and
 * that does not come back. NULL when it cannot be had, and that was said. */
struct memcage_shared *supervise_shared(const struct memcage_spec *spec, uint64_t memory_max_bytes,
	const sigset_t *mask, char **argv);

/* What a command of many runs does: work() with the descriptor of the signals, and with all that
 * its runs of spec have in common. Returns its exit status, or that of an error that was said. */
int supervise_many(
	struct memcage_spec *spec, char **argv, int (*work)(void *data, int signals), void *data);

/* For --at-limit fail. A squeeze races with the workload: a late look is a kill instead of a
 * refusal. It works for some microseconds at a time, so we may go before everybody else. Not
 * permitted to everybody, and then the race is a little less even. */
void supervise_first(void);

/* Drives the run to its end. */
void supervise(struct memcage_run *run, int signals, bool progress);

#endif
