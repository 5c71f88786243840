/* SPDX-License-Identifier: MIT
 *
 * report_assert.h - reading a report back from its text, and what its members must be. Every report
 * read so is written to $MEMCAGE_REPORT_DIR, where that is set, to be checked against the schema
 * (tests/validate_reports.py).
 */
#ifndef MEMCAGE_TESTS_REPORT_ASSERT_H
#define MEMCAGE_TESTS_REPORT_ASSERT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "report/lookup.h"
#include "report_sample.h"

/* The report after a way through its text, as every reader sees it. report is given away. */
static inline json_t *reread(json_t *report, const char *name)
{
	const char *directory = getenv("MEMCAGE_REPORT_DIR");
	json_error_t error;
	json_t *again;
	char *text;

	assert_non_null(report);
	text = json_dumps(report, REPORT_DUMP_FLAGS);
	json_decref(report);
	assert_non_null(text);
	if (directory != NULL) {
		char path[512];
		FILE *file;

		(void)snprintf(path, sizeof(path), "%s/report-%s.json", directory, name);
		file = fopen(path, "w");
		if (file == NULL)
			fail_msg("cannot write %s", path);
		assert_true(fputs(text, file) >= 0);
		assert_int_equal(fclose(file), 0);
	}
	again = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (again == NULL)
		fail_msg("%s: %s", name, error.text);
	free(text);
	return again;
}

static inline json_t *sample_reread(struct sample *sample, const char *name)
{
	return reread(sample_report(sample), name);
}

static inline struct sample *new_sample(void)
{
	struct sample *sample = malloc(sizeof(*sample));

	assert_non_null(sample);
	quiet(sample);
	return sample;
}

static inline void assert_text(const json_t *report, const char *path, const char *expected)
{
	const char *text = json_string_value(report_at(report, path));

	if (text == NULL || strcmp(text, expected) != 0)
		fail_msg("%s is %s, not %s", path, text != NULL ? text : "no text", expected);
}

static inline void assert_number(const json_t *report, const char *path, uint64_t expected)
{
	uint64_t number;

	if (!report_number(report, path, &number) || number != expected)
		fail_msg("%s is not %llu", path, (unsigned long long)expected);
}

static inline void assert_null_member(const json_t *report, const char *path)
{
	if (!json_is_null(report_at(report, path)))
		fail_msg("%s is not null", path);
}

static inline void assert_absent(const json_t *report, const char *path)
{
	if (report_at(report, path) != NULL)
		fail_msg("%s is there", path);
}

static inline void assert_length(const json_t *report, const char *path, size_t expected)
{
	const json_t *list = report_at(report, path);

	if (!json_is_array(list) || json_array_size(list) != expected)
		fail_msg("%s has not %zu items", path, expected);
}

#endif
