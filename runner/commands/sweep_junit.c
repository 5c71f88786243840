/* SPDX-License-Identifier: MIT
 *
 * sweep_junit.c - the sweep as one JUnit test suite: a test case that passes for all requests whose
 * refusal did no harm, and one that fails for each distinct call stack of a bad outcome.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "commands/sweep.h"
#include "report/utf8.h"

#define NUMBERS_SIZE 400

static const char *entity_of(char character)
{
	switch (character) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return NULL;
	}
}

/* XML 1.0 has no way to say most control characters, and none for what is no UTF-8. */
static void print_escaped(FILE *out, const char *text)
{
	while (*text != '\0') {
		bool harmless;
		size_t length = utf8_character(text, &harmless);

		if (entity_of(*text) != NULL)
			(void)fputs(entity_of(*text), out);
		else if (harmless)
			(void)fwrite(text, 1, length, out);
		else
			(void)fputc('?', out);
		text += length;
	}
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

/* The innermost frame that has a name. */
static const char *place_of(const json_t *asked)
{
	const json_t *frame;
	size_t i;

	json_array_foreach(json_object_get(asked, "backtrace"), i,
		frame) if (text_of(frame, "function")[0] != '\0') return text_of(frame, "function");
	return "an unknown place";
}

static void print_frames(const json_t *asked, FILE *out)
{
	const json_t *frame;
	size_t i;

	json_array_foreach(json_object_get(asked, "backtrace"), i, frame)
	{
		print_escaped(out, text_of(frame, "function"));
		(void)fputs(" (", out);
		print_escaped(out, text_of(frame, "module"));
		(void)fprintf(out, "+0x%" PRIx64 ") ",
			(uint64_t)json_integer_value(json_object_get(frame, "offset")));
		print_escaped(out, text_of(frame, "source"));
		(void)fputc('\n', out);
	}
}

static void print_stack(const struct sweep *sweep, size_t index, FILE *out)
{
	const struct sweep_stack *stack = &sweep->ledger.stacks[index];
	const char *outcome = sweep_outcome_name(stack->outcome);
	char *replay = sweep_replay_line(sweep, stack->first);
	char numbers[NUMBERS_SIZE];

	sweep_numbers(&sweep->ledger, index, numbers, sizeof(numbers));
	(void)fputs("  <testcase classname=\"memcage.sweep\" name=\"", out);
	print_escaped(out, place_of(stack->asked));
	(void)fprintf(out, ", request %" PRIu64 "\">\n    <failure type=\"%s\" message=\"%s",
		stack->first, outcome, outcome);
	(void)fprintf(out, " when request %s is refused\">", numbers);
	print_escaped(out, replay != NULL ? replay : "");
	(void)fputc('\n', out);
	print_frames(stack->asked, out);
	(void)fputs("    </failure>\n  </testcase>\n", out);
	free(replay);
}

char *sweep_junit(const struct sweep *sweep)
{
	const struct sweep_ledger *ledger = &sweep->ledger;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	(void)fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite tests=\"%zu\" "
		"failures=\"%zu\" errors=\"0\" skipped=\"0\" time=\"%.3f\" name=\"memcage sweep",
		ledger->stack_count + 1, ledger->stack_count, (double)sweep->elapsed_ms / 1000);
	for (int i = 0; i < sweep->options->operand_count; i++) {
		(void)fputc(' ', out);
		print_escaped(out, sweep->options->operands[i]);
	}
	(void)fprintf(out,
		"\">\n  <testcase classname=\"memcage.sweep\" name=\"%" PRIu64 " of %" PRIu64
		" refused requests handled or told\"/>\n",
		ledger->outcomes[SWEEP_HANDLED] + ledger->outcomes[SWEEP_CLEAN_ERROR],
		ledger->tried);
	for (size_t i = 0; i < ledger->stack_count; i++)
		print_stack(sweep, i, out);
	(void)fputs("</testsuite>", out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
