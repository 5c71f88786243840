/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "commands/fit.h"
#include "commands/sweep.h"

#define SLOW_FACTOR 2
#define SLOW_LEAST_MS 50 /* what is less may be the machine's mood */

static const struct {
	const char *name, *meaning;
} outcomes[FIT_OUTCOMES] = {
	[FIT_NOT_STARTED] = { "not_started", "too small for the command to begin" },
	[FIT_KILLED] = { "killed", "the kernel kills at the limit" },
	[FIT_REFUSED] = { "refused", "a refused allocation ends it" },
	[FIT_TIMED_OUT] = { "timed_out", "stands still or takes too long" },
	[FIT_OTHER] = { "other", "ends in another way than it should" },
	[FIT_RECOVERED] = { "recovered", "passes, although allocations are refused" },
	[FIT_UNDER_PRESSURE] = { "under_pressure",
		"passes, but at the limit, or in twice the best time" },
	[FIT_CLEAN] = { "clean", "passes" },
};

/* What a verdict that is not wanted comes to; a row without a reason is for all others. */
static const struct {
	const char *verdict, *reason;
	enum fit_outcome outcome;
} failing[] = {
	{ "not_started", NULL, FIT_NOT_STARTED },
	{ "alloc_failure", "at_exec", FIT_NOT_STARTED },
	{ "alloc_failure", NULL, FIT_REFUSED },
	{ "oom_kill", NULL, FIT_KILLED },
	{ "timeout", NULL, FIT_TIMED_OUT },
};

const char *fit_outcome_name(enum fit_outcome outcome)
{
	return outcomes[outcome].name;
}

const char *fit_outcome_meaning(enum fit_outcome outcome)
{
	return outcomes[outcome].meaning;
}

static void copy_text(char *to, size_t size, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	text_copy(to, size, text != NULL ? text : "");
}

static uint64_t number_of(const json_t *object, const char *key)
{
	const json_t *number = json_object_get(object, key);

	return json_is_integer(number) && json_integer_value(number) >= 0
		       ? (uint64_t)json_integer_value(number)
		       : FIT_UNKNOWN;
}

bool fit_end_read(const struct memcage_result *result, struct fit_end *ret_end)
{
	json_t *root = json_loads(memcage_result_json(result), 0, NULL);
	const json_t *end = json_object_get(root, "exit"),
		     *first = json_object_get(json_object_get(root, "alloc_failures"), "first");

	if (root == NULL)
		return false;
	*ret_end = (struct fit_end){
		.ended = json_is_object(end),
		.signal = (int)json_integer_value(json_object_get(end, "signal")),
		.code = (int)json_integer_value(json_object_get(end, "code")),
		.wall_ms = number_of(json_object_get(root, "time"), "wall_ms"),
		.peak_bytes = number_of(json_object_get(root, "memory"), "peak_bytes"),
		.because = json_incref(json_object_get(root, "because")),
		.asked = json_is_object(first) ? sweep_asked_of(first) : NULL,
	};
	text_copy(ret_end->verdict, sizeof(ret_end->verdict), memcage_result_verdict(result));
	text_copy(ret_end->reason, sizeof(ret_end->reason), memcage_result_reason(result));
	copy_text(ret_end->victim, sizeof(ret_end->victim), root, "victim");
	text_copy(ret_end->summary, sizeof(ret_end->summary), memcage_result_summary(result));
	json_decref(root);
	return true;
}

void fit_end_done(struct fit_end *end)
{
	json_decref(end->because);
	json_decref(end->asked);
	end->because = end->asked = NULL;
}

bool fit_passes(const struct fit *fit, const struct fit_end *end)
{
	const struct expectation *expected = fit->expected;

	if (strcmp(end->verdict, expected != NULL ? expected->verdict : "ok") != 0 ||
		(expected != NULL && expected->reason != NULL &&
			strcmp(end->reason, expected->reason) != 0))
		return false;
	return end == &fit->first ||
	       (end->ended == fit->first.ended && end->code == fit->first.code &&
		       end->signal == fit->first.signal);
}

/* Even the fastest run under this limit was slow beside the fastest of all, and none under a
 * smaller limit was not: else it was the machine. The first run had the machine for itself. */
static bool is_slow(const struct fit *fit, const struct fit_try *try)
{
	uint64_t best = FIT_UNKNOWN, smaller = try->fastest_ms;

	for (size_t i = 0; i < fit->count; i++) {
		const struct fit_try *other = &fit->tries[i];

		if (other->fastest_ms < best)
			best = other->fastest_ms;
		if (other->limit_bytes < try->limit_bytes && other->passed == other->runs &&
			other->fastest_ms < smaller)
			smaller = other->fastest_ms;
	}
	return smaller != FIT_UNKNOWN && smaller > best * SLOW_FACTOR &&
	       smaller - best > SLOW_LEAST_MS;
}

enum fit_outcome fit_try_outcome(const struct fit *fit, const struct fit_try *try)
{
	const struct fit_end *end = &try->end;

	if (try->passed == try->runs)
		return strcmp(end->reason, "recovered_alloc_failure") == 0 ? FIT_RECOVERED
		       : strcmp(end->reason, "under_pressure") == 0 || is_slow(fit, try)
			       ? FIT_UNDER_PRESSURE
			       : FIT_CLEAN;
	for (size_t i = 0; i < sizeof(failing) / sizeof(*failing); i++)
		if (strcmp(failing[i].verdict, end->verdict) == 0 &&
			(failing[i].reason == NULL || strcmp(failing[i].reason, end->reason) == 0))
			return failing[i].outcome;
	return FIT_OTHER;
}
