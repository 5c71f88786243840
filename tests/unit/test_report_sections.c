/* SPDX-License-Identifier: MIT
 *
 * The report as JSON: streams and other bytes of the workload, refusals, ends, kills.
 */
#include "report/json.h"

#include "report/utf8.h"
#include "report_assert.h"
#include "report_shapes.h"
#include "witness/last_words.h"

static void test_utf8(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *text;
	} rows[] = {
		{ "", 0, "" },
		{ "plain\n", 6, "plain\n" },
		{ "é€𝄞", 9, "é€𝄞" },
		{ "a\0b", 3,
			"a\xef\xbf\xbd"
			"b" },
		{ "\xff", 1, "\xef\xbf\xbd" },
		{ "\xc0\x80", 2, "\xef\xbf\xbd\xef\xbf\xbd" },                 /* overlong */
		{ "\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* surrogate */
		{ "\xf4\x90\x80\x80", 4, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xe2\x82", 2, "\xef\xbf\xbd\xef\xbf\xbd" }, /* cut in a character */
		{ "\xe2\x82z", 3, "\xef\xbf\xbd\xef\xbf\xbdz" },
	};
	uint32_t random = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *text = utf8_json(rows[i].bytes, rows[i].size);

		assert_non_null(text);
		assert_string_equal(json_string_value(text), rows[i].text);
		json_decref(text);
	}
	/* whatever the bytes are, there is a text, and nothing is lost but what had to be */
	for (int round = 0; round < 5000; round++) {
		char bytes[24];
		json_t *text;

		for (size_t i = 0; i < sizeof(bytes); i++) {
			random = random * 1664525u + 1013904223u;
			bytes[i] = (char)(random >> 24);
		}
		text = utf8_json(bytes, sizeof(bytes));
		assert_non_null(text);
		assert_in_range(json_string_length(text), sizeof(bytes), 3 * sizeof(bytes));
		json_decref(text);
	}
}

static void test_binary_streams_and_names(void **state)
{
	static const char *const argv[] = { "\xff\xfe", "a\tb", "", NULL };
	static char edge[STREAM_EDGE_BYTES + 100];
	struct sample *sample = new_sample();
	json_t *report;

	(void)state;
	for (size_t i = 0; i < sizeof(edge); i++)
		edge[i] = (char)i; /* every byte there is */
	sample->facts.argv = argv;
	sample->facts.cwd = "/\xc3(";
	text_copy(sample->evidence.main_command, sizeof(sample->evidence.main_command), "\x80x");
	sample->facts.stderr_facts = (struct stream_facts){ .tapped = true,
		.bytes = 1 << 20,
		.head = edge,
		.head_size = sizeof(edge),
		.tail = edge,
		.tail_size = 300 };
	report = sample_reread(sample, "binary");
	assert_text(report, "command.argv.0", "\xef\xbf\xbd\xef\xbf\xbd");
	assert_text(report, "command.argv.1", "a\tb");
	assert_text(report, "command.argv.2", "");
	assert_text(report, "command.cwd", "/\xef\xbf\xbd(");
	assert_text(report, "command.name", "\xef\xbf\xbdx");
	assert_number(report, "streams.stderr.bytes", 1 << 20);
	/* 128 of 256 byte values stand for themselves, NUL and 128 others become three bytes; the
	 * bytes beyond STREAM_EDGE_BYTES are left out */
	assert_in_range(json_string_length(report_at(report, "streams.stderr.head")),
		STREAM_EDGE_BYTES, 2 * STREAM_EDGE_BYTES + STREAM_EDGE_BYTES / 64);
	json_decref(report);
	free(sample);
}

static void test_streams(void **state)
{
	struct sample *sample = new_sample();
	json_t *report;

	(void)state;
	report = sample_reread(sample, "streams_both");
	assert_text(report, "streams.stdout.head", "hello\n");
	assert_number(report, "streams.stderr.bytes", 0); /* known: nothing came */
	assert_length(report, "streams.inherited", 0);
	json_decref(report);

	sample->facts.stdout_facts.merged = sample->facts.stderr_facts.merged = true;
	report = sample_reread(sample, "streams_merged");
	assert_true(json_is_true(report_at(report, "streams.stdout.merged")));
	assert_absent(report, "streams.stderr");
	assert_length(report, "streams.inherited", 0);
	json_decref(report);

	sample->facts.stdout_facts = sample->facts.stderr_facts = (struct stream_facts){ 0 };
	report = sample_reread(sample, "streams_inherited");
	assert_absent(report, "streams.stdout");
	assert_absent(report, "streams.stderr");
	assert_length(report, "streams.inherited", 2);
	json_decref(report);
	free(sample);
}

