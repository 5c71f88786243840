/* SPDX-License-Identifier: MIT
 *
 * sweep.c - memcage sweep: a first run counts the requests for memory, then each is refused in a
 * run of its own, and all of it is told.
 */
#include "commands/sweep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "commands/commands.h"
#include "commands/operands.h"
#include "commands/report_file.h"
#include "commands/run_pool.h"
#include "commands/supervise.h"

#define EXIT_STATUS_BAD 1
#define WALL_TIME_FACTOR 10
#define WALL_TIME_LEAST_MS 2000

static void print_help(void)
{
	(void)puts(
		"Usage: memcage sweep [OPTIONS] -- COMMAND [ARG...]\n"
		"\n"
		"Finds out what COMMAND does when memory is refused: one run counts its requests, "
		"then the\n"
		"first, the second, the third ... is refused in a run of its own. The output of "
		"these runs\n"
		"is only compared. Runs go side by side: say --jobs 1 for a command that writes "
		"files.\n"
		"\n"
		"  memcage sweep -- ./program --selftest\n"
		"  memcage sweep --budget 1m --junit sweep.xml -- python3 -c pass");
	options_print_help(FOR_SWEEP, stdout);
	(void)puts(
		"\n"
		"Exit status: 0 when no run crashed, hung or went wrong, 1 when one did, 125 for "
		"errors of\n"
		"memcage itself, 128+N when it was interrupted by signal N.");
}

/* ---- the first run ---- */

struct first_run {
	struct sweep *sweep;
	struct sweep_end *end;
	bool begun, complete;
};

static bool first_next(void *data, uint64_t *ret_nth)
{
	struct first_run *first = data;
	bool next = !first->begun;

	first->begun = true;
	*ret_nth = 0;
	return next;
}

static void first_prepare(
	void *data, uint64_t nth, struct memcage_spec *spec, struct memcage_injection *rule)
{
	sweep_prepare(((struct first_run *)data)->sweep, nth, spec, rule);
}

static int first_ended(void *data, uint64_t nth, struct memcage_result *result)
{
	struct first_run *first = data;
	json_t *asked;

	(void)nth;
	first->complete = sweep_end_read(memcage_result_json(result), first->end, &asked);
	json_decref(asked);
	if (!first->end->ended || first->end->signal != 0)
		(void)complain("the first run, in which nothing is refused: %s",
			memcage_result_summary(result));
	(void)memcage_result_free(result);
	return 0;
}

/* Returns 0, a signal's number, or -EINVAL when that was said. */
static int count_requests(struct sweep *sweep, int signals)
{
	struct first_run first = { .sweep = sweep, .end = &sweep->first };
	const struct run_pool_work work = { first_next, first_prepare, first_ended, NULL, &first };
	struct memcage_failure failure;
	int result = run_pool(&sweep->options->spec, 1, signals, &work, &failure);

	if (result < 0) {
		(void)complain("%s", failure.detail);
		return -EINVAL;
	}
	if (result > 0)
		return result;
	if (!first.complete || !sweep->first.ended || sweep->first.signal != 0) {
		(void)complain("without a first run that ends by itself there is nothing to "
			       "compare with");
		return -EINVAL;
	}
	if (sweep->first.requests == 0) {
		(void)complain("no program '%s' that can be watched asked for memory; name the one "
			       "that does by --comm NAME",
			sweep->command);
		return -EINVAL;
	}
	return 0;
}

/* ---- the answer ---- */

static int write_junit(struct sweep *sweep)
{
	struct memcage_failure failure;
	char *text;
	int status = 0;

	if (sweep->junit.path == NULL)
		return 0;
	text = sweep_junit(sweep);
	if (text == NULL)
		status = complain("no memory for the JUnit file");
	else if (report_file_write(&sweep->junit, text, &failure) < 0)
		status = complain("%s", failure.detail);
	free(text);
	return status;
}

