/* SPDX-License-Identifier: MIT
 *
 * A report in people's words: one whole text against tests/golden/report.txt
 * (MEMCAGE_UPDATE_GOLDEN=1 writes it anew), what is refused and how that is said, and what must not
 * come through.
 */
#include "report/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "memcage/memcage.h"
#include "report_cases.h"

#define GOLDEN MEMCAGE_SOURCE_DIR "/tests/golden/report.txt"

/* The text of a report that is given away; the caller frees it. */
static char *text_of(json_t *report)
{
	char *json = json_dumps(report, REPORT_DUMP_FLAGS), *text = NULL;
	struct memcage_failure failure;

	assert_non_null(json);
	json_decref(report);
	if (memcage_report_text(json, strlen(json), "r.json", &text, &failure) < 0)
		fail_msg("%s", failure.detail);
	free(json);
	return text;
}

static json_t *rich_report(void)
{
	struct sample *sample = malloc(sizeof(*sample));
	struct report_facts *facts;
	json_t *report;

	assert_non_null(sample);
	quiet(sample);
	facts = &sample->facts;
	refused(sample, CAUSE_AT_LIMIT_FAIL);
	says(sample, "python", "MemoryError");
	ancestor(sample);
	sample->judgement.verdict = VERDICT_OOM_KILL;
	sample->judgement.reason = REASON_ANCESTOR_LIMIT;
	sample->judgement.victim = VICTIM_MAIN;
	sample->judgement.confidence = CONFIDENCE_CERTAIN;
	sample->judgement.because_count = 2;
	text_copy(sample->judgement.because[0], BECAUSE_SIZE,
		"the kernel log names /docker/abc as the group whose limit was hit");
	text_copy(sample->judgement.because[1], BECAUSE_SIZE, "the main process ended by SIGKILL");
	facts->backtrace = &sample_backtrace;
	facts->timeline_count = sizeof(growth) / sizeof(*growth);
	facts->wall_time_ms = 5000;
	facts->pids = 64;
	facts->residual_bytes = counter_of(4096);
	facts->killed_at_end = counter_of(2);
	raw_counters_add(&facts->before, "memory.events oom_kill", counter_of(0));
	raw_counters_add(&facts->after, "memory.events oom_kill", counter_of(1));
	raw_counters_add(&facts->after, "memory.events new", counter_of(2));
	raw_counters_add(&facts->after, "memory.events lost", (struct counter){ 0 });
	text_list_add(&facts->uncovered, "static-tool");
	text_list_add(&facts->degraded, "no pid namespace");
	text_list_add(&facts->warnings, "an outer limit is lower than the one asked for");
	facts->stdout_facts.merged = true;
	facts->stdout_facts.bytes = 200;
	facts->stdout_facts.tail = "1\n2\n3\n4\n5\n6\n7\n8\n9 \n\tten\n\n\033[31mred  \nlast";
	facts->stdout_facts.tail_size = strlen(facts->stdout_facts.tail);
	report = sample_report(sample);
	assert_non_null(report);
	/* this machine must not show in the golden text */
	assert_int_equal(json_object_set_new(report, "host",
				 json_pack("{s:s, s:s, s:i}", "kernel", "6.1.0", "cgroup_mode",
					 "v2", "cpus", 2)),
		0);
	assert_int_equal(json_object_set_new(
				 json_object_get(report, "tool"), "version", json_string("0.0.0")),
		0);
	free(sample);
	return report;
}

static void test_golden(void **state)
{
	char *text = text_of(rich_report()), expected[16384];
	bool update = getenv("MEMCAGE_UPDATE_GOLDEN") != NULL;
	FILE *golden = fopen(GOLDEN, update ? "w" : "r");
	size_t length;

	(void)state;
	assert_non_null(golden);
	if (update) {
		assert_true(fputs(text, golden) >= 0);
	} else {
		length = fread(expected, 1, sizeof(expected) - 1, golden);
		expected[length] = '\0';
		assert_string_equal(text, expected);
	}
	assert_int_equal(fclose(golden), 0);
	free(text);
}

