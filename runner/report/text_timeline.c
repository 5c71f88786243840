/* SPDX-License-Identifier: MIT
 *
 * The memory of a run over its time, as a picture of '#'. */
#include "report/text.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "report/lookup.h"

#define COLUMNS 50
#define ROWS 6
#define SCALE_WIDTH 9 /* "255.9 MiB" */

struct chart {
	bool known[COLUMNS];
	uint64_t bytes[COLUMNS]; /* highest in that part of the time */
	uint64_t top_bytes, end_ms;
};

/* The time of the last point, and the highest memory. */
static void measure(const json_t *timeline, struct chart *chart)
{
	for (size_t i = 0; i < json_array_size(timeline); i++) {
		const json_t *point = json_array_get(timeline, i);
		uint64_t at_ms, bytes;

		if (!report_number(point, "at_ms", &at_ms) ||
			!report_number(point, "memory_bytes", &bytes))
			continue;
		if (at_ms > chart->end_ms)
			chart->end_ms = at_ms;
		if (bytes > chart->top_bytes)
			chart->top_bytes = bytes;
	}
}

static void fill(const json_t *timeline, struct chart *chart)
{
	for (size_t i = 0; i < json_array_size(timeline); i++) {
		const json_t *point = json_array_get(timeline, i);
		uint64_t at_ms, bytes;
		size_t column;

		if (!report_number(point, "at_ms", &at_ms) ||
			!report_number(point, "memory_bytes", &bytes))
			continue;
		column = (size_t)((double)at_ms / ((double)chart->end_ms + 1) * COLUMNS);
		if (column >= COLUMNS)
			column = COLUMNS - 1;
		if (!chart->known[column] || bytes > chart->bytes[column])
			chart->bytes[column] = bytes;
		chart->known[column] = true;
	}
	/* between two samples the last one stands */
	for (size_t column = 1; column < COLUMNS; column++) {
		if (!chart->known[column] && chart->known[column - 1]) {
			chart->known[column] = true;
			chart->bytes[column] = chart->bytes[column - 1];
		}
	}
}

static void print_chart(const struct chart *chart, FILE *out)
{
	char number[TEXT_NUMBER_SIZE];

	for (int row = ROWS; row > 0; row--) {
		/* a row is reached when memory is above the middle of it */
		double mark = (double)chart->top_bytes * (row - 0.5) / ROWS;

		text_label(out, row == ROWS ? "Timeline" : "");
		(void)fprintf(out, "%*s |", SCALE_WIDTH,
			row == ROWS ? format_size(chart->top_bytes, number) : "");
		for (size_t column = 0; column < COLUMNS; column++) {
			bool reached = chart->known[column] && (double)chart->bytes[column] >= mark;

			(void)fputc(reached ? '#' : ' ', out);
		}
		(void)fputc('\n', out);
	}
	text_label(out, "");
	(void)fprintf(out, "%*s +", SCALE_WIDTH, "0");
	for (size_t column = 0; column < COLUMNS; column++)
		(void)fputc('-', out);
	(void)fprintf(out, " %s\n", format_duration(chart->end_ms, number));
}

void text_print_timeline(const json_t *report, FILE *out)
{
	const json_t *timeline = report_at(report, "timeline");
	struct chart chart = { 0 };
	uint64_t limit;

	measure(timeline, &chart);
	if (json_array_size(timeline) < 2 || chart.end_ms == 0 || chart.top_bytes == 0)
		return;
	/* near the limit, show how near */
	if (report_number(report, "memory.limit_bytes", &limit) && limit > chart.top_bytes &&
		limit / 2 < chart.top_bytes)
		chart.top_bytes = limit;
	fill(timeline, &chart);
	print_chart(&chart, out);
}
