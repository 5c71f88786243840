/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "base/text.h"
#include "commands/fit.h"
#include "commands/operands.h"

#define NEAR_PART 8 /* a run whose peak came within this part of the limit was near it */

void fit_option_value(uint64_t bytes, char *buffer, size_t size)
{
	static const struct {
		uint64_t bytes;
		const char *letter;
	} units[] = { { 1 << 30, "G" }, { 1 << 20, "M" }, { 1 << 10, "K" }, { 1, "" } };
	size_t i = 0;

	while (bytes % units[i].bytes != 0)
		i++;
	(void)snprintf(buffer, size, "%" PRIu64 "%s", bytes / units[i].bytes, units[i].letter);
}

static void print_head(const struct fit *fit, FILE *out)
{
	const struct fit_end *first = &fit->first;
	char peak[TEXT_NUMBER_SIZE], time[TEXT_NUMBER_SIZE];

	(void)fputs("memcage fit: ", out);
	operands_print(fit->options, out);
	(void)fprintf(out, "\nwithout a limit: %s/%s, peak %s, %s\n", first->verdict, first->reason,
		first->peak_bytes == FIT_UNKNOWN ? "not known"
						 : format_size(first->peak_bytes, peak),
		first->wall_ms == FIT_UNKNOWN ? "time not known"
					      : format_duration(first->wall_ms, time));
}

void fit_print_limit(const struct fit *fit, FILE *out)
{
	uint64_t passes, fails;
	char one[TEXT_NUMBER_SIZE], other[TEXT_NUMBER_SIZE], value[TEXT_NUMBER_SIZE];

	if (fit_search_smallest(fit->points, fit->count, &passes, &fails)) {
		fit_option_value(passes, value, sizeof(value));
		(void)fprintf(out, "smallest limit%s: %s (-m %s)",
			fit->complete ? "" : " so far, ended early", format_size(passes, one),
			value);
		if (fails > 0)
			(void)fprintf(out, "; %s fails", format_size(fails, other));
		else
			(void)fputs("; no smaller one was tried", out);
		(void)fputc('\n', out);
	} else if (fit->count > 0) {
		(void)fprintf(out, "it does not pass under any limit up to %s\n",
			format_size(fails, one));
	}
}

/* The largest limit that fails, and that far from it and not for memory: then the answer is chance,
 * or the program looks at its limit. */
static void print_doubt(const struct fit *fit, FILE *out)
{
	const struct fit_try *largest = NULL;
	char limit[TEXT_NUMBER_SIZE];

	for (size_t i = 0; i < fit->count; i++)
		if (fit->tries[i].passed < fit->tries[i].runs)
			largest = &fit->tries[i];
	if (largest == NULL || fit_try_outcome(fit, largest) != FIT_OTHER ||
		largest->end.peak_bytes == FIT_UNKNOWN ||
		largest->end.peak_bytes > largest->limit_bytes - largest->limit_bytes / NEAR_PART)
		return;
	(void)fprintf(out, "doubtful: under %s it fails as it might at any limit: %s\n",
		format_size(largest->limit_bytes, limit), largest->end.summary);
}

static void print_answer(const struct fit *fit, FILE *out)
{
	uint64_t low, high;
	char one[TEXT_NUMBER_SIZE], other[TEXT_NUMBER_SIZE];

	if (!fit->first_passes) {
		(void)fprintf(out, "it does not pass even without a limit: %s%s\n",
			fit->first.summary,
			fit->expected == NULL ? "; if it is to end so, say --expect" : "");
		return;
	}
	fit_print_limit(fit, out);
	if (fit_search_contradiction(fit->points, fit->count, &low, &high))
		(void)fprintf(out, "not monotonic: it passed under %s and failed under %s\n",
			format_size(low, one), format_size(high, other));
	print_doubt(fit, out);
}

size_t fit_row_end(const struct fit *fit, size_t index)
{
	enum fit_outcome outcome = fit_try_outcome(fit, &fit->tries[index]);

	do
		index++;
	while (index < fit->count && fit_try_outcome(fit, &fit->tries[index]) == outcome);
	return index;
}

static void print_map(const struct fit *fit, FILE *out)
{
	size_t end;

	for (size_t i = 0; i < fit->count; i = end) {
		enum fit_outcome outcome = fit_try_outcome(fit, &fit->tries[i]);
		char from[TEXT_NUMBER_SIZE], to[TEXT_NUMBER_SIZE], range[2 * TEXT_NUMBER_SIZE + 4];

		end = fit_row_end(fit, i);
		(void)format_size(fit->tries[i].limit_bytes, from);
		(void)format_size(fit->tries[end - 1].limit_bytes, to);
		text_format(range, sizeof(range), end - i > 1 ? "%s to %s" : "%s", from, to);
		(void)fprintf(out, "  %-24s %-15s %s\n", range, fit_outcome_name(outcome),
			fit_outcome_meaning(outcome));
	}
}

static void print_tries(const struct fit *fit, FILE *out)
{
	for (size_t i = 0; i < fit->count; i++) {
		const struct fit_try *try = &fit->tries[i];
		char limit[TEXT_NUMBER_SIZE], time[TEXT_NUMBER_SIZE];

		(void)fprintf(out, "  %-10s %" PRIu64 " of %" PRIu64 " passed, %s: %s\n",
			format_size(try->limit_bytes, limit), try->passed, try->runs,
			try->end.wall_ms == FIT_UNKNOWN ? "time not known"
							: format_duration(try->end.wall_ms, time),
			try->end.summary);
	}
}

void fit_print_text(const struct fit *fit, FILE *out)
{
	char time[TEXT_NUMBER_SIZE];

	print_head(fit, out);
	print_answer(fit, out);
	if (fit->count == 0)
		return;
	(void)fputs("\noutcome by limit:\n", out);
	print_map(fit, out);
	(void)fputs("\nwhat gave way first:\n", out);
	print_tries(fit, out);
	(void)fprintf(
		out, "\n%" PRIu64 " runs, %s\n", fit->runs, format_duration(fit->elapsed_ms, time));
}
