/* SPDX-License-Identifier: MIT
 *
 * The report as JSON: every verdict and reason, what is not known, and how large it may get.
 */
#include "report/json.h"

#include "report/sections.h"
#include "report_assert.h"
#include "report_cases.h"

/* Dates are counted by ourselves: the C library's are the same. */
static void test_dates(void **state)
{
	static const time_t moments[] = { 1, 86399, 86400, 68169600 /* 29 February 1972 */,
		951782400 /* 29 February 2000 */, 951868799, 951868800, 1704067199, 1735603200,
		4107542400 /* 1 March 2100, after no leap day */, 253402300799 };
	static struct report_facts facts;

	(void)state;
	for (size_t i = 0; i < 4000 + sizeof(moments) / sizeof(*moments); i++) {
		char expected[40];
		struct tm parts;
		json_t *text;

		/* beside those, a moment of every 41st day or so */
		facts.started_at.tv_sec = i < 4000 ? (time_t)i * 3600007 + 1 : moments[i - 4000];
		assert_non_null(gmtime_r(&facts.started_at.tv_sec, &parts));
		assert_true(
			strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.000Z", &parts) > 0);
		text = section_started_at(&facts);
		assert_string_equal(json_string_value(text), expected);
		json_decref(text);
	}
	facts.started_at.tv_sec = 0;
	assert_true(json_is_null(section_started_at(&facts)));
}

static void test_every_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < REPORT_CASE_COUNT; i++) {
		const struct report_case *row = &report_cases[i];
		json_t *report = reread(case_report(row), row->name);

		assert_text(report, "schema", "memcage.report/1");
		assert_text(report, "verdict", verdict_name(row->verdict));
		assert_text(report, "reason", reason_name(row->reason));
		assert_text(report, "confidence", confidence_name(row->confidence));
		if (row->victim == VICTIM_NONE)
			assert_null_member(report, "victim");
		else
			assert_text(report, "victim", victim_name(row->victim));
		assert_length(report, "because", 1);
		json_decref(report);
	}
}

static void test_members(void **state)
{
	struct sample *sample = new_sample();
	json_t *report;

	(void)state;
	memory_error(sample);
	below(sample, "/a", GIB);
	report = sample_reread(sample, "members");
	assert_length(report, "command.argv", 2);
	assert_text(report, "command.argv.1", "script.py");
	assert_text(report, "command.cwd", "/home/me");
	assert_text(report, "command.name", "python3");
	assert_number(report, "command.pid", 4711);
	assert_text(report, "start.state", "done");
	assert_number(report, "exit.code", 1);
	assert_absent(report, "exit.signal");
	assert_null_member(report, "act");
	assert_number(report, "limits.memory_bytes", 256 * MIB);
	assert_number(report, "limits.swap_bytes", 0); /* known: none is allowed */
	assert_null_member(report, "limits.wall_time_ms");
	assert_text(report, "limits.at_limit", "fail");
	assert_number(report, "limits.effective_bytes", 256 * MIB);
	assert_text(report, "limits.effective_owner", "own");
	assert_length(report, "ancestors", 1);
	assert_number(report, "ancestors.0.limit_bytes", GIB);
	assert_text(report, "enforcement.backend", "v2");
	assert_length(report, "enforcement.mechanisms", 2);
	assert_length(report, "enforcement.degraded", 0);
	assert_number(report, "memory.peak_bytes", 412 * MIB / 10);
	assert_number(report, "memory.shmem_bytes", 0); /* known to be none */
	assert_null_member(report, "memory.residual_bytes");
	json_decref(report);
	free(sample);
}

static void test_raw_counters(void **state)
{
	struct sample *sample = new_sample();
	const json_t *after;
	json_t *report;

	(void)state;
	raw_counters_add(&sample->facts.after, "memory.events oom", (struct counter){ 0 });
	raw_counters_add(&sample->facts.after, "memory.events oom_kill", counter_of(3));
	report = sample_reread(sample, "raw_counters");
	after = report_at(report, "events.after");
	assert_int_equal(json_object_size(after), 3);
	assert_true(json_is_null(json_object_get(after, "memory.events oom")));
	assert_int_equal(json_integer_value(json_object_get(after, "memory.events oom_kill")), 3);
	assert_int_equal(json_object_size(report_at(report, "events.before")), 1);
	json_decref(report);
	free(sample);
}

