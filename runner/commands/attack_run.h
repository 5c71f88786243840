/* SPDX-License-Identifier: MIT
 *
 * attack_run.h - runs one attack of memcage-attacks (tests/attacks/attacks.h), behind a command
 * that cages it or alone, and judges what came of it.
 */
#ifndef MEMCAGE_COMMANDS_ATTACK_RUN_H
#define MEMCAGE_COMMANDS_ATTACK_RUN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* One row of memcage-attacks --list. The strings point into the list. */
struct attack {
	char *name, *flags, *verdicts, *options, *tries;
	int row;
};

enum attack_outcome {
	ATTACK_HELD,
	ATTACK_WORKED,
	ATTACK_NOT_HERE, /* it cannot be tried on this host */
	ATTACK_UNCLEAR,  /* the cage did not start, or ended in a way that nobody foresaw */
};

struct attack_answer {
	enum attack_outcome outcome;
	char how[200]; /* in a few words */
};

struct attack_place {
	char program[PATH_MAX];   /* memcage-attacks */
	char directory[PATH_MAX]; /* where it lies: the cage shows the working directory */
	char report[64];          /* where memcage is to write its report; "" without memcage */
	char *prefix[64];         /* the words of the command that cages; none: no cage */
	size_t prefix_count;
};

/* Whether anything starts there at all. */
struct attack_answer attack_run_hello(const struct attack_place *place);

/* Everything that it started has ended afterwards. The caller has to be the subreaper
 * (PR_SET_CHILD_SUBREAPER), without other children. */
struct attack_answer attack_run(const struct attack_place *place, const struct attack *attack);

bool attack_has_flag(const struct attack *attack, char flag);

#endif
