/* SPDX-License-Identifier: MIT
 *
 * The parts of the text that have several lines. */
#include "report/text.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "report/lookup.h"
#include "report/phrases.h"

#define ARGUMENTS_SHOWN 40
#define LINE_SIZE 1024
#define CALLS_SHOWN 8

/* One line for each text of the list, the first with the label. */
static void print_texts(const json_t *report, const char *path, const char *label, FILE *out)
{
	const json_t *list = report_at(report, path);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));

		text_label(out, i == 0 ? label : "");
		text_harmless(out, text != NULL ? text : "?");
		(void)fputc('\n', out);
	}
}

void text_print_because(const json_t *report, FILE *out)
{
	print_texts(report, "because", "Because", out);
}

void text_print_warnings(const json_t *report, FILE *out)
{
	print_texts(report, "warnings", "Warning", out);
}

void text_print_enforcement(const json_t *report, FILE *out)
{
	const json_t *mechanisms = report_at(report, "enforcement.mechanisms");
	const char *backend = report_text(report, "enforcement.backend");

	if (backend != NULL) {
		text_label(out, "Enforced by");
		text_harmless(out, backend);
		for (size_t i = 0; i < json_array_size(mechanisms); i++) {
			const char *mechanism = json_string_value(json_array_get(mechanisms, i));

			(void)fputs(i == 0 ? ": " : ", ", out);
			text_harmless(out, mechanism != NULL ? mechanism : "?");
		}
		(void)fputc('\n', out);
	}
	print_texts(report, "enforcement.degraded", "Degraded", out);
}

/* An argument as a shell would take it. */
static void print_argument(const char *argument, FILE *out)
{
	bool plain = *argument != '\0' && strpbrk(argument, " \t\n\"'\\$&|;<>()*?#`") == NULL;
	const char *quote;

	if (plain) {
		text_harmless(out, argument);
		return;
	}
	(void)fputc('\'', out);
	for (; (quote = strchr(argument, '\'')) != NULL; argument = quote + 1) {
		char part[LINE_SIZE];

		text_copy(part,
			(size_t)(quote - argument) + 1 < sizeof(part)
				? (size_t)(quote - argument) + 1
				: sizeof(part),
			argument);
		text_harmless(out, part);
		(void)fputs("'\\''", out);
	}
	text_harmless(out, argument);
	(void)fputc('\'', out);
}

void text_print_command(const json_t *report, FILE *out)
{
	const json_t *argv = report_at(report, "command.argv");
	size_t count = json_array_size(argv);

	if (count == 0)
		return;
	text_label(out, "Command");
	for (size_t i = 0; i < count && i < ARGUMENTS_SHOWN; i++) {
		const char *argument = json_string_value(json_array_get(argv, i));

		if (i > 0)
			(void)fputc(' ', out);
		print_argument(argument != NULL ? argument : "?", out);
	}
	if (count > ARGUMENTS_SHOWN)
		(void)fprintf(out, " ... and %zu more", count - ARGUMENTS_SHOWN);
	(void)fputc('\n', out);
}

/* Templates under one label; those that do not fit are left out. */
static void print_lines(
	const json_t *report, const char *label, const char *const *templates, FILE *out)
{
	for (; *templates != NULL; templates++) {
		char line[LINE_SIZE];

		if (!phrase_expand(report, *templates, line, sizeof(line)))
			continue;
		text_label(out, label);
		(void)fprintf(out, "%s\n", line);
		label = "";
	}
}

void text_print_allowed(const json_t *report, FILE *out)
{
	static const char *const lines[] = {
		"{wall_limit} of time",
		"{cpu_limit} of processor time",
		"{stall_limit} without progress at the limit",
		"{pids_limit} processes",
		"{output_limit} of output on each stream",
		NULL,
	};

	print_lines(report, "Allowed", lines, out);
}

void text_print_ancestors(const json_t *report, FILE *out)
{
	const json_t *ancestors = report_at(report, "ancestors");
	const char *label = "Above it";

	for (size_t i = 0; i < json_array_size(ancestors); i++) {
		const json_t *ancestor = json_array_get(ancestors, i);
		const char *path = report_text(ancestor, "path");
		char number[TEXT_NUMBER_SIZE];
		uint64_t limit;

		if (path == NULL || !report_number(ancestor, "limit_bytes", &limit))
			continue;
		text_label(out, label);
		(void)fprintf(out, "%s for ", format_size(limit, number));
		text_harmless(out, path);
		(void)fputc('\n', out);
		label = "";
	}
}