static void test_refusals(void **state)
{
	struct sample *sample = new_sample();
	struct refusals *refusals = &sample->evidence.refusals;
	json_t *report;

	(void)state;
	report = sample_reread(sample, "refusals_none");
	assert_number(report, "alloc_failures.count", 0); /* watched from inside: a known zero */
	assert_null_member(report, "alloc_failures.first");
	assert_length(report, "alloc_failures.witnesses", 3);
	json_decref(report);

	refusals->covered = 0; /* a static program: the witness was there and saw nobody */
	report = sample_reread(sample, "refusals_uncovered");
	assert_null_member(report, "alloc_failures.count");
	assert_number(report, "alloc_failures.coverage.covered", 0);
	json_decref(report);

	refused(sample, CAUSE_RLIMIT_DATA);
	refusals->hard = 5;
	refusals->by_cause[CAUSE_RLIMIT_DATA] = 3;
	refusals->by_cause[CAUSE_INJECTED] = 2;
	refusals->injected = 2;
	refusals->retried = 7;
	refusals->covered = 2;
	sample->facts.processes_seen = counter_of(3);
	text_list_add(&sample->facts.uncovered, "static-tool");
	report = sample_reread(sample, "refusals_some");
	assert_number(report, "alloc_failures.count", 5);
	assert_number(report, "alloc_failures.retried", 7);
	assert_number(report, "alloc_failures.impossible", 0);
	assert_number(report, "alloc_failures.injected", 2);
	assert_int_equal(json_object_size(report_at(report, "alloc_failures.causes")), 2);
	assert_number(report, "alloc_failures.causes.rlimit_data", 3);
	assert_number(report, "alloc_failures.first.request_bytes", 15 * GIB / 2);
	assert_text(report, "alloc_failures.first.cause", "rlimit_data");
	assert_text(report, "alloc_failures.first.source_line", "/home/me/script.py:1");
	assert_number(report, "alloc_failures.first.at_ms", 120);
	assert_number(report, "alloc_failures.coverage.processes", 3);
	assert_text(report, "alloc_failures.coverage.uncovered.0", "static-tool");
	assert_int_equal(json_array_size(report_at(report, "alloc_failures.first.backtrace")), 0);
	json_decref(report);

	sample->facts.backtrace = &sample_backtrace;
	report = sample_reread(sample, "refusals_backtrace");
	assert_int_equal(json_array_size(report_at(report, "alloc_failures.first.backtrace")), 3);
	assert_text(report, "alloc_failures.first.backtrace.0.module", "/home/me/job");
	assert_number(report, "alloc_failures.first.backtrace.0.offset", 0x1182);
	assert_text(report, "alloc_failures.first.backtrace.0.function", "load");
	assert_text(report, "alloc_failures.first.backtrace.0.source", "/home/me/job.c:12");
	assert_null_member(report, "alloc_failures.first.backtrace.2.offset");
	assert_null_member(report, "alloc_failures.first.backtrace.2.function");
	assert_null_member(report, "alloc_failures.first.backtrace.2.source");
	assert_text(report, "alloc_failures.first.backtrace_note", "there are more calls");
	json_decref(report);
	sample->facts.backtrace = NULL;

	refusals->first.boottime_us = 4999999; /* before the run: the process wrote nonsense */
	refusals->first.source_line[0] = '\0';
	report = sample_reread(sample, "refusals_odd_time");
	assert_null_member(report, "alloc_failures.first.at_ms");
	assert_null_member(report, "alloc_failures.first.source_line");
	json_decref(report);
	free(sample);
}

