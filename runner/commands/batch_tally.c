/* SPDX-License-Identifier: MIT */
#include "commands/batch_tally.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define SHOW_INTERVAL_US 200000
#define BAR_WIDTH 20

void tally_begin(struct tally *tally)
{
	tally->begun_us = clock_us();
}

void tally_add(struct tally *tally, const char *verdict)
{
	int i = 0;

	tally->done++;
	while (i < TALLY_VERDICTS - 1 && tally->verdicts[i].name != NULL &&
		strcmp(tally->verdicts[i].name, verdict) != 0)
		i++;
	tally->verdicts[i].name = verdict;
	tally->verdicts[i].count++;
}

__attribute__((format(printf, 3, 4))) static void append(
	char *text, size_t size, const char *format, ...)
{
	size_t length = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text + length, size - length, format, arguments);
	va_end(arguments);
}

static void append_verdicts(const struct tally *tally, char *text, size_t size)
{
	const char *before = ": ";

	for (int i = 0; i < TALLY_VERDICTS && tally->verdicts[i].name != NULL; i++) {
		append(text, size, "%s%zu %s", before, tally->verdicts[i].count,
			tally->verdicts[i].name);
		before = ", ";
	}
	if (tally->errors > 0)
		append(text, size, "; %zu %s", tally->errors,
			tally->errors == 1 ? "error" : "errors");
	if (tally->skipped > 0)
		append(text, size, "; %zu done before", tally->skipped);
}

static double per_second(const struct tally *tally, uint64_t now_us)
{
	uint64_t us = now_us - tally->begun_us;

	return us == 0 ? 0 : (double)tally->done * 1e6 / (double)us;
}

/* How much is done of an input whose size is known; what was read and still runs counts half. */
static void append_bar(
	const struct tally *tally, uint64_t read_bytes, uint64_t now_us, char *text, size_t size)
{
	double share = (double)read_bytes / (double)tally->input_bytes, left_us;
	char time[TEXT_NUMBER_SIZE];
	int full;

	if (share > 1)
		share = 1; /* the file has grown */
	if (tally->done + tally->running > 0)
		share *= ((double)tally->done + (double)tally->running / 2) /
			 (double)(tally->done + tally->running);
	full = (int)(share * BAR_WIDTH);
	append(text, size, "[%.*s%*s] ", full, "####################", BAR_WIDTH - full, "");
	if (share <= 0 || tally->done == 0)
		return;
	left_us = (double)(now_us - tally->begun_us) * (1 - share) / share;
	append(text, size, "%s left, ", format_duration((uint64_t)(left_us / 1000), time));
}

void tally_show(struct tally *tally, uint64_t read_bytes)
{
	uint64_t now_us = clock_us();
	char text[512] = "";

	if (now_us < tally->shown_us + SHOW_INTERVAL_US)
		return;
	tally->shown_us = now_us;
	if (tally->input_bytes > 0)
		append_bar(tally, read_bytes, now_us, text, sizeof(text));
	append(text, sizeof(text), "%zu done, %zu running, %.1f a second", tally->done,
		tally->running, per_second(tally, now_us));
	append_verdicts(tally, text, sizeof(text));
	(void)fprintf(stderr, "\r\033[K%s", text);
}

void tally_hide(const struct tally *tally)
{
	if (tally->shown_us != 0)
		(void)fputs("\r\033[K", stderr);
}

void tally_sum(const struct tally *tally, char *text, size_t size)
{
	uint64_t now_us = clock_us();
	char time[TEXT_NUMBER_SIZE];

	(void)snprintf(text, size, "%zu %s in %s (%.1f a second)", tally->done,
		tally->done == 1 ? "run" : "runs",
		format_duration((now_us - tally->begun_us) / 1000, time),
		per_second(tally, now_us));
	append_verdicts(tally, text, size);
}
