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

/* Drives the run to its end. */
void supervise(struct memcage_run *run, int signals, bool progress);

#endif
