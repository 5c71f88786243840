/* SPDX-License-Identifier: MIT
 *
 * oom.h - kills by the kernel's OOM killer: how many, before or after what we did, and of whom.
 */
#ifndef MEMCAGE_JUDGE_OOM_H
#define MEMCAGE_JUDGE_OOM_H

#include "judge/verdict.h"

/* Kills in the cage. Events, not processes: with oom_group the kernel counts one victim twice. On
 * the rlimit backend nothing counts them: unknown. */
struct counter oom_kills_of(const struct evidence *evidence);

/* The kills and what we did ourselves (evidence->act), in time. */
enum kill_order {
	ORDER_KILL_FIRST, /* or we did nothing */
	ORDER_ACT_FIRST,
	ORDER_UNKNOWN,
};

enum kill_order kill_order(const struct evidence *evidence);

/* For kills > 0. Before exec, a kill at the cage's own limit is not_started/limit_too_small. */
void judge_oom_kill(const struct evidence *evidence, uint64_t kills, struct judgement *judgement);

#endif
