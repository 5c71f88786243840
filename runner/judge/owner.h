/* SPDX-License-Identifier: MIT
 *
 * owner.h - whose limit an OOM kill enforced.
 */
#ifndef MEMCAGE_JUDGE_OWNER_H
#define MEMCAGE_JUDGE_OWNER_H

#include "judge/verdict.h"

/* For a run in which kills processes of the cage were killed by the kernel: concludes an oom_kill
 * with its owner, confidence and reasons and returns true; or concludes indeterminate and returns
 * false where the evidence does not tell. The victim is left alone. */
bool judge_owner(const struct evidence *evidence, uint64_t kills, struct judgement *judgement);

#endif