/* Nothing is known: not one number of the run may stand there as if it were. */
static void test_unknown_is_never_zero(void **state)
{
	static const char *const unknown[] = { "exit", "act", "signature", "limit_owner", "victim",
		"started_at", "memory.peak_bytes", "memory.peak_uncertainty_bytes",
		"memory.swap_peak_bytes", "memory.anon_bytes", "memory.file_bytes",
		"memory.shmem_bytes", "memory.kernel_bytes", "memory.residual_bytes",
		"rises.oom_kills", "rises.local_ooms", "rises.limit_hits", "rises.host_oom_kills",
		"rises.pids_refused", "rises.oomd_kills", "processes.peak",
		"processes.killed_at_end", "time.user_ms", "time.system_ms", "alloc_failures.count",
		"alloc_failures.retried", "alloc_failures.impossible", "alloc_failures.injected",
		"alloc_failures.first", "alloc_failures.largest_bytes", "alloc_failures.was_last",
		"alloc_failures.coverage.processes", "host.memory_bytes", "host.swap_bytes",
		"host.overcommit_memory", "host.cgroup_mode", "policy", "command.cwd" };
	static const char *const absent[] = { "memory.limit_bytes", "limits.effective_bytes",
		"limits.rlimit_data_bytes", "command.pid", "start.errno", "streams.stdout",
		"streams.stderr" };
	static const char *const empty[] = { "command.argv", "ancestors", "oom_kills", "timeline",
		"warnings", "enforcement.mechanisms", "enforcement.degraded",
		"alloc_failures.witnesses", "alloc_failures.coverage.uncovered" };
	struct sample *sample = calloc(1, sizeof(*sample));
	struct report_facts *facts = &sample->facts;
	json_t *report;

	(void)state;
	assert_non_null(sample);
	facts->memory_bytes = facts->memory_high_bytes = facts->wall_time_ms = UINT64_MAX;
	facts->cpu_time_ms = facts->stall_ms = facts->pids = facts->output_bytes = UINT64_MAX;
	facts->overcommit_mode = -1;
	sample->judgement.verdict = VERDICT_INDETERMINATE;
	sample->judgement.reason = REASON_EVIDENCE_LOST;
	sample->judgement.owner_ancestor = -1;
	report = sample_reread(sample, "nothing_known");
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		assert_null_member(report, unknown[i]);
	for (size_t i = 0; i < sizeof(absent) / sizeof(*absent); i++)
		assert_absent(report, absent[i]);
	for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++)
		assert_length(report, empty[i], 0);
	json_decref(report);
	free(sample);
}

static void test_huge_numbers(void **state)
{
	struct sample *sample = new_sample();
	json_t *report;

	(void)state;
	unlimited(sample);
	refused(sample, CAUSE_IMPOSSIBLE_SIZE);
	below(sample, "/a", UINT64_MAX);
	sample->facts.swap_bytes = UINT64_MAX;
	sample->facts.timeline = NULL;
	sample->facts.timeline_count = 0;
	sample->evidence.refusals.first.request_bytes = UINT64_MAX;
	sample->evidence.refusals.largest_bytes = INT64_MAX;
	report = sample_reread(sample, "huge");
	assert_null_member(report, "limits.memory_bytes");
	assert_null_member(report, "limits.swap_bytes");
	assert_null_member(report, "limits.effective_bytes");
	assert_null_member(report, "memory.limit_bytes");
	assert_null_member(report, "ancestors.0.limit_bytes");
	assert_text(report, "limits.effective_owner", "none");
	/* no 64-bit integer in JSON's readers: a number all the same, not null, not negative */
	assert_true(json_is_real(report_at(report, "alloc_failures.first.request_bytes")));
	assert_true(json_number_value(report_at(report, "alloc_failures.first.request_bytes")) >
		    1.8e19);
	assert_number(report, "alloc_failures.largest_bytes", INT64_MAX);
	json_decref(report);
	free(sample);
}

#define MANY_ARGUMENTS 5000
#define MANY_POINTS 100000