static int tell(struct sweep *sweep)
{
	int status = sweep_ledger_sort(&sweep->ledger) < 0 ? complain("no memory for the result")
							   : write_junit(sweep);

	if (sweep->options->json) {
		int printed = print_json_answer(sweep_json(sweep));

		status = status != 0 ? status : printed;
	} else {
		sweep_print_text(sweep, stdout);
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		status = complain("standard output cannot be written");
	return status != 0 ? status : sweep->ledger.stack_count > 0 ? EXIT_STATUS_BAD : 0;
}

/* What the file of --resume has to be of. NULL without memory. */
static json_t *what_is_swept(const struct sweep *sweep)
{
	json_t *words = sweep_replay(sweep, 0), *what;

	/* the time limit follows the machine's mood */
	for (size_t i = 0; words != NULL && i + 1 < json_array_size(words); i++)
		if (strcmp(json_string_value(json_array_get(words, i)), "--wall-time") == 0) {
			(void)json_array_remove(words, i + 1);
			(void)json_array_remove(words, i);
			break;
		}
	what = json_pack("{s:s, s:o, s:I, s:i, s:[s, s]}", "schema", "memcage.sweep-log/1", "run",
		words, "requests", (json_int_t)sweep->first.requests, "code", sweep->first.code,
		"output", sweep->first.streams[0].digest, sweep->first.streams[1].digest);
	return what;
}

static int sweep_all(void *data, int signals)
{
	struct sweep *sweep = data;
	struct memcage_failure failure;
	uint64_t begun_us = clock_us();
	int result = count_requests(sweep, signals);
	json_t *what;

	if (result != 0)
		return result < 0 ? EXIT_STATUS_ERROR : 128 + result;
	if (sweep->wall_time_ms == 0) {
		sweep->wall_time_ms = sweep->first.wall_ms * WALL_TIME_FACTOR;
		if (sweep->wall_time_ms < WALL_TIME_LEAST_MS)
			sweep->wall_time_ms = WALL_TIME_LEAST_MS;
		sweep->options->spec.wall_time_max_ms = sweep->wall_time_ms;
	}
	if (sweep_ledger_open(&sweep->ledger, sweep->first.requests) < 0)
		return complain("no memory to keep %" PRIu64 " outcomes", sweep->first.requests);
	what = what_is_swept(sweep);
	result = sweep_log_open(
		&sweep->log, sweep->options->resume_path, what, &sweep->ledger, &failure);
	json_decref(what);
	if (result == 0)
		result = sweep_refuse_each(sweep, begun_us, signals, &failure);
	sweep->elapsed_ms = (clock_us() - begun_us) / 1000;
	if (sweep_log_close(&sweep->log) < 0 && result == 0)
		return complain("--resume %s: cannot be written", sweep->options->resume_path);
	if (result < 0)
		return complain("%s", failure.detail);
	if (result > 0) {
		(void)tell(sweep);
		return 128 + result;
	}
	return tell(sweep);
}

static int sweep_as_told(struct options *options, char **argv)
{
	struct sweep sweep = { .options = options, .wall_time_ms = options->spec.wall_time_max_ms };
	struct memcage_failure failure;
	const char **environment = NULL;
	int status;

	if (report_file_open(&sweep.junit, "--junit", options->junit_path, &failure) < 0)
		return complain("%s", failure.detail);
	text_copy(sweep.command, sizeof(sweep.command),
		options->program != NULL ? options->program : base_name(options->operands[0]));
	if (options->spec.stdin_path == NULL)
		options->spec.stdin_path = "/dev/null"; /* several cannot read the same terminal */
	options->spec.digest_output = true;
	if (sweep_settle_environment(options) < 0 ||
		options_environment(options, environ, &environment) < 0)
		return complain("no memory for the environment");
	options->spec.envp = environment;
	status = supervise_many(&options->spec, argv, sweep_all, &sweep);
	sweep_ledger_close(&sweep.ledger);
	report_file_close(&sweep.junit);
	free(environment);
	return status;
}

int command_sweep(int argc, char **argv)
{
	struct memcage_failure failure;
	struct options options;
	int status = 0;

	if (options_parse(FOR_SWEEP, argc, argv, &options, &failure) < 0)
		return complain("%s", failure.detail);
	if (options.help)
		print_help();
	else
		status = sweep_as_told(&options, argv);
	options_done(&options);
	return status;
}