/* Counters whose reading after the run differs from the one before. */
void text_print_counters(const json_t *report, FILE *out)
{
	json_t *after = (json_t *)(uintptr_t)report_at(report, "events.after"); /* only iterated */
	const json_t *before = report_at(report, "events.before");
	const char *label = "Counters", *name;
	json_t *value;

	json_object_foreach(after, name, value)
	{
		const json_t *old = json_object_get(before, name);

		if (!json_is_integer(value) || json_equal(old, value))
			continue;
		text_label(out, label);
		text_harmless(out, name);
		if (json_is_integer(old))
			(void)fprintf(out,
				": %" JSON_INTEGER_FORMAT " -> %" JSON_INTEGER_FORMAT "\n",
				json_integer_value(old), json_integer_value(value));
		else
			(void)fprintf(out, ": not known -> %" JSON_INTEGER_FORMAT "\n",
				json_integer_value(value));
		label = "";
	}
}

void text_print_refusals(const json_t *report, FILE *out)
{
	static const char *const lines[] = {
		"{refusals} refused[, {retried} retried with success][, {impossible} impossible]"
		"[, {injected} of them by order][; largest {largest}]",
		"{?cause}first: {asked}[, {function}()][, in process {refused_pid}][, at "
		"{refused_at}]",
		"{cause}: {cause_detail}",
		"{coverage}",
		NULL,
	};
	const json_t *uncovered = report_at(report, "alloc_failures.coverage.uncovered");

	print_lines(report, "Allocations", lines, out);
	if (json_array_size(uncovered) > 0)
		print_texts(report, "alloc_failures.coverage.uncovered", "Not watched", out);
}

/* "inner() at a.c:4", "/usr/lib/libx.so+0x1182": the source where it is known, else the file. */
static void print_call(const json_t *frame, FILE *out)
{
	const char *function = report_text(frame, "function"),
		   *source = report_text(frame, "source"), *module = report_text(frame, "module");
	uint64_t offset;

	if (function != NULL) {
		text_harmless(out, function);
		(void)fputs(strchr(function, '(') == NULL ? "() " : " ", out);
	}
	if (source != NULL) {
		(void)fputs("at ", out);
		text_harmless(out, source);
	} else if (module != NULL) {
		(void)fputs(function != NULL ? "in " : "", out);
		text_harmless(out, base_name(module));
		if (report_number(frame, "offset", &offset))
			(void)fprintf(out, "+0x%" PRIx64, offset);
	} else if (function == NULL) {
		(void)fputc('?', out);
	}
	(void)fputc('\n', out);
}

/* note: why there may be more, or NULL */
static void print_calls(const json_t *frames, const char *note, FILE *out)
{
	size_t count = json_array_size(frames);

	for (size_t i = 0; i < count && i < CALLS_SHOWN; i++) {
		text_label(out, i == 0 ? "Called from" : "");
		print_call(json_array_get(frames, i), out);
	}
	if (count > CALLS_SHOWN) {
		text_label(out, "");
		(void)fprintf(out, "... and %zu more\n", count - CALLS_SHOWN);
	}
	if (note != NULL) {
		text_label(out, count == 0 ? "Called from" : "");
		(void)fputc('(', out);
		text_harmless(out, note);
		(void)fputs(")\n", out);
	}
}

void text_print_backtrace(const json_t *report, FILE *out)
{
	print_calls(report_at(report, "alloc_failures.first.backtrace"),
		report_text(report, "alloc_failures.first.backtrace_note"), out);
}

void text_print_last_words(const json_t *report, FILE *out)
{
	const char *command = report_text(report, "last_words.command"),
		   *line = report_text(report, "last_words.source_line");
	uint64_t pid;

	if (!json_is_object(report_at(report, "last_words")))
		return;
	text_label(out, "Last words");
	text_harmless(out, command != NULL ? command : "nobody");
	if (report_number(report, "last_words.pid", &pid))
		(void)fprintf(out, " (pid %" PRIu64 ")", pid);
	if (line != NULL) {
		(void)fputs(" was at ", out);
		text_harmless(out, line);
	}
	(void)fputc('\n', out);
	print_calls(report_at(report, "last_words.backtrace"),
		report_text(report, "last_words.note"), out);
}

void text_print_kills(const json_t *report, FILE *out)
{
	const json_t *kills = report_at(report, "oom_kills");

	for (size_t i = 0; i < json_array_size(kills); i++) {
		const json_t *kill = json_array_get(kills, i);
		const char *command = report_text(kill, "command"),
			   *group = report_text(kill, "limit_group");
		char number[TEXT_NUMBER_SIZE];
		uint64_t value;

		text_label(out, i == 0 ? "OOM kills" : "");
		text_harmless(out, command != NULL ? command : "a process");
		if (report_number(kill, "pid", &value))
			(void)fprintf(out, " (pid %" PRIu64 ")", value);
		if (report_number(kill, "rss_bytes", &value))
			(void)fprintf(out, ", %s resident", format_size(value, number));
		if (group != NULL) {
			(void)fputs(", limit of ", out);
			text_harmless(out, group);
		}
		(void)fputc('\n', out);
	}
}
