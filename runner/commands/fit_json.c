/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "commands/fit.h"
#include "commands/operands.h"
#include "report/utf8.h"

static json_t *number(uint64_t value)
{
	return value == FIT_UNKNOWN ? json_null() : json_integer((json_int_t)value);
}

static json_t *end_json(const struct fit_end *end)
{
	json_t *object = json_pack("{s:s, s:s, s:o, s:o, s:o}", "verdict", end->verdict, "reason",
		end->reason, "wall_ms", number(end->wall_ms), "peak_bytes", number(end->peak_bytes),
		"summary", utf8_json(end->summary, strlen(end->summary)));

	if (end->victim[0] != '\0')
		(void)json_object_set_new(object, "victim", json_string(end->victim));
	if (end->ended)
		(void)json_object_set_new(object, end->signal != 0 ? "signal" : "code",
			json_integer(end->signal != 0 ? end->signal : end->code));
	(void)json_object_set(object, "because", end->because);
	if (end->asked != NULL)
		(void)json_object_set(object, "asked", end->asked);
	return object;
}

static json_t *try_json(const struct fit *fit, const struct fit_try *try)
{
	return json_pack("{s:I, s:s, s:b, s:I, s:I, s:o, s:o}", "limit_bytes",
		(json_int_t)try->limit_bytes, "outcome",
		fit_outcome_name(fit_try_outcome(fit, try)), "passes", try->passed == try->runs,
		"runs", (json_int_t)try->runs, "passed", (json_int_t)try->passed, "fastest_ms",
		number(try->fastest_ms), "run", end_json(&try->end));
}

static json_t *map_json(const struct fit *fit)
{
	json_t *map = json_array();
	size_t end;

	for (size_t i = 0; i < fit->count; i = end) {
		end = fit_row_end(fit, i);
		(void)json_array_append_new(
			map, json_pack("{s:s, s:I, s:I}", "outcome",
				     fit_outcome_name(fit_try_outcome(fit, &fit->tries[i])),
				     "from_bytes", (json_int_t)fit->tries[i].limit_bytes,
				     "to_bytes", (json_int_t)fit->tries[end - 1].limit_bytes));
	}
	return map;
}

static json_t *contradiction_json(const struct fit *fit)
{
	uint64_t passes, fails;

	if (!fit_search_contradiction(fit->points, fit->count, &passes, &fails))
		return json_null();
	return json_pack(
		"{s:I, s:I}", "passes_bytes", (json_int_t)passes, "fails_bytes", (json_int_t)fails);
}

json_t *fit_json(const struct fit *fit)
{
	const struct options *options = fit->options;
	uint64_t passes, fails;
	bool found = fit_search_smallest(fit->points, fit->count, &passes, &fails);
	char value[TEXT_NUMBER_SIZE] = "";
	json_t *tries = json_array();

	if (found)
		fit_option_value(passes, value, sizeof(value));
	for (size_t i = 0; i < fit->count; i++)
		(void)json_array_append_new(tries, try_json(fit, &fit->tries[i]));
	return json_pack("{s:s, s:{s:o}, s:s, s:s, s:I, s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:o, "
			 "s:o, s:I, s:I, s:{s:s}}",
		"schema", "memcage.fit/1", "command", "argv", operands_json(options), "at_limit",
		options->spec.at_limit == MEMCAGE_FAIL_AT_LIMIT ? "fail" : "kill", "expect",
		options->expect != NULL ? options->expect : "ok", "repeat", (json_int_t)fit->repeat,
		"unlimited", end_json(&fit->first), "found", found, "complete", fit->complete,
		"limit_bytes", found ? json_integer((json_int_t)passes) : json_null(),
		"limit_option", found ? json_string(value) : json_null(), "fails_bytes",
		fails > 0 ? json_integer((json_int_t)fails) : json_null(), "contradiction",
		contradiction_json(fit), "map", map_json(fit), "tries", tries, "runs",
		(json_int_t)fit->runs, "elapsed_ms", (json_int_t)fit->elapsed_ms, "tool", "version",
		memcage_version());
}
