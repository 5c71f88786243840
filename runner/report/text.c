/* SPDX-License-Identifier: MIT */
#include "report/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "report/json.h"
#include "report/lookup.h"
#include "report/phrases.h"
#include "report/summary.h"
#include "report/utf8.h"

#define LABEL_WIDTH 13
#define LINE_SIZE 2048

void text_label(FILE *out, const char *label)
{
	(void)fprintf(out, "%-*s", LABEL_WIDTH, label);
}

void text_harmless(FILE *out, const char *text)
{
	while (*text != '\0') {
		bool harmless;
		size_t length = utf8_character(text, &harmless);

		if (harmless)
			(void)fwrite(text, 1, length, out);
		else
			(void)fputc('?', out);
		text += length;
	}
}

/* One entry of the text: a template, or a function for what has several lines. */
struct entry {
	const char *label;
	const char *template;                           /* left out where it does not fit */
	void (*print)(const json_t *report, FILE *out); /* instead of both */
};

/* clang-format off */
static const struct entry entries[] = {
	{ "Verdict", "{verdict}[ / {reason}][, confidence {confidence}][, victim: {victim}]" },
	{ .print = text_print_because },
	{ .print = text_print_command },
	{ "Directory", "{cwd}" },
	{ "Started", "{started_at}" },
	{ "Ended", "{ending}[ after {wall}][; processor time {user} user, {system} system]" },
	{ "Limits", "{limits}" },
	{ .print = text_print_allowed },
	{ "In force", "{effective}, {effective_where}" },
	{ .print = text_print_ancestors },
	{ "Memory",
	  "peak {used}[ of {limit}][, known to within {peak_uncertainty}][; swap "
	  "{swap_peak}]" },
	{ "", "anonymous {anon}[, files {file}][, shared {shmem}][, kernel {kernel}]" },
	{ "", "{residual} still charged when everything had ended (files in memory)" },
	{ .print = text_print_timeline },
	{ .print = text_print_counters },
	{ .print = text_print_refusals },
	{ .print = text_print_backtrace },
	{ "In runtime",
	  "{failed_runtime} was out of memory[ in {failed_name}][: {failed_text}]" },
	{ "Message", "{message}[ ({runtime})]" },
	{ .print = text_print_kills },
	{ .print = text_print_snapshot },
	{ .print = text_print_last_words },
	{ "Processes",
	  "{processes_peak} at once[, {killed_at_end} left over and killed at the end]" },
	{ .print = text_print_streams },
	{ .print = text_print_enforcement },
	{ "Host",
	  "Linux {host_kernel}[, cgroups {cgroup_mode}][, {host_memory} of memory][, "
	  "{cpus} processors]" },
	{ "Overhead", "{setup} to set up[, {teardown} to clean up][; memcage {version}]" },
	{ .print = text_print_warnings },
};
/* clang-format on */

void text_print(const json_t *report, FILE *out)
{
	char line[LINE_SIZE];

	summary_line(report, line, sizeof(line));
	(void)fprintf(out, "%s\n\n", line);
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
		const struct entry *entry = &entries[i];

		if (entry->print != NULL) {
			entry->print(report, out);
		} else if (phrase_expand(report, entry->template, line, sizeof(line))) {
			text_label(out, entry->label);
			(void)fprintf(out, "%s\n", line);
		}
	}
}

/* jansson's message may quote the text, which may hold anything. */
static void printable(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static int parse(const char *json, size_t length, const char *name, json_t **ret_report,
	struct memcage_failure *reterr_failure)
{
	json_error_t error;
	const char *remedy = "is this a report as memcage run --report writes it?";

	*ret_report = json_loadb(json, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (*ret_report != NULL)
		return 0;
	if (json_error_code(&error) == json_error_out_of_memory)
		return failure_errno(reterr_failure, ENOMEM, "%s", name);
	if (json_error_code(&error) == json_error_end_of_input_expected)
		remedy = "give one report at a time, not all the lines of a batch";
	printable(error.text);
	return failure_set(reterr_failure, EINVAL, "%s:%d:%d: %s; %s", name, error.line,
		error.column > 0 ? error.column : 1, error.text, remedy);
}

static int check(const json_t *report, const char *name, struct memcage_failure *reterr_failure)
{
	static const char family[] = "memcage.report/";
	const char *schema = report_text(report, "schema");
	char shown[64] = "";

	if (!json_is_object(report) || schema == NULL)
		return failure_set(reterr_failure, EINVAL,
			"%s:1:1: no report: it has no member \"schema\"; is this a file that "
			"memcage run"
			" --report wrote?",
			name);
	(void)snprintf(shown, sizeof(shown), "%s", schema);
	printable(shown);
	if (strncmp(schema, family, sizeof(family) - 1) != 0)
		return failure_set(reterr_failure, EINVAL,
			"%s:1:1: this is \"%s\", not \"%s\"; give a file that memcage run --report "
			"wrote",
			name, shown, REPORT_SCHEMA);
	if (strcmp(schema, REPORT_SCHEMA) != 0)
		return failure_set(reterr_failure, EINVAL,
			"%s:1:1: this report is \"%s\", and memcage %s reads \"%s\"; use the "
			"memcage that"
			" wrote it",
			name, shown, MEMCAGE_VERSION, REPORT_SCHEMA);
	if (report_text(report, "verdict") == NULL || report_text(report, "reason") == NULL)
		return failure_set(reterr_failure, EINVAL,
			"%s:1:1: the report has no verdict and reason; it was cut or changed: run "
			"the"
			" command again",
			name);
	return 0;
}

/* Lines end where their words end, also those that quote the workload. */
static void cut_trailing_blanks(char *text)
{
	char *to = text,
	     *end = text; /* end: behind the last character of the line that is no blank */

	for (const char *from = text; *from != '\0'; from++) {
		if (*from == '\n')
			to = end;
		*to++ = *from;
		if (*from != ' ')
			end = to;
	}
	*to = '\0';
}

int memcage_report_text(const char *json, size_t length, const char *name, char **ret_text,
	struct memcage_failure *reterr_failure)
{
	char *text = NULL;
	size_t size = 0;
	json_t *report;
	FILE *out;
	int result = parse(json, length, name, &report, reterr_failure);

	if (result < 0)
		return result;
	result = check(report, name, reterr_failure);
	if (result == 0) {
		out = open_memstream(&text, &size);
		if (out != NULL)
			text_print(report, out);
		if (out == NULL || ferror(out) != 0 || fclose(out) != 0) {
			result = failure_errno(reterr_failure, ENOMEM, "%s", name);
			free(text);
		}
	}
	json_decref(report);
	if (result < 0)
		return result;
	cut_trailing_blanks(text);
	*ret_text = text;
	return 0;
}
