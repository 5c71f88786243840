/* SPDX-License-Identifier: MIT
 *
 * because.h - writing a judgement down: its answer, and the sentences that say what led there.
 */
#ifndef MEMCAGE_JUDGE_BECAUSE_H
#define MEMCAGE_JUDGE_BECAUSE_H

#include "judge/verdict.h"

#define PHRASE_SIZE 128

/* The answer. The verdict is the one that the reason belongs to. */
void conclude(struct judgement *judgement, enum reason reason, enum confidence confidence);

/* Lowers the confidence to limit where it is higher. */
void confidence_at_most(struct judgement *judgement, enum confidence limit);

/* Adds a sentence. Control characters (a command's name may hold any) become '?'; what is longer
 * than BECAUSE_SIZE is cut, as is what comes after BECAUSE_MAX sentences. */
void because(struct judgement *judgement, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "Peak memory use was 41.2 MiB of a limit of 256 MiB." Nothing where the peak is not known. */
void because_of_peak(struct judgement *judgement, const struct evidence *evidence);

/* "exited 1", "was ended by SIGSEGV", "ended in a way that could not be learned". */
const char *phrase_end(const struct evidence *evidence, char buffer[static PHRASE_SIZE]);

/* "python3 (pid 4711)", "the command" where its name is not known. */
const char *phrase_main(const struct evidence *evidence, char buffer[static PHRASE_SIZE]);

/* The last part of a long path, "...slice/job" so that it fits in a sentence. */
const char *phrase_path(const char *path, char buffer[static PHRASE_SIZE]);

/* "256 MiB", "no limit" for UINT64_MAX, "an unknown size". */
const char *phrase_size(struct counter bytes, char buffer[static PHRASE_SIZE]);

/* "No such file or directory". Never NULL. */
const char *phrase_errno(int error_number);

/* "" for 1, else "s". */
const char *plural(uint64_t count);

/* How the main process ended: by this signal; by itself with status 0. */
bool ended_by(const struct evidence *evidence, int signal_number);
bool ended_well(const struct evidence *evidence);

/* What refused an allocation. */
const char *phrase_cause(enum refusal_cause cause);

/* Whoever watched system calls missed some: then what was seen is not all, nor how it went on, and
 * the confidence is at most this. */
void because_of_lost_calls(
	struct judgement *judgement, const struct evidence *evidence, enum confidence most);

/* Refusals that memcage injected, whatever came of them. */
void because_of_injection(struct judgement *judgement, const struct evidence *evidence);

#endif