static void test_long_lists(void **state)
{
	static const char *argv[MANY_ARGUMENTS + 1];
	struct timeline_point *points = calloc(MANY_POINTS, sizeof(*points));
	struct sample *sample = new_sample();
	uint64_t highest = 0, last_ms = 0;
	const json_t *timeline;
	json_t *report;

	(void)state;
	assert_non_null(points);
	for (size_t i = 0; i < MANY_ARGUMENTS; i++)
		argv[i] = "argument";
	for (size_t i = 0; i < MANY_POINTS; i++)
		points[i] = (struct timeline_point){ i * 10, i == 54321 ? GIB : MIB };
	sample->facts.argv = argv;
	sample->facts.timeline = points;
	sample->facts.timeline_count = MANY_POINTS;
	for (int i = 0; i < EVIDENCE_ANCESTORS_MAX; i++)
		below(sample, "/a", MIB);
	for (int i = 0; i < EVIDENCE_KILLS_MAX; i++)
		killed(sample, 100 + i, OWNER_OWN, "/b");
	for (int i = 0; i < TEXT_LIST_MAX + 3; i++)
		text_list_add(&sample->facts.warnings, "warning %d", i);
	report = sample_reread(sample, "long_lists");
	assert_length(report, "command.argv", MANY_ARGUMENTS);
	assert_length(report, "ancestors", EVIDENCE_ANCESTORS_MAX);
	assert_length(report, "oom_kills", EVIDENCE_KILLS_MAX);
	assert_length(report, "warnings", TEXT_LIST_MAX);
	timeline = report_at(report, "timeline");
	assert_in_range(json_array_size(timeline), 100, 512);
	for (size_t i = 0; i < json_array_size(timeline); i++) {
		uint64_t at_ms, bytes;

		assert_true(report_number(json_array_get(timeline, i), "at_ms", &at_ms));
		assert_true(report_number(json_array_get(timeline, i), "memory_bytes", &bytes));
		assert_true(i == 0 || at_ms > last_ms);
		last_ms = at_ms;
		highest = bytes > highest ? bytes : highest;
	}
	assert_true(highest == GIB); /* thinning keeps the peak */
	json_decref(report);
	free(points);
	free(sample);
}

static void test_time_and_host(void **state)
{
	struct sample *sample = new_sample();
	json_t *report;
	char *text;

	(void)state;
	report = sample_reread(sample, "time");
	assert_text(report, "started_at", "2023-11-14T22:13:20.123Z");
	assert_number(report, "time.wall_ms", 300);
	text = json_dumps(report_at(report, "overhead"), REPORT_DUMP_FLAGS);
	assert_string_equal(text, "{\"setup_ms\":1.25,\"teardown_ms\":0.3}");
	free(text);
	assert_number(report, "host.memory_bytes", 8 * GIB);
	assert_number(report, "host.swap_bytes", 0); /* a host without swap */
	assert_number(report, "host.overcommit_memory", 0);
	assert_non_null(report_text(report, "host.kernel"));
	assert_text(report, "tool.name", "memcage");
	assert_text(report, "tool.version", MEMCAGE_VERSION);
	json_decref(report);

	sample->facts.setup_ms = -1;
	sample->facts.teardown_ms = __builtin_nan("");
	report = sample_reread(sample, "time_unknown");
	assert_null_member(report, "overhead.setup_ms");
	assert_null_member(report, "overhead.teardown_ms");
	json_decref(report);
	free(sample);
}

static long allocations_left;

static void *scarce_malloc(size_t size)
{
	return allocations_left-- > 0 ? malloc(size) : NULL;
}

/* Memory runs out at every point in turn: there is no report then, never one that lacks a member.
 */
static void test_out_of_memory(void **state)
{
	struct sample *sample = new_sample();
	json_t *whole, *report = NULL;
	long points = 0;

	(void)state;
	memory_error(sample);
	ancestor(sample);
	whole = sample_report(sample);
	assert_non_null(whole);
	json_set_alloc_funcs(scarce_malloc, free);
	for (; report == NULL && points < 100000; points++) {
		allocations_left = points;
		report = sample_report(sample);
	}
	json_set_alloc_funcs(malloc, free);
	assert_true(points > 100);
	assert_true(json_equal(report, whole));
	json_decref(report);
	json_decref(whole);
	free(sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_every_case),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_raw_counters),
		cmocka_unit_test(test_unknown_is_never_zero),
		cmocka_unit_test(test_huge_numbers),
		cmocka_unit_test(test_long_lists),
		cmocka_unit_test(test_time_and_host),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
