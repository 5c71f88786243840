/* SPDX-License-Identifier: MIT
 *
 * What held the memory near the limit.
 */
#include <inttypes.h>

#include "base/text.h"
#include "report/lookup.h"
#include "report/text.h"

#define PROCESSES_SHOWN 4
#define MAPPINGS_SHOWN 3

/* ": [anon] 210 MiB, libx.so 2 MiB" */
static void print_mappings(const json_t *process, FILE *out)
{
	const json_t *mappings = report_at(process, "mappings");

	for (size_t i = 0; i < json_array_size(mappings) && i < MAPPINGS_SHOWN; i++) {
		const json_t *mapping = json_array_get(mappings, i);
		const char *name = report_text(mapping, "name");
		char number[TEXT_NUMBER_SIZE];
		uint64_t bytes;

		if (name == NULL)
			continue;
		(void)fputs(i == 0 ? ": " : ", ", out);
		text_harmless(out, base_name(name));
		if (report_number(mapping, "rss_bytes", &bytes))
			(void)fprintf(out, " %s", format_size(bytes, number));
	}
}

static void print_process(const json_t *process, FILE *out)
{
	const char *command = report_text(process, "command");
	char number[TEXT_NUMBER_SIZE];
	uint64_t value;

	text_harmless(out, command != NULL ? command : "a process");
	if (report_number(process, "pid", &value))
		(void)fprintf(out, " (pid %" PRIu64 ")", value);
	if (report_number(process, "rss_bytes", &value))
		(void)fprintf(out, " %s", format_size(value, number));
	print_mappings(process, out);
	(void)fputc('\n', out);
}

void text_print_snapshot(const json_t *report, FILE *out)
{
	const json_t *processes = report_at(report, "snapshot.processes");
	char number[TEXT_NUMBER_SIZE], moment[TEXT_NUMBER_SIZE];
	uint64_t bytes, at_ms;

	if (!report_number(report, "snapshot.memory_bytes", &bytes) ||
		!report_number(report, "snapshot.at_ms", &at_ms))
		return;
	text_label(out, "Held by");
	(void)fprintf(out, "at %s in use, after %s:\n", format_size(bytes, number),
		format_duration(at_ms, moment));
	for (size_t i = 0; i < json_array_size(processes) && i < PROCESSES_SHOWN; i++) {
		text_label(out, "");
		print_process(json_array_get(processes, i), out);
	}
}
