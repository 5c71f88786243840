/* SPDX-License-Identifier: MIT
 *
 * sweep_others.c - the runs behind the first one: in which order, and what becomes of their
 * results.
 */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "commands/run_pool.h"
#include "commands/sweep.h"

#define PROGRESS_INTERVAL_US 200000
#define BAR_WIDTH 30

struct others {
	struct sweep *sweep;
	uint64_t index, width;     /* of the order: up to 2^width */
	uint64_t end_us, begun_us; /* UINT64_MAX: no budget */
	uint64_t before, shown_us; /* tried in an earlier sweep; when progress was shown */
	bool progress;
};

/* With a budget the halves first, then the quarters, ...: wherever it ends, what was tried is
 * spread evenly. */
static uint64_t in_order(const struct others *others, uint64_t index)
{
	uint64_t reversed = 0;

	if (others->end_us == UINT64_MAX)
		return index;
	for (uint64_t bit = 0; bit < others->width; bit++)
		reversed |= ((index >> bit) & 1) << (others->width - 1 - bit);
	return reversed;
}

static bool others_next(void *data, uint64_t *ret_nth)
{
	struct others *others = data;
	const struct sweep_ledger *ledger = &others->sweep->ledger;

	while (others->index < UINT64_C(1) << others->width) {
		uint64_t at = in_order(others, others->index);

		if (at < ledger->requests && ledger->tries[at].outcome == 0) {
			if (clock_us() >= others->end_us) {
				others->sweep->budget_spent = true;
				return false;
			}
			others->index++;
			*ret_nth = at + 1;
			return true;
		}
		others->index++;
	}
	return false;
}

void sweep_prepare(struct sweep *sweep, uint64_t nth, struct memcage_spec *spec,
	struct memcage_injection *rule)
{
	*rule = (struct memcage_injection){ .kind = MEMCAGE_INJECT_NTH, .number = nth };
	text_copy(rule->command, sizeof(rule->command), sweep->command);
	spec->injections = rule;
	spec->injection_count = 1;
}

static void others_prepare(
	void *data, uint64_t nth, struct memcage_spec *spec, struct memcage_injection *rule)
{
	sweep_prepare(((struct others *)data)->sweep, nth, spec, rule);
}

static int others_ended(void *data, uint64_t nth, struct memcage_result *result)
{
	struct others *others = data;
	struct sweep *sweep = others->sweep;
	struct sweep_end end;
	json_t *first, *asked = NULL;
	enum sweep_outcome outcome = SWEEP_OTHER;
	int status = 0;

	if (sweep_end_read(memcage_result_json(result), &end, &first))
		outcome = sweep_judge(&sweep->first, &end);
	(void)memcage_result_free(result);
	if (sweep_is_bad(outcome)) {
		asked = sweep_asked_of(first);
		status = asked == NULL ? -ENOMEM : 0;
	}
	if (status == 0)
		status = sweep_ledger_add(&sweep->ledger, nth, outcome, &end, asked);
	if (status == 0)
		status = sweep_log_add(&sweep->log, nth, outcome, &end, asked);
	json_decref(asked);
	json_decref(first);
	return status;
}

static void show_progress(void *data)
{
	struct others *others = data;
	const struct sweep_ledger *ledger = &others->sweep->ledger;
	uint64_t now_us = clock_us(), done = ledger->tried - others->before, bad = 0, left_ms;
	int width = (int)(ledger->tried * BAR_WIDTH / ledger->requests);
	char left[TEXT_NUMBER_SIZE];

	if (!others->progress || now_us < others->shown_us + PROGRESS_INTERVAL_US || done == 0)
		return;
	others->shown_us = now_us;
	for (int i = SWEEP_CRASH; i <= SWEEP_WRONG; i++)
		bad += ledger->outcomes[i];
	left_ms = (now_us - others->begun_us) / 1000 * (ledger->requests - ledger->tried) / done;
	(void)fprintf(stderr, "\r\033[K[%.*s%*s] %" PRIu64 "/%" PRIu64 ", %" PRIu64 " bad, %s left",
		width, "##############################", BAR_WIDTH - width, "", ledger->tried,
		ledger->requests, bad, format_duration(left_ms, left));
}

int sweep_refuse_each(
	struct sweep *sweep, uint64_t begun_us, int signals, struct memcage_failure *reterr_failure)
{
	const struct options *options = sweep->options;
	struct others others = { .sweep = sweep,
		.begun_us = clock_us(),
		.end_us = options->budget_ms != 0 ? begun_us + options->budget_ms * 1000
						  : UINT64_MAX,
		.before = sweep->ledger.tried,
		.progress = !options->quiet && isatty(STDERR_FILENO) };
	const struct run_pool_work work = { others_next, others_prepare, others_ended,
		show_progress, &others };
	int result;

	while (UINT64_C(1) << others.width < sweep->ledger.requests)
		others.width++;
	result = run_pool(
		&options->spec, run_pool_jobs(options->jobs), signals, &work, reterr_failure);
	if (others.progress)
		(void)fputs("\r\033[K", stderr);
	return result;
}
