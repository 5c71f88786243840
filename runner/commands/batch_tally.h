/* SPDX-License-Identifier: MIT
 *
 * batch_tally.h - how far a batch is, in numbers and in one line.
 */
#ifndef MEMCAGE_COMMANDS_BATCH_TALLY_H
#define MEMCAGE_COMMANDS_BATCH_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_VERDICTS 16

struct tally {
	uint64_t begun_us; /* CLOCK_BOOTTIME */
	size_t running, done, errors, skipped;
	size_t unmet; /* not run, or not ended as expected */
	struct {
		const char *name; /* static */
		size_t count;
	} verdicts[TALLY_VERDICTS];
	uint64_t input_bytes; /* of the whole input; 0: not known */
	uint64_t shown_us;
};

/* The time runs from now on. */
void tally_begin(struct tally *tally);

/* A run has ended. verdict is a static string. */
void tally_add(struct tally *tally, const char *verdict);

/* The progress line on standard error, at most so often that a person can follow. read_bytes: of
 * the input. */
void tally_show(struct tally *tally, uint64_t read_bytes);
void tally_hide(const struct tally *tally);

/* "2000 runs in 40 s (50.0 a second): 1990 ok, 10 oom_kill; 2 errors" */
void tally_sum(const struct tally *tally, char *text, size_t size);

#endif