/* For every case: the summary first, lines that end where their words end, nothing harmful. */
static void test_every_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < REPORT_CASE_COUNT; i++) {
		char *text = text_of(case_report(&report_cases[i]));
		char verdict[64];

		(void)snprintf(verdict, sizeof(verdict), "\nVerdict      %s / %s, confidence %s",
			verdict_name(report_cases[i].verdict), reason_name(report_cases[i].reason),
			confidence_name(report_cases[i].confidence));
		assert_non_null(strstr(text, verdict));
		assert_null(strstr(text, " \n"));
		assert_null(strstr(text, "\n\n\n"));
		assert_true(text[strlen(text) - 1] == '\n');
		for (const char *at = text; *at != '\0'; at++)
			assert_true(*at == '\n' || ((unsigned char)*at >= ' ' && *at != 0x7f));
		free(text);
	}
}

static void test_refused_texts(void **state)
{
	static const struct {
		const char *json, *detail;
	} rows[] = {
		{ "", "r.json:1:1: " },
		{ "{\"schema\":\n \"memcage.report/1\",}", "r.json:2:" },
		{ "{\"verdict\":\"ok\",\"verdict\":\"ok\"}", "duplicate object key" },
		{ "{\"schema\":\"memcage.report/1\"} {", "one report at a time" },
		{ "[]", "r.json:1:1: no report: it has no member \"schema\"" },
		{ "{\"schema\":1}", "no report" },
		{ "{\"schema\":\"memcage.doctor/1\"}", "this is \"memcage.doctor/1\"" },
		{ "{\"schema\":\"memcage.report/2\"}", "use the memcage that wrote it" },
		{ "{\"schema\":\"memcage.report/1\"}", "no verdict and reason" },
		{ "{\"a\":\x1b", "r.json:1:" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct memcage_failure failure = { 0 };
		char *text = NULL;

		assert_int_equal(memcage_report_text(rows[i].json, strlen(rows[i].json), "r.json",
					 &text, &failure),
			-EINVAL);
		assert_null(text);
		if (strstr(failure.detail, rows[i].detail) == NULL)
			fail_msg("\"%s\" does not hold \"%s\"", failure.detail, rows[i].detail);
		assert_non_null(strchr(failure.detail, ';')); /* what to do */
		assert_null(strchr(failure.detail, '\x1b'));
		assert_int_equal(failure.error_number, EINVAL);
	}
}

/* Every member but three may be missing, or be of any other type. */
static void test_strange_members(void **state)
{
	static const char *const strange[] = { "null", "7", "-1.5", "\"\\u001b[2J\\u0000\"", "[]",
		"[null,7,[]]", "{}", "{\"a\":{}}", "true" };
	json_t *whole = rich_report();
	const char *name;
	json_t *value;

	(void)state;
	json_object_foreach(whole, name, value)
	{
		bool needed = strcmp(name, "schema") == 0 || strcmp(name, "verdict") == 0 ||
			      strcmp(name, "reason") == 0;

		for (size_t i = 0; !needed && i < sizeof(strange) / sizeof(*strange); i++) {
			json_t *report = json_copy(whole);
			char *text;

			assert_int_equal(json_object_set_new(report, name,
						 json_loads(strange[i],
							 JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)),
				0);
			text = text_of(report);
			assert_null(strchr(text, '\x1b'));
			free(text);
		}
	}
	json_decref(whole);
}

static void test_smallest(void **state)
{
	char *text = text_of(json_pack(
		"{s:s, s:s, s:s}", "schema", REPORT_SCHEMA, "verdict", "ok", "reason", "clean"));

	(void)state;
	assert_string_equal(text, "ok\n\nVerdict      ok / clean\nEnded        not known\n");
	free(text);
}

/* A long line is cut in front of a character, not within. */
static void test_long_line(void **state)
{
	char line[400];
	json_t *report;
	char *text;

	(void)state;
	for (size_t before = 155; before <= 160; before++) {
		memset(line, 'x', before);
		(void)snprintf(line + before, sizeof(line) - before, "\xf0\x9d\x84\x9e%0100d", 0);
		report = json_pack("{s:s, s:s, s:s, s:{s:{s:i, s:s}}}", "schema", REPORT_SCHEMA,
			"verdict", "ok", "reason", "clean", "streams", "stderr", "bytes", 300,
			"head", line);
		assert_non_null(report);
		text = text_of(report);
		assert_non_null(strstr(text, "...\n"));
		assert_null(strchr(text, '?'));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_every_case),
		cmocka_unit_test(test_refused_texts),
		cmocka_unit_test(test_strange_members),
		cmocka_unit_test(test_smallest),
		cmocka_unit_test(test_long_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
