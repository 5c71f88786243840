/* SPDX-License-Identifier: MIT
 *
 * fit.h - memcage fit between its files: one run without a limit, then runs under limits that
 * approach the smallest one under which it still passes.
 *
 *     fit.c          the command: first run, then the search, then the answer
 *     fit_search.c   which limit is tried next
 *     fit_tries.c    the runs under one limit, and what became of them
 *     fit_outcome.c  what one run's report says
 *     fit_text.c, fit_json.c, fit_picture.c  the answer
 */
#ifndef MEMCAGE_COMMANDS_FIT_H
#define MEMCAGE_COMMANDS_FIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "commands/expectation.h"
#include "commands/fit_search.h"
#include "commands/report_file.h"
#include "memcage/memcage.h"
#include "spec/options.h"

#define FIT_UNKNOWN UINT64_MAX

enum fit_outcome {
	FIT_NOT_STARTED,    /* too small to become the command */
	FIT_KILLED,         /* by the kernel */
	FIT_REFUSED,        /* a refused allocation ended it */
	FIT_TIMED_OUT,      /* it stood still, or took too long */
	FIT_OTHER,          /* ended in another way than it should */
	FIT_RECOVERED,      /* passes, and allocations were refused on the way */
	FIT_UNDER_PRESSURE, /* passes, but the limit was felt */
	FIT_CLEAN,          /* passes */
	FIT_OUTCOMES
};

const char *fit_outcome_name(enum fit_outcome outcome);
const char *fit_outcome_meaning(enum fit_outcome outcome);

/* How a run ended, from its report. */
struct fit_end {
	char verdict[32], reason[32], victim[16]; /* victim: "" where there is none */
	bool ended;                               /* code or signal is known */
	int signal, code;
	uint64_t wall_ms, peak_bytes; /* FIT_UNKNOWN where it is not known */
	char summary[512];
	json_t *because; /* sentences; owned */
	json_t *asked;   /* of the first refusal: function, request_bytes, ...; owned; NULL: none */
};

/* false: the report cannot be read. The end is for fit_end_done() when true. */
bool fit_end_read(const struct memcage_result *result, struct fit_end *ret_end);
void fit_end_done(struct fit_end *end);

/* One limit, and the runs under it. */
struct fit_try {
	uint64_t limit_bytes;
	uint64_t runs, passed;
	uint64_t fastest_ms; /* of those that passed; FIT_UNKNOWN: none */
	struct fit_end end;  /* the first that did not pass, else the first */
};

struct fit {
	struct options *options;
	const struct expectation *expected; /* NULL: ok, with the exit status of the first run */
	uint64_t repeat, jobs;
	struct fit_bounds bounds;
	struct fit_end first; /* without a limit */
	bool first_passes;
	struct fit_try tries[FIT_POINTS_MAX]; /* in the order of the search */
	struct fit_point points[FIT_POINTS_MAX];
	size_t count;
	uint64_t runs, elapsed_ms;
	bool complete; /* the search came to its end */
	struct report_file picture;
};

/* Whether it ended as it should; the first run itself: by its verdict only. */
bool fit_passes(const struct fit *fit, const struct fit_end *end);

/* What a limit comes to. That a run was slow is known only beside all others. */
enum fit_outcome fit_try_outcome(const struct fit *fit, const struct fit_try *try);

/* The run without a limit into fit->first. Returns as run_pool() does. */
int fit_run_first(struct fit *fit, int signals, struct memcage_failure *reterr_failure);

/* Tries limits until the search is done. Returns as run_pool() does. */
int fit_try_limits(struct fit *fit, int signals, struct memcage_failure *reterr_failure);

/* By limit, for the answer. */
void fit_sort(struct fit *fit);

/* "65M", "66816K" or "4097": a value of -m that is exactly so much. */
void fit_option_value(uint64_t bytes, char *buffer, size_t size);

void fit_print_text(const struct fit *fit, FILE *out);

/* The line that names the limit, or says that there is none; nothing where none was tried. */
void fit_print_limit(const struct fit *fit, FILE *out);

/* The end (not included) of the row of the map that begins at try index: neighbours that come to
 * the same are one. */
size_t fit_row_end(const struct fit *fit, size_t index);

json_t *fit_json(const struct fit *fit); /* memcage.fit/1; NULL without memory */

/* --picture: whether it can be drawn, before anything runs; path may be NULL. Then draws it, when
 * the tries are in order. Both return 0 or -errno with a failure. */
int fit_picture_open(
	struct report_file *file, const char *path, struct memcage_failure *reterr_failure);
int fit_picture_draw(struct fit *fit, struct memcage_failure *reterr_failure);

#endif