static void test_ends(void **state)
{
	struct sample *sample = new_sample();
	json_t *report;

	(void)state;
	dies(sample, SIGRTMIN + 3);
	report = sample_reread(sample, "end_signal");
	assert_number(report, "exit.signal", (uint64_t)SIGRTMIN + 3);
	assert_text(report, "exit.signal_name", "SIGRTMIN+3");
	assert_true(json_is_false(report_at(report, "exit.core_dumped")));
	assert_absent(report, "exit.code");
	json_decref(report);

	not_found(sample); /* 127 is ours, not the command's */
	report = sample_reread(sample, "end_exec");
	assert_null_member(report, "exit");
	assert_text(report, "start.state", "exec_failed");
	assert_text(report, "start.stage", "exec");
	assert_number(report, "start.errno", ENOENT);
	assert_text(report, "start.errno_name", "ENOENT");
	assert_text(report, "command.name", "no-such-program");
	json_decref(report);

	quiet(sample);
	interrupted(sample);
	report = sample_reread(sample, "end_interrupted");
	assert_text(report, "act.kind", "interrupted");
	assert_number(report, "act.at_ms", 5000);
	assert_text(report, "act.signal_name", "SIGINT");
	json_decref(report);
	free(sample);
}

static void test_snapshot(void **state)
{
	static const struct snapshot snapshot = { .taken = true,
		.closely = true,
		.at_us = 5200000,
		.in_use = 250 * MIB,
		.seen = 3,
		.count = 2,
		.processes = { { .pid = 4712,
				       .command = "ja\xffva",
				       .threads = { true, 30 },
				       .rss_bytes = { true, 240 * MIB },
				       .anon_bytes = { true, 231 * MIB },
				       .mapping_count = 2,
				       .mappings = { { .name = "[anon]",
							     .count = 7,
							     .size_bytes = GIB,
							     .rss_bytes = { true, 210 * MIB } },
					       { .name = "/opt/\x1b[1m", .size_bytes = MIB } } },
			{ .pid = 4711, .command = "sh" } } };
	struct last_words words = { .asked = true,
		.known = true,
		.at_us = 5300000,
		.held_us = 8000,
		.pid = 4712,
		.command = "java",
		.source_line = "Main.java:3" };
	struct sample sample;
	json_t *report;

	(void)state;
	quiet(&sample);
	report = sample_report(&sample);
	assert_null_member(report, "snapshot");
	assert_null_member(report, "last_words");
	json_decref(report);
	sample.facts.snapshot = &snapshot;
	sample.facts.last_words = &words;
	sample.facts.last_calls = &sample_backtrace;
	report = sample_report(&sample);
	assert_number(report, "snapshot.at_ms", 200);
	assert_number(report, "snapshot.memory_bytes", 250 * MIB);
	assert_number(report, "snapshot.process_count", 3);
	assert_length(report, "snapshot.processes", 2);
	assert_number(report, "snapshot.processes.0.threads", 30);
	assert_null_member(report, "snapshot.processes.0.file_bytes");
	assert_number(report, "snapshot.processes.0.mappings.0.rss_bytes", 210 * MIB);
	assert_null_member(report, "snapshot.processes.0.mappings.1.rss_bytes");
	assert_null_member(report, "snapshot.processes.1.mappings");
	assert_number(report, "last_words.held_us", 8000);
	assert_text(report, "last_words.source_line", "Main.java:3");
	assert_length(report, "last_words.backtrace", 3);
	assert_text(report, "last_words.note", "there are more calls");
	json_decref(report);
}

static void test_kills(void **state)
{
	struct sample *sample = new_sample();
	json_t *report;

	(void)state;
	ancestor(sample);
	killed(sample, 0, OWNER_UNKNOWN, "");
	sample->evidence.kills[1].log.file_bytes = (struct counter){ 0 };
	report = sample_reread(sample, "kills");
	assert_number(report, "oom_kills.0.pid", 4711);
	assert_true(json_is_true(report_at(report, "oom_kills.0.is_main")));
	assert_number(report, "oom_kills.0.rss_bytes", 256 * MIB);
	assert_text(report, "oom_kills.0.limit_owner", "ancestor");
	assert_text(report, "oom_kills.0.limit_group", "/docker/abc");
	assert_absent(report, "oom_kills.1.pid");
	assert_null_member(report, "oom_kills.1.rss_bytes"); /* a part is missing: no sum */
	assert_null_member(report, "oom_kills.1.limit_group");
	assert_text(report, "oom_kills.1.limit_owner", "unknown");
	assert_text(report, "limit_owner.path", "/docker/abc");
	assert_number(report, "limit_owner.limit_bytes", 128 * MIB);
	json_decref(report);

	sample->judgement.owner_ancestor = 2; /* outside the list */
	report = sample_reread(sample, "kills_owner_unlisted");
	assert_null_member(report, "limit_owner");
	json_decref(report);
	free(sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_binary_streams_and_names),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_snapshot),
		cmocka_unit_test(test_kills),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
