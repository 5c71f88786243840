/* SPDX-License-Identifier: MIT
 *
 * sweep.h - memcage sweep between its files: one run counts a program's requests for memory, then
 * each of them is refused in a run of its own.
 *
 *     sweep.c          the command: first run, then the others, then the answer
 *     sweep_others.c   one run for each request
 *     sweep_outcome.c  what one run's report says
 *     sweep_ledger.c   all outcomes, and the distinct call stacks of bad ones
 *     sweep_log.c      the file of --resume
 *     sweep_replay.c   the command line that does one run again
 *     sweep_text.c, sweep_json.c, sweep_junit.c  the answer
 */
#ifndef MEMCAGE_COMMANDS_SWEEP_H
#define MEMCAGE_COMMANDS_SWEEP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "commands/report_file.h"
#include "memcage/memcage.h"
#include "spec/options.h"

enum sweep_outcome {
	SWEEP_HANDLED,     /* exit status and output of the first run */
	SWEEP_CLEAN_ERROR, /* another exit status than 0, or a message */
	SWEEP_CRASH,       /* ended by a signal */
	SWEEP_HANG,        /* the time limit had to end it */
	SWEEP_WRONG,       /* exit 0, and another output */
	SWEEP_OTHER,       /* another limit, or somebody else, ended it: says nothing */
	SWEEP_NOT_REACHED, /* it made fewer requests this time: nothing was refused */
	SWEEP_OUTCOMES
};

const char *sweep_outcome_name(enum sweep_outcome outcome);
const char *sweep_outcome_meaning(enum sweep_outcome outcome);
bool sweep_outcome_named(const char *name, enum sweep_outcome *ret_outcome);
bool sweep_is_bad(enum sweep_outcome outcome); /* crash, hang or wrong */

/* ---- one run ---- */

struct sweep_stream {
	uint64_t bytes;
	char digest[32];
};

/* How a run ended, from its report. */
struct sweep_end {
	char verdict[32], reason[32];
	bool ended; /* by itself: code or signal is known */
	int signal; /* 0: none */
	int code;
	uint64_t wall_ms;
	uint64_t requests; /* of the process that made the most */
	uint64_t injected;
	struct sweep_stream streams[2];
};

/* false: the report does not say enough. *ret_first: alloc_failures.first, to json_decref(), or
 * NULL. */
bool sweep_end_read(const char *report, struct sweep_end *ret_end, json_t **ret_first);

enum sweep_outcome sweep_judge(const struct sweep_end *first, const struct sweep_end *end);

/* ---- all of them ---- */

struct sweep_try {
	uint8_t outcome; /* enum sweep_outcome + 1; 0: not tried */
	uint8_t signal;
	uint8_t code;
	int32_t stack; /* of a bad one; -1: none */
};

/* One way to ask for memory whose refusal ended badly, in one of the bad ways. */
struct sweep_stack {
	enum sweep_outcome outcome;
	char *key;      /* tells it from the others */
	json_t *asked;  /* {function, request_bytes, frames[]} */
	uint64_t first; /* the smallest number */
	uint64_t count;
};

struct sweep_ledger {
	uint64_t requests, tried;
	struct sweep_try *tries; /* [0] is the first request's */
	uint64_t outcomes[SWEEP_OUTCOMES];
	struct sweep_stack *stacks;
	size_t stack_count;
};

/* Returns 0 or -errno. */
int sweep_ledger_open(struct sweep_ledger *ledger, uint64_t requests);
void sweep_ledger_close(struct sweep_ledger *ledger);

/* What is kept of alloc_failures.first (NULL: not known); a new reference. */
json_t *sweep_asked_of(const json_t *first);

/* asked is borrowed, NULL where the outcome is not bad. -ENOMEM leaves it as it was. */
int sweep_ledger_add(struct sweep_ledger *ledger, uint64_t nth, enum sweep_outcome outcome,
	const struct sweep_end *end, json_t *asked);

/* The stacks by outcome and number: in which order runs end is chance. Returns 0 or -ENOMEM. */
int sweep_ledger_sort(struct sweep_ledger *ledger);

/* ---- the file of --resume: JSON Lines, the first of which says what was swept ---- */

struct sweep_log {
	const char *path; /* NULL: there is none */
	FILE *file;
};

/* Reads what is done into the ledger, and goes on behind it. what: borrowed. Returns 0 or -errno.
 */
int sweep_log_open(struct sweep_log *log, const char *path, const json_t *what,
	struct sweep_ledger *ledger, struct memcage_failure *reterr_failure);
int sweep_log_add(struct sweep_log *log, uint64_t nth, enum sweep_outcome outcome,
	const struct sweep_end *end, const json_t *asked);
int sweep_log_close(struct sweep_log *log);

/* ---- the sweep ---- */

struct sweep {
	struct options *options;
	char command[16]; /* comm of the program whose requests are refused */
	uint64_t wall_time_ms;
	struct sweep_end first;
	struct sweep_ledger ledger;
	struct sweep_log log;
	struct report_file junit;
	uint64_t elapsed_ms;
	bool budget_spent;
};

/* Tries what the ledger does not have yet; begun_us: since when the budget counts. Returns as
 * run_pool() does. */
int sweep_refuse_each(struct sweep *sweep, uint64_t begun_us, int signals,
	struct memcage_failure *reterr_failure);

/* run_pool_work.prepare of a struct sweep: the run refuses that request, or only counts for 0. */
void sweep_prepare(struct sweep *sweep, uint64_t nth, struct memcage_spec *spec,
	struct memcage_injection *rule);

/* What makes scripting languages count alike in each run, before what the user sets. Returns 0 or
 * -ENOMEM. */
int sweep_settle_environment(struct options *options);

/* The words of `memcage run` that refuse the same request again: an array, a new reference, or as
 * one line for a shell, to free(). NULL without memory. */
json_t *sweep_replay(const struct sweep *sweep, uint64_t nth);
char *sweep_replay_line(const struct sweep *sweep, uint64_t nth);

/* "1, 2, 5 to 9, ... (40 in all)" of the numbers of a stack. */
void sweep_numbers(const struct sweep_ledger *ledger, size_t stack, char *buffer, size_t size);

void sweep_print_text(const struct sweep *sweep, FILE *out);
json_t *sweep_json(const struct sweep *sweep); /* memcage.sweep/1; NULL without memory */
char *sweep_junit(const struct sweep *sweep);  /* to free(); NULL without memory */

#endif
