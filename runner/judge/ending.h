/* SPDX-License-Identifier: MIT
 *
 * ending.h - runs that ended by themselves, with nobody killed: well or badly, and whether a
 * refused allocation had a part in it.
 */
#ifndef MEMCAGE_JUDGE_ENDING_H
#define MEMCAGE_JUDGE_ENDING_H

#include "judge/verdict.h"

/* Exit status 0. */
void judge_good_end(const struct evidence *evidence, struct judgement *judgement);

/* Another exit status, or a signal other than SIGKILL. */
void judge_bad_end(const struct evidence *evidence, struct judgement *judgement);

#endif
