/* SPDX-License-Identifier: MIT
 *
 * fit.c - memcage fit: a first run without a limit, a search for the smallest one, and the answer.
 */
#include "commands/fit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "commands/commands.h"
#include "commands/operands.h"
#include "commands/run_pool.h"
#include "commands/supervise.h"

#define EXIT_STATUS_NONE 1
#define REPEAT_DEFAULT 3
#define WALL_TIME_FACTOR 10 /* a run that thrashes has to end some time */
#define WALL_TIME_LEAST_MS 10000
#define MIB (UINT64_C(1) << 20)
#define ROOM (8 * MIB)        /* above the first run's peak and a quarter */
#define PEAK_GUESS (64 * MIB) /* where the kernel does not tell it */
#define DOUBLED 16            /* the upper bound grows up to so many times itself */

static void print_help(void)
{
	(void)puts("Usage: memcage fit [OPTIONS] -- COMMAND [ARG...]\n"
		   "\n"
		   "Finds the smallest memory limit under which COMMAND still passes: a first run "
		   "without a\n"
		   "limit, then runs under limits that halve what is left in between. It passes "
		   "when the\n"
		   "verdict is ok, or that of --expect, and its exit status that of the first "
		   "run, --repeat\n"
		   "times. --memory is the upper bound. Output is thrown away; runs go side by "
		   "side: say\n"
		   "--jobs 1 for a command that writes files.\n"
		   "\n"
		   "  memcage fit -- python3 job.py\n"
		   "  memcage fit --at-limit fail --expect ok/clean --json -- ./program");
	options_print_help(FOR_FIT, stdout);
	(void)puts(
		"\n"
		"Exit status: 0 when a limit was found, 1 when it does not pass without a limit "
		"or at the\n"
		"upper bound, 125 for errors of memcage itself, 128+N when it was interrupted by "
		"signal N.");
}

static int tell(struct fit *fit)
{
	uint64_t passes, fails;
	bool found = fit_search_smallest(fit->points, fit->count, &passes, &fails);
	struct memcage_failure failure;
	int status = 0;

	fit_sort(fit);
	if (fit->options->json) {
		status = print_json_answer(fit_json(fit));
	} else {
		fit_print_text(fit, stdout);
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		status = complain("standard output cannot be written");
	if (fit_picture_draw(fit, &failure) < 0)
		status = complain("%s", failure.detail);
	return status != 0 ? status : found ? 0 : EXIT_STATUS_NONE;
}

static void set_bounds(struct fit *fit)
{
	const struct options *options = fit->options;
	uint64_t told = options->spec.memory_max_bytes, peak = fit->first.peak_bytes;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	fit->bounds.page = page;
	fit->bounds.precision = options->precision_bytes;
	if (told != 0 && told != MEMCAGE_UNLIMITED) {
		fit->bounds.upper = fit->bounds.most = told;
		return;
	}
	if (peak == FIT_UNKNOWN)
		peak = PEAK_GUESS;
	fit->bounds.upper = (peak + peak / 4 + ROOM) / page * page;
	fit->bounds.most = fit->bounds.upper * DOUBLED;
}

static int search(void *data, int signals)
{
	struct fit *fit = data;
	struct memcage_spec *spec = &fit->options->spec;
	struct memcage_failure failure;
	uint64_t begun_us = clock_us();
	int result = fit_run_first(fit, signals, &failure);

	if (result == 0 && strcmp(fit->first.verdict, "not_started") == 0)
		return complain("%s", fit->first.summary);
	if (result == 0 && fit->first_passes) {
		if (spec->wall_time_max_ms == 0 && fit->first.wall_ms != FIT_UNKNOWN) {
			uint64_t time_ms = fit->first.wall_ms * WALL_TIME_FACTOR;

			spec->wall_time_max_ms = time_ms > WALL_TIME_LEAST_MS ? time_ms
									      : WALL_TIME_LEAST_MS;
		}
		set_bounds(fit);
		if (spec->at_limit == MEMCAGE_FAIL_AT_LIMIT)
			supervise_first();
		result = fit_try_limits(fit, signals, &failure);
	} else if (result == 0) {
		fit->complete = true;
	}
	fit->elapsed_ms = (clock_us() - begun_us) / 1000;
	if (result < 0)
		return complain("%s", failure.detail);
	if (result > 0) {
		if (fit->first_passes)
			(void)tell(fit);
		return 128 + result;
	}
	return tell(fit);
}

static int fit_with(struct options *options, const struct expectation *expected, char **argv)
{
	struct memcage_failure failure;
	struct fit *fit = calloc(1, sizeof(*fit)); /* its tries are too much for a stack */
	int status;

	if (fit == NULL)
		return complain("no memory for the search");
	fit->options = options;
	fit->expected = expected;
	fit->repeat = options->repeat != 0 ? options->repeat : REPEAT_DEFAULT;
	fit->jobs = run_pool_jobs(options->jobs);
	status = fit_picture_open(&fit->picture, options->picture_path, &failure) < 0
			 ? complain("%s", failure.detail)
			 : supervise_many(&options->spec, argv, search, fit);
	report_file_close(&fit->picture);
	for (size_t i = 0; i < fit->count; i++)
		fit_end_done(&fit->tries[i].end);
	fit_end_done(&fit->first);
	free(fit);
	return status;
}

static int fit_as_told(struct options *options, char **argv)
{
	struct expectation expected;
	struct memcage_failure failure;
	const char **environment = NULL;
	int status;

	if (options->expect != NULL && expectation_parse(options->expect, &expected, &failure) < 0)
		return complain("%s", failure.detail);
	if (options->spec.stdin_path == NULL)
		options->spec.stdin_path = "/dev/null"; /* several cannot read the same terminal */
	options->spec.digest_output = true;
	if (options_environment(options, environ, &environment) < 0)
		return complain("no memory for the environment");
	options->spec.envp = environment;
	status = fit_with(options, options->expect != NULL ? &expected : NULL, argv);
	free(environment);
	return status;
}

int command_fit(int argc, char **argv)
{
	struct memcage_failure failure;
	struct memcage_policy *policy = NULL;
	struct options options;
	int status = 0;

	if (options_parse(FOR_FIT, argc, argv, &options, &failure) < 0)
		return complain("%s", failure.detail);
	if (options.help)
		print_help();
	else if (options.policy != NULL &&
		 (memcage_policy_load(options.policy, &policy, &failure) < 0 ||
			 options_adopt_policy(&options, policy, &failure) < 0))
		status = complain("%s", failure.detail);
	else
		status = fit_as_told(&options, argv);
	(void)memcage_policy_free(policy);
	options_done(&options);
	return status;
}
