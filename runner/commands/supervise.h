/* SPDX-License-Identifier: MIT
 *
 * supervise.h - one run from the program's side: its signals, its progress line, until it has
 * ended.
 */
#ifndef MEMCAGE_COMMANDS_SUPERVISE_H
#define MEMCAGE_COMMANDS_SUPERVISE_H

#include <signal.h>

#include "memcage/memcage.h"

/* Blocks the signals that end or interrupt us and returns a descriptor to read them from; *ret_mask
 * is the mask from before, for the command. -errno on failure. */
int supervise_signals(sigset_t *ret_mask);

/* For --at-limit fail. A squeeze races with the workload: a late look is a kill instead of a
 * refusal. It works for some microseconds at a time, so we may go before everybody else. Not
 * permitted to everybody, and then the race is a little less even. */
void supervise_first(void);

/* Drives the run to its end. */
void supervise(struct memcage_run *run, int signals, bool progress);

#endif
