/* SPDX-License-Identifier: MIT
 *
 * runtime.h - what failures inside language runtimes mean for the end of a run.
 */
#ifndef MEMCAGE_JUDGE_RUNTIME_H
#define MEMCAGE_JUDGE_RUNTIME_H

#include "judge/verdict.h"

/* Failures that were seen inside runtimes and are not the consequence of a refusal that another
 * witness saw: one failure seen by two witnesses is one. */
uint64_t runtime_failures_beyond(const struct evidence *evidence);

/* All allocations that failed: refused ones, and those. */
uint64_t alloc_failures_of(const struct evidence *evidence);

/* Whether the end of the main process can be the consequence of such a failure: it was in that
 * process, or in a child whose documented end was passed on. */
bool runtime_failure_explains_end(const struct evidence *evidence);

/* Who failed, and in what words; nothing where nobody did. */
void because_of_runtime(const struct evidence *evidence, struct judgement *judgement);

/* A bad end that it explains, with no refusal seen by another witness. */
void judge_runtime_failure(const struct evidence *evidence, struct judgement *judgement);

#endif
