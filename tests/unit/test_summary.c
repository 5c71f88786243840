/* SPDX-License-Identifier: MIT
 *
 * The one-line summary: its sentences against tests/golden/summary.txt (MEMCAGE_UPDATE_GOLDEN=1
 * writes that file anew), and what must never come through from a workload.
 */
#include "report/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "report/phrases.h"
#include "report/words.h"
#include "report_cases.h"

#define GOLDEN MEMCAGE_SOURCE_DIR "/tests/golden/summary.txt"

static void test_golden(void **state)
{
	bool update = getenv("MEMCAGE_UPDATE_GOLDEN") != NULL;
	FILE *golden = fopen(GOLDEN, update ? "w" : "r");
	char expected[2 * SUMMARY_SIZE], actual[2 * SUMMARY_SIZE], line[SUMMARY_SIZE];

	(void)state;
	assert_non_null(golden);
	for (size_t i = 0; i < REPORT_CASE_COUNT; i++) {
		json_t *report = case_report(&report_cases[i]);

		assert_non_null(report);
		summary_line(report, line, sizeof(line));
		json_decref(report);
		(void)snprintf(actual, sizeof(actual), "%s: %s\n", report_cases[i].name, line);
		if (update) {
			assert_true(fputs(actual, golden) >= 0);
			continue;
		}
		assert_non_null(fgets(expected, sizeof(expected), golden));
		assert_string_equal(actual, expected);
	}
	if (!update)
		assert_null(fgets(expected, sizeof(expected), golden));
	assert_int_equal(fclose(golden), 0);
}

static void test_every_reason_has_a_case_and_a_sentence(void **state)
{
	(void)state;
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		const struct report_case *found = NULL;
		char name[64], line[SUMMARY_SIZE];
		json_t *bare;

		for (size_t i = 0; i < REPORT_CASE_COUNT; i++)
			if ((int)report_cases[i].reason == reason)
				found = &report_cases[i];
		if (found == NULL)
			fail_msg("no case for %s", reason_name((enum reason)reason));
		/* even a report that holds nothing else has a sentence of its own */
		(void)snprintf(name, sizeof(name), "%s/%s", verdict_name(found->verdict),
			reason_name(found->reason));
		bare = json_pack("{s:s, s:s}", "verdict", verdict_name(found->verdict), "reason",
			reason_name(found->reason));
		if (!phrase_say(bare, name, line, sizeof(line)))
			fail_msg("no sentence for a bare %s", name);
		assert_true(strlen(line) > 1);
		json_decref(bare);
	}
}

static bool phrase_exists(const char *name)
{
	for (const struct phrase *phrase = phrases; phrase->name != NULL; phrase++)
		if (strcmp(phrase->name, name) == 0)
			return true;
	return false;
}

/* A misspelt word would only make a sentence silently poorer. */
static void test_templates_name_what_exists(void **state)
{
	(void)state;
	for (const struct phrase *phrase = phrases; phrase->name != NULL; phrase++) {
		int depth = 0;

		assert_false(word_exists(phrase->name));
		for (const char *at = phrase->template; *at != '\0'; at++) {
			size_t length = strcspn(at + 1, "}=");
			char name[64];

			depth += (*at == '[') - (*at == ']');
			assert_in_range(depth, 0, 2);
			if (*at != '{')
				continue;
			assert_true(length < sizeof(name));
			text_copy(name, length + 1, at + 1);
			if (*name == '?' ? !word_exists(name + 1)
					 : !word_exists(name) && !phrase_exists(name))
				fail_msg("%s: no such word: %s", phrase->name, name);
		}
		assert_int_equal(depth, 0);
	}
}

/* Names come from the workload: a terminal must not obey them. */
static void test_harmless(void **state)
{
	static const char *const evil = "a\033]0;x\a\nb\xc2\x9b"
					"1m\xe2\x80\xae"
					"c\x7f"
					"d\xffé";
	struct sample *sample = malloc(sizeof(*sample));
	char line[SUMMARY_SIZE];
	json_t *report;

	(void)state;
	assert_non_null(sample);
	quiet(sample);
	memory_error(sample);
	text_copy(sample->evidence.refusals.first.command,
		sizeof(sample->evidence.refusals.first.command), evil);
	sample->judgement.verdict = VERDICT_ALLOC_FAILURE;
	sample->judgement.reason = REASON_REFUSED;
	report = sample_report(sample);
	assert_non_null(report);
	summary_line(report, line, sizeof(line));
	/* the byte that was no UTF-8 is U+FFFD in the report already */
	assert_non_null(strstr(line, "a?]0;x??b?1m?c?d\xef\xbf\xbdé asked for 7.5 GiB"));
	json_decref(report);
	free(sample);
}

/* Every size gives a whole beginning of the sentence, ended, and never half a character. */
static void test_cut(void **state)
{
	json_t *report = json_pack(
		"{s:s, s:s, s:[s]}", "verdict", "é€𝄞", "reason", "new", "because", "ü");
	char whole[64], part[64];

	(void)state;
	summary_line(report, whole, sizeof(whole));
	assert_string_equal(whole, "é€𝄞, new: ü");
	for (size_t size = 1; size <= sizeof(part); size++) {
		json_t *check;

		memset(part, 'x', sizeof(part));
		summary_line(report, part, size);
		assert_true(strlen(part) < size);
		assert_memory_equal(part, whole, strlen(part));
		check = json_string(part); /* refuses what is not UTF-8 */
		assert_non_null(check);
		json_decref(check);
	}
	json_decref(report);
}

static void test_strange_reports(void **state)
{
	static const struct {
		const char *json, *summary;
	} rows[] = {
		{ "{}", "a report without a verdict" },
		{ "[]", "a report without a verdict" },
		{ "{\"verdict\":7}", "a report without a verdict" },
		{ "{\"verdict\":\"new\",\"reason\":\"thing\"}", "new, thing" },
		{ "{\"verdict\":\"ok\",\"reason\":\"clean\"}", "ok" },
		{ "{\"verdict\":\"ok\",\"reason\":\"clean\",\"time\":{\"wall_ms\":-3},"
		  "\"memory\":{\"peak_bytes\":\"much\"}}",
			"ok" },
		{ "{\"verdict\":\"ok\",\"reason\":\"clean\",\"memory\":{\"peak_bytes\":1e300}}",
			"ok: 16 EiB" },
		{ "{\"verdict\":\"use\",\"reason\":\"x\"}", "use, x" },
		{ "{\"verdict\":\"{limit}[\",\"reason\":\"]\"}", "{limit}[, ]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *report = json_loads(rows[i].json, 0, NULL);
		char line[SUMMARY_SIZE];

		assert_non_null(report);
		summary_line(report, line, sizeof(line));
		assert_string_equal(line, rows[i].summary);
		json_decref(report);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_every_reason_has_a_case_and_a_sentence),
		cmocka_unit_test(test_templates_name_what_exists),
		cmocka_unit_test(test_harmless),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_strange_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
