/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "commands/operands.h"
#include "commands/sweep.h"

#define FRAMES_SHOWN 6
#define NUMBERS_SIZE 160

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static void print_head(const struct sweep *sweep, FILE *out)
{
	const struct sweep_ledger *ledger = &sweep->ledger;
	char time[TEXT_NUMBER_SIZE];

	(void)fputs("memcage sweep: ", out);
	operands_print(sweep->options, out);
	(void)fprintf(out, "\n%" PRIu64 " request%s for memory by %s", ledger->requests,
		ledger->requests == 1 ? "" : "s", sweep->command);
	if (ledger->tried == ledger->requests)
		(void)fputs(", each refused once", out);
	else
		(void)fprintf(out, ", %" PRIu64 " of them refused, %s", ledger->tried,
			sweep->budget_spent ? "spread evenly: the budget is spent"
					    : "then it was ended early");
	(void)fprintf(out, "; %s\n\n", format_duration(sweep->elapsed_ms, time));
}

static void print_histogram(const struct sweep_ledger *ledger, FILE *out)
{
	for (int i = 0; i < SWEEP_OUTCOMES; i++) {
		enum sweep_outcome outcome = (enum sweep_outcome)i;

		if (ledger->outcomes[i] > 0 || i <= SWEEP_WRONG)
			(void)fprintf(out, "  %-12s %8" PRIu64 "  %s\n",
				sweep_outcome_name(outcome), ledger->outcomes[i],
				sweep_outcome_meaning(outcome));
	}
}

static void print_frames(const json_t *asked, FILE *out)
{
	const json_t *frames = json_object_get(asked, "backtrace"), *frame;
	size_t i;

	json_array_foreach(frames, i, frame)
	{
		const char *function = text_of(frame, "function"),
			   *source = text_of(frame, "source");
		bool has_source = source[0] != '\0';

		if (i == FRAMES_SHOWN) {
			(void)fprintf(out, "    ... %zu more\n", json_array_size(frames) - i);
			break;
		}
		(void)fprintf(out, "    %s", function[0] != '\0' ? function : "?");
		if (has_source)
			(void)fprintf(out, "  %s\n", source);
		else
			(void)fprintf(out, "  %s+0x%" PRIx64 "\n",
				base_name(text_of(frame, "module")),
				(uint64_t)json_integer_value(json_object_get(frame, "offset")));
	}
	if (json_array_size(frames) == 0)
		(void)fputs("    by which calls is not known\n", out);
}

static void print_stack(const struct sweep *sweep, size_t index, FILE *out)
{
	const struct sweep_stack *stack = &sweep->ledger.stacks[index];
	const struct sweep_try *try = &sweep->ledger.tries[stack->first - 1];
	const char *line = text_of(stack->asked, "source_line");
	char numbers[NUMBERS_SIZE], size[TEXT_NUMBER_SIZE];
	const char *name = try->signal != 0 ? sigabbrev_np(try->signal) : NULL;
	char *replay = sweep_replay_line(sweep, stack->first);

	sweep_numbers(&sweep->ledger, index, numbers, sizeof(numbers));
	(void)fprintf(out, "\n%s", sweep_outcome_name(stack->outcome));
	if (stack->outcome == SWEEP_CRASH && name != NULL)
		(void)fprintf(out, " (SIG%s)", name);
	(void)fprintf(out, ": request %s: %s of %s%s%s\n", numbers,
		text_of(stack->asked, "function"),
		format_size((uint64_t)json_integer_value(
				    json_object_get(stack->asked, "request_bytes")),
			size),
		line[0] != '\0' ? " at " : "", line);
	print_frames(stack->asked, out);
	(void)fprintf(out, "  %s\n", replay != NULL ? replay : "(no memory for the command line)");
	free(replay);
}

void sweep_print_text(const struct sweep *sweep, FILE *out)
{
	print_head(sweep, out);
	print_histogram(&sweep->ledger, out);
	for (size_t i = 0; i < sweep->ledger.stack_count; i++)
		print_stack(sweep, i, out);
}
