/* SPDX-License-Identifier: MIT
 *
 * options.h - the one list of options: it parses, it prints --help, and it writes the option
 * section of the man page. Nothing here has side effects beyond memory; nothing is opened.
 */
#ifndef MEMCAGE_SPEC_OPTIONS_H
#define MEMCAGE_SPEC_OPTIONS_H

#include <stdio.h>

#include "memcage/memcage.h"

#define OPTION_ROWS_MAX 64

enum exit_code_mode { EXIT_CODE_WORKLOAD, EXIT_CODE_VERDICT };
enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum report_format { FORMAT_TEXT };

struct option_row;

/* One option as it was given; value is NULL for flags. */
struct option_use {
	const struct option_row *row;
	const char *value;
};

/* What the command line asks for: the specification of the run, and what to do with its result. */
struct options {
	struct memcage_spec spec;

	const char *policy;      /* NAME|FILE, or NULL */
	const char *report_path; /* NULL: none; "-": standard output */
	const char *expect;      /* VERDICT[/REASON], or NULL */
	int exit_code;           /* enum exit_code_mode */
	int color;               /* enum color_mode */
	int format;              /* enum report_format */
	bool quiet;
	int verbose;
	bool progress;
	bool json, clean;
	const char *only; /* attacks by their names, or NULL */
	bool spoil;
	uint64_t jobs;               /* at a time; 0: not said */
	uint64_t memory_total_bytes; /* of all runs together; 0: not said */
	const char *resume_path;     /* NULL: none */
	uint64_t budget_ms;          /* 0: none */
	const char *junit_path;      /* NULL: none */
	const char *picture_path;    /* NULL: none */
	const char *program;         /* --comm: whose requests; NULL: the command's own */
	uint64_t repeat;             /* runs under each limit; 0: not said */
	uint64_t precision_bytes;    /* of the limit; 0: not said */
	bool help;

	bool clear_environment;
	size_t environment_count;
	const char **environment; /* --env K=V in order; owned, the strings are argv's */

	size_t use_count;
	struct option_use *uses;     /* what was given, in order; owned, the strings are argv's */
	bool given[OPTION_ROWS_MAX]; /* which rows of the table were on the command line */

	struct memcage_injection *injections; /* --fail-alloc in order; owned, spec has them too */

	char *const *operands; /* what follows the options; points into argv */
	int operand_count;
};

/* The commands whose options the table knows; a set. */
enum option_command {
	FOR_RUN = 1 << 0,
	FOR_REPORT = 1 << 1,
	FOR_DOCTOR = 1 << 2,
	FOR_POLICY = 1 << 3,
	FOR_EXPLAIN = 1 << 4,
	FOR_BATCH = 1 << 5,
	FOR_SWEEP = 1 << 6,
	FOR_SELFTEST = 1 << 8,
	FOR_JOB = 1 << 7, /* no command: a line of a batch, see job.h */
	FOR_FIT = 1 << 9,
};

/* Parse argv (argv[0] is the command's name) for one command. Returns 0, or -EINVAL with what is
 * wrong, where, and what to do. Checks each value, and how they go together unless there is a
 * policy, which has to be adopted first. */
int options_parse(enum option_command command, int argc, char **argv, struct options *ret_options,
	struct memcage_failure *reterr_failure);
void options_done(struct options *options);

/* The policy into the specification: its limits where the command line says nothing, also not 0 or
 * max. Then checks how all of it goes together. The policy is borrowed. */
int options_adopt_policy(struct options *options, const struct memcage_policy *policy,
	struct memcage_failure *reterr_failure);

/* The environment that the options ask for of what the policy lets through, NULL-terminated, or
 * NULL for the caller's own unchanged. The array is the caller's to free(); the strings are
 * borrowed. */
int options_environment(
	const struct options *options, char *const *environment, const char ***ret_envp);

/* Whether a command has an option of that name. */
bool options_have(enum option_command command, const char *name);

void options_print_help(enum option_command command, FILE *out);

/* The same list as roff, for the man page; here command may be a set. */
void options_print_man(enum option_command command, FILE *out);

/* The same list as words, one option a line: "--memory SIZE help", for shell completion. */
void options_print_words(enum option_command command, FILE *out);

#endif
