/* SPDX-License-Identifier: MIT
 *
 * fit_tries.c - the runs: one without a limit, and for each limit that the search asks for so many
 * as are to pass, side by side. The first that does not pass ends the try.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "commands/fit.h"
#include "commands/run_pool.h"

#define PROGRESS_INTERVAL_US 200000

struct trying {
	struct fit *fit;
	struct fit_try *try;
	uint64_t repeat, started;
	uint64_t shown_us;
	bool progress;
};

static bool next(void *data, uint64_t *ret_number)
{
	struct trying *trying = data;

	if (trying->started == trying->repeat || trying->try->passed < trying->try->runs)
		return false;
	*ret_number = trying->try->limit_bytes;
	trying->started++;
	return true;
}

static void prepare(
	void *data, uint64_t limit, struct memcage_spec *spec, struct memcage_injection *rule)
{
	(void)data;
	(void)rule;
	spec->memory_max_bytes = limit;
	if (limit == MEMCAGE_UNLIMITED)
		spec->at_limit = MEMCAGE_KILL_AT_LIMIT; /* there is none to fail at */
}

static int ended(void *data, uint64_t limit, struct memcage_result *result)
{
	struct trying *trying = data;
	struct fit_try *try = trying->try;
	struct fit_end end;
	bool known = fit_end_read(result, &end), passes;

	(void)memcage_result_free(result);
	if (!known)
		return -ENOMEM;
	trying->fit->runs++;
	/* the first run is what the others are compared with */
	passes = limit == MEMCAGE_UNLIMITED || fit_passes(trying->fit, &end);
	if (passes && end.wall_ms < try->fastest_ms)
		try->fastest_ms = end.wall_ms;
	if (try->runs == 0 || (!passes && try->passed == try->runs)) {
		fit_end_done(&try->end);
		try->end = end;
	} else {
		fit_end_done(&end);
	}
	try->runs++;
	try->passed += passes ? 1 : 0;
	return 0;
}

static void show_progress(void *data)
{
	struct trying *trying = data;
	const struct fit *fit = trying->fit;
	uint64_t now_us = clock_us(), passes, fails;
	char limit[TEXT_NUMBER_SIZE], smallest[TEXT_NUMBER_SIZE] = "not known yet";

	if (!trying->progress || now_us < trying->shown_us + PROGRESS_INTERVAL_US)
		return;
	trying->shown_us = now_us;
	if (fit_search_smallest(fit->points, fit->count, &passes, &fails))
		(void)format_size(passes, smallest);
	(void)fprintf(stderr, "\r\033[Ktrying %s, run %" PRIu64 "; smallest so far: %s",
		trying->try->limit_bytes == MEMCAGE_UNLIMITED
			? "without a limit"
			: format_size(trying->try->limit_bytes, limit),
		fit->runs + 1, smallest);
}

static int try_limit(struct fit *fit, struct fit_try *try, uint64_t repeat, int signals,
	struct memcage_failure *reterr_failure)
{
	struct trying trying = { .fit = fit,
		.try = try,
		.repeat = repeat,
		.progress = !fit->options->quiet && isatty(STDERR_FILENO) };
	const struct run_pool_work work = { next, prepare, ended, show_progress, &trying };
	int result = run_pool(&fit->options->spec, fit->jobs, signals, &work, reterr_failure);

	if (trying.progress)
		(void)fputs("\r\033[K", stderr);
	return result;
}

int fit_run_first(struct fit *fit, int signals, struct memcage_failure *reterr_failure)
{
	struct fit_try try = { .limit_bytes = MEMCAGE_UNLIMITED, .fastest_ms = FIT_UNKNOWN };
	int result = try_limit(fit, &try, 1, signals, reterr_failure);

	fit->first = try.end;
	fit->first_passes = result == 0 && fit_passes(fit, &fit->first);
	return result;
}

int fit_try_limits(struct fit *fit, int signals, struct memcage_failure *reterr_failure)
{
	uint64_t limit;

	while (fit_search_next(fit->points, fit->count, &fit->bounds, &limit) == FIT_TRY) {
		struct fit_try *try = &fit->tries[fit->count];
		int result;

		*try = (struct fit_try){ .limit_bytes = limit, .fastest_ms = FIT_UNKNOWN };
		result = try_limit(fit, try, fit->repeat, signals, reterr_failure);
		if (result != 0) {
			fit_end_done(&try->end); /* half a try says nothing */
			return result;
		}
		fit->points[fit->count++] = (struct fit_point){ limit, try->passed == try->runs };
	}
	fit->complete = fit->count < FIT_POINTS_MAX;
	return 0;
}

static int by_limit(const void *one, const void *other)
{
	uint64_t a = ((const struct fit_try *)one)->limit_bytes,
		 b = ((const struct fit_try *)other)->limit_bytes;

	return a < b ? -1 : a > b;
}

void fit_sort(struct fit *fit)
{
	qsort(fit->tries, fit->count, sizeof(*fit->tries), by_limit);
}
