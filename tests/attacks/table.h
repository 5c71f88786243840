/* SPDX-License-Identifier: MIT
 *
 * table.h - all attacks, by the rows of a checklist of 25 things that a cage has to hold. No two
 * have the same mechanism.
 *
 * Flags, besides none (the attack says itself what came of it):
 *
 *     S     worked, if a process of it is there after the run
 *     L     worked, if --look finds something afterwards
 *     FN    a forgery: without memcage it worked if the exit status is N (128 + signal); under
 *           memcage it is held if the verdict is one of those named, or indeterminate
 *     N     nothing of it may be started: worked, if it was
 *     P     at "ready" the driver stops the supervisor for a while
 *     K     at "ready" the driver kills the supervisor
 *     D     may do harm without a cage: there only in a machine that may be spoiled
 */
#ifndef MEMCAGE_ATTACKS_TABLE_H
#define MEMCAGE_ATTACKS_TABLE_H

#include "attacks.h"

#define MEMORY "oom_kill/own_limit alloc_failure/*"

extern const struct attack memory_attacks[], reach_attacks[], calls_attacks[], evidence_attacks[];
extern const size_t memory_attack_count, reach_attack_count, calls_attack_count,
	evidence_attack_count;

#endif
