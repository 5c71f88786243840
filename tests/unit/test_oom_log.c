/* SPDX-License-Identifier: MIT
 *
 * Kept logs: one kill behind every prefix, kills that overlap, what somebody else wrote, what is
 * cut, and more than fits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "explain_log.h"
#include "report/reproduce.h"

#define GROUP "/system.slice/docker-0123456789abcdef.scope"
#define OOM_KILL                                                                                   \
	"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/"                            \
	",mems_allowed=0-1,3,oom_memcg=" GROUP ",task_memcg=" GROUP ",task=java,pid=41,uid=7"
#define KILLED                                                                                     \
	"Memory cgroup out of memory: Killed process 41 (java) total-vm:9000kB, anon-rss:4096kB, " \
	"file-rss:8kB, shmem-rss:0kB, UID:7 pgtables:40kB oom_score_adj:-5"

static const char *const lines[] = {
	"java invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=-5",
	"CPU: 1 PID: 42 Comm: java Not tainted 5.10.0-8-amd64 #1 Debian 5.10.46-4",
	"memory: usage 8192kB, limit 8192kB, failcnt 3",
	"swap: usage 0kB, limit 4096kB, failcnt 0",
	"Memory cgroup stats for " GROUP ":",
	"anon 4194304",
	"file 2097152",
	"shmem 1048576",
	"slab 65536",
	"Tasks state (memory values in pages):",
	"[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
	"[     41]     7    41     2250     1026    40960        0            -5 java",
	"[     43]     7    43      250       26    40960        0            -5 a b] c",
	OOM_KILL,
	KILLED,
	"oom_reaper: reaped process 41 (java), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
};

#define LINE_COUNT (sizeof(lines) / sizeof(*lines))

static const struct {
	const char *prefix;
	enum log_origin origin;
	const char *at, *host;
} prefixes[] = {
	{ "", LOG_UNMARKED, "", "" },
	{ "[ 1234.567890] ", LOG_UNMARKED, "1234.567890", "" },
	{ "[    1.000001][ T4711] ", LOG_UNMARKED, "1.000001", "" },
	{ "[Thu Dec  7 00:05:14 2017] ", LOG_UNMARKED, "Thu Dec  7 00:05:14 2017", "" },
	{ "[Nov22 13:30] ", LOG_UNMARKED, "Nov22 13:30", "" },
	{ "[  +0.000012] ", LOG_UNMARKED, "0.000012", "" },
	{ "<4>[ 1234.567890] ", LOG_KERNEL, "1234.567890", "" },
	{ "<6>", LOG_KERNEL, "", "" },
	{ "kern  :warn  : [ 1234.567890] ", LOG_KERNEL, "1234.567890", "" },
	{ "kern  :info  : [Thu Dec  7 00:05:14 2017] ", LOG_KERNEL, "Thu Dec  7 00:05:14 2017",
		"" },
	{ "2024-01-07T00:05:14,567890+01:00 ", LOG_UNMARKED, "2024-01-07T00:05:14,567890+01:00",
		"" },
	{ "6,123,1234567890,-;", LOG_KERNEL, "1234.567890", "" },
	{ "6,123,1234567890,-,caller=T41;", LOG_KERNEL, "1234.567890", "" },
	{ "Jan  5 02:12:02 node-1 kernel: ", LOG_KERNEL, "Jan  5 02:12:02", "node-1" },
	{ "Jan  5 02:12:02.123456 node-1 kernel: ", LOG_KERNEL, "Jan  5 02:12:02.123456",
		"node-1" },
	{ "Jan  5 02:12:02 kernel: ", LOG_KERNEL, "Jan  5 02:12:02", "" },
	{ "Jan  5 02:12:02 node-1 kernel: [ 1234.567890] ", LOG_KERNEL, "Jan  5 02:12:02",
		"node-1" },
	{ "2024-01-07T00:05:14+0000 node-1 kernel: ", LOG_KERNEL, "2024-01-07T00:05:14+0000",
		"node-1" },
	{ "2024-01-07T00:05:14.123456+00:00 node-1 kernel: [    1.000001] ", LOG_KERNEL,
		"2024-01-07T00:05:14.123456+00:00", "node-1" },
	{ "2024-01-07T00:05:14Z node-1 kernel: ", LOG_KERNEL, "2024-01-07T00:05:14Z", "node-1" },
	{ "Sun 2024-01-07 00:05:14 UTC node-1 kernel: ", LOG_KERNEL, "Sun 2024-01-07 00:05:14 UTC",
		"node-1" },
	{ "Sun 2024-01-07 00:05:14 CEST node-1 kernel: ", LOG_KERNEL,
		"Sun 2024-01-07 00:05:14 CEST", "node-1" },
	{ "1704585914.123456 node-1 kernel: ", LOG_KERNEL, "1704585914.123456", "node-1" },
	{ "[ 1234.567890] node-1 kernel: ", LOG_KERNEL, "1234.567890", "node-1" },
	{ "<4>1 2024-01-07T00:05:14.123Z node-1 kernel - - - ", LOG_KERNEL,
		"2024-01-07T00:05:14.123Z", "node-1" },
	{ "2024-01-07T00:05:14.123456789Z stdout F ", LOG_CONTAINER,
		"2024-01-07T00:05:14.123456789Z", "" },
	{ "2024-01-07T00:05:14.123456789Z stderr F [ 1234.567890] ", LOG_CONTAINER,
		"2024-01-07T00:05:14.123456789Z", "" },
	{ "2024-01-07T00:05:14.123456789Z Jan  5 02:12:02 node-1 kernel: ", LOG_CONTAINER,
		"Jan  5 02:12:02", "node-1" },
	{ "[pod/watcher-x/main] 2024-01-07T00:05:14.1Z kern  :warn  : [ 1234.567890] ",
		LOG_CONTAINER, "2024-01-07T00:05:14.1Z", "" },
};

static char *behind(const char *prefix, const char *end, size_t first, size_t last)
{
	static char text[65536];
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = first; i < last; i++)
		length += (size_t)snprintf(
			text + length, sizeof(text) - length, "%s%s%s", prefix, lines[i], end);
	return text;
}

static void check_whole(const struct oom_incident *incident)
{
	const struct oom_victim *victim = &incident->victims[0];

	assert_int_equal(incident->scope, OOM_SCOPE_MEMCG_V2);
	assert_string_equal(incident->oom_memcg, GROUP);
	assert_string_equal(incident->task_memcg, GROUP);
	assert_string_equal(incident->mems_allowed, "0-1,3");
	assert_string_equal(incident->invoker, "java");
	assert_int_equal(incident->invoker_pid, 42);
	assert_string_equal(incident->gfp_mask, "0xcc0(GFP_KERNEL)");
	assert_string_equal(incident->kernel, "5.10.0-8-amd64");
	assert_int_equal(incident->amounts[OOM_LIMIT].value, 8 << 20);
	assert_int_equal(incident->amounts[OOM_FAILURES].value, 3);
	assert_int_equal(incident->amounts[OOM_SWAP_LIMIT].value, 4 << 20);
	assert_int_equal(oom_page_cache(incident).value, 1 << 20);
	assert_int_equal(incident->amounts[OOM_KERNEL].value, 65536);
	assert_int_equal(incident->task_count, 2);
	assert_string_equal(incident->tasks[1].command, "a b] c");
	assert_int_equal(incident->page_bytes, 4096);
	assert_int_equal(incident->victim_count, 1);
	assert_int_equal(victim->pid, 41);
	assert_string_equal(victim->command, "java");
	assert_int_equal(victim->user.value, 7);
	assert_int_equal(victim->anon_bytes.value, 4 << 20);
	assert_int_equal(victim->page_table_bytes.value, 40960);
	assert_int_equal(victim->oom_score_adj.value, -5);
	assert_true(victim->reaped && !victim->announced);
}

static void test_prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		for (int crlf = 0; crlf < 2; crlf++) {
			const char *text = behind(
				prefixes[i].prefix, crlf != 0 ? "\r\n" : "\n", 0, LINE_COUNT);
			struct explained *seen = explain_text_of("log", text);

			if (seen->explanation.count != 1)
				fail_msg("behind '%s': %zu incidents", prefixes[i].prefix,
					seen->explanation.count);
			check_whole(&seen->incidents[0]);
			assert_int_equal(seen->incidents[0].origin, prefixes[i].origin);
			assert_string_equal(seen->incidents[0].at, prefixes[i].at);
			assert_string_equal(seen->incidents[0].host, prefixes[i].host);
			assert_int_equal(seen->explanation.foreign.count, 0);
			free(seen);
		}
	}
}

/* What programs can write, in the kernel's words. */
static void test_others_are_not_believed(void **state)
{
	static const struct {
		const char *prefix, *writer;
		unsigned int told; /* sentences that stand at the beginning of what was written */
	} others[] = {
		{ "Jan  5 02:12:02 node-1 evil[4711]: ", "evil[4711]", 3 },
		{ "Jan  5 02:12:02 node-1 kernel[4711]: ", "kernel[4711]", 3 },
		{ "Jan  5 02:12:02 node-1 evil: kernel: ", "evil", 1 },
		{ "Jan  5 02:12:02 node-1 evil[1]: [ 1234.567890] ", "evil[1]", 0 },
		{ "2024-01-07T00:05:14+0000 node-1 evil[4711]: ", "evil[4711]", 3 },
		{ "2024-01-07T00:05:14.123Z node-1 evil[4711]: kernel: ", "evil[4711]", 1 },
		{ "[ 1234.567890] node-1 evil[4711]: ", "evil[4711]", 3 },
		{ "[ 1234.567890] evil[4711]: ", "evil[4711]", 3 },
		{ "12,123,1234567890,-;", "", 3 },
		{ "<12>[ 1234.567890] ", "", 3 },
		{ "<12>Jan  5 02:12:02 node-1 kernel: ", "kernel", 3 },
		{ "user  :warn  : [ 1234.567890] ", "", 3 },
		{ "daemon:notice: [ 1234.567890] ", "", 3 },
		{ "<12>1 2024-01-07T00:05:14.123Z node-1 evil 4711 - - ", "evil", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct explained *seen = explain_text_of(
			"log", behind(others[i].prefix, "\n", 0, LINE_COUNT));

		if (seen->explanation.count != 0 ||
			seen->explanation.foreign.count != others[i].told)
			fail_msg("'%s': %zu believed, %llu told", others[i].prefix,
				seen->explanation.count,
				(unsigned long long)seen->explanation.foreign.count);
		if (others[i].told > 0)
			assert_string_equal(seen->explanation.foreign.writer, others[i].writer);
		free(seen);
	}
}

/* A message of several lines is set in by journalctl; its further lines are of the same writer. */
static void test_continued_lines(void **state)
{
	struct explained *seen = explain_text_of("log",
		"Jan  5 02:12:02 node-1 evil[4711]: hello\n"
		"                                   " KILLED "\n" KILLED "\n"
		"Jan  5 02:12:02 node-1 kernel: x invoked oom-killer: gfp_mask=0x1, order=0, "
		"oom_score_adj=0\n"
		"Jan  5 02:12:02 node-1 kernel: active_anon:1 inactive_anon:2 isolated_anon:0\n"
		"                                active_file:4 inactive_file:4 isolated_file:0\n"
		"Jan  5 02:12:02 node-1 kernel: Out of memory: Killed process 5 (x) total-vm:8kB, "
		"anon-rss:4kB, file-rss:0kB, shmem-rss:0kB\n");

	(void)state;
	assert_int_equal(seen->explanation.count, 1);
	assert_int_equal(seen->incidents[0].victims[0].pid, 5);
	assert_int_equal(seen->incidents[0].amounts[OOM_ANON].value, 3 * 4096);
	assert_int_equal(seen->incidents[0].amounts[OOM_FILE].value, 8 * 4096);
	free(seen);
}

/* Two kills line by line: of two hosts, of two callers, and of one with nothing but process ids. */
static void test_interleaved(void **state)
{
	static const char *const pairs[][2] = {
		{ "Jan  5 02:12:02 a kernel: ", "Jan  5 02:12:02 b kernel: " },
		{ "[    1.000001][ T4711] ", "[    1.000001][ T4712] " },
	};
	struct explained *seen;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		char text[32768] = "";
		size_t length = 0;

		for (size_t j = 0; j < LINE_COUNT; j++)
			length += (size_t)snprintf(text + length, sizeof(text) - length,
				"%s%s\n%s%s\n", pairs[i][0], lines[j], pairs[i][1], lines[j]);
		seen = explain_text_of("log", text);
		assert_int_equal(seen->explanation.count, 2);
		check_whole(&seen->incidents[0]);
		seen->incidents[1].victims[0].reaped = true; /* by process id, of either */
		check_whole(&seen->incidents[1]);
		free(seen);
	}
	seen = explain_text_of("log",
		"[1.0] a invoked oom-killer: gfp_mask=0x1, order=0, oom_score_adj=0\n"
		"[1.0] [ pid ]   uid  tgid total_vm      rss name\n"
		"[1.0] [ 11]   0  11 5 5 a\n"
		"[1.0] b invoked oom-killer: gfp_mask=0x2, order=0, oom_score_adj=0\n"
		"[1.0] [ pid ]   uid  tgid total_vm      rss name\n"
		"[1.0] [ 12]   0  12 5 5 b\n"
		"[1.0] Out of memory: Killed process 11 (a) total-vm:20kB, anon-rss:20kB, "
		"file-rss:0kB, shmem-rss:0kB\n"
		"[1.0] Out of memory: Killed process 12 (b) total-vm:20kB, anon-rss:20kB, "
		"file-rss:0kB, shmem-rss:0kB\n");
	assert_int_equal(seen->explanation.count, 2);
	assert_string_equal(seen->incidents[0].invoker, "a");
	assert_int_equal(seen->incidents[0].victims[0].pid, 11);
	assert_string_equal(seen->incidents[1].invoker, "b");
	assert_int_equal(seen->incidents[1].victims[0].pid, 12);
	free(seen);
}

/* However a log is cut, nothing is made up: what is there is told, and one kill is one. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t first = 0; first < LINE_COUNT - 1; first++)
		for (size_t last = first + 1; last <= LINE_COUNT; last++) {
			const char *text = behind("[ 1.000000] ", "\n", first, last);
			struct explained *seen = explain_text_of("log", text);
			bool has_kill = strstr(text, "pid=41") != NULL ||
					strstr(text, "Killed process") != NULL;
			bool expected = has_kill || first == 0;

			if (seen->explanation.count != (expected ? 1 : 0))
				fail_msg("lines %zu to %zu: %zu incidents", first, last,
					seen->explanation.count);
			if (expected)
				assert_int_equal(seen->incidents[0].victim_count, has_kill ? 1 : 0);
			free(seen);
		}
}

static void test_long_paths(void **state)
{
	char text[8192], path[700];
	struct explained *seen;

	(void)state;
	/* longer than its field: unknown, not cut */
	memset(path, 'd', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	(void)snprintf(text, sizeof(text),
		"[1.0] "
		"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=%s,task_memcg=%s,"
		"task=java,pid=41,uid=7\n[1.0] " KILLED "\n",
		path, path);
	seen = explain_text_of("log", text);
	assert_int_equal(seen->explanation.count, 1);
	assert_int_equal(seen->incidents[0].victim_count, 1);
	assert_string_equal(seen->incidents[0].oom_memcg, "");
	free(seen);
	/* cut by the kernel into two records */
	seen = explain_text_of("log", "6,1,1,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)"
				      ",oom_memcg=/a,task_me\n"
				      "6,2,1,c;mcg=/a/b,task=java,pid=41,uid=7\n"
				      "3,3,1,-;" KILLED "\n");
	assert_int_equal(seen->explanation.count, 1);
	assert_string_equal(seen->incidents[0].oom_memcg, "/a");
	assert_string_equal(seen->incidents[0].task_memcg, "/a/b");
	free(seen);
}

static void test_counts(void **state)
{
	static char text[1 << 20];
	size_t length = 0;
	struct explained *seen;

	(void)state;
	length += (size_t)snprintf(text, sizeof(text),
		"[1.0] oom_kill_process: 16 callbacks suppressed\n"
		"[1.0] dump_header: 4 callbacks suppressed\n"
		"[1.0] printk: 9 callbacks suppressed\n"
		"[1.0] a invoked oom-killer: gfp_mask=0x1, order=0, oom_score_adj=0\n"
		"[1.0] [ pid ]   uid  tgid total_vm      rss name\n");
	for (int i = 1; i <= 6000; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
			"[1.0] [ %d]   0  %d 9999 %d p%d\n", i, i, i * 7919 % 6007, i);
	(void)snprintf(text + length, sizeof(text) - length,
		"[1.0] Out of memory and no killable processes...\n");
	seen = explain_text_of("log", text);
	assert_int_equal(seen->explanation.suppressed, 20);
	assert_int_equal(seen->explanation.count, 1);
	assert_true(seen->incidents[0].no_victim);
	assert_int_equal(seen->incidents[0].task_count, 6000);
	assert_int_equal(seen->incidents[0].task_kept, OOM_TASKS_MAX);
	for (int i = 1; i < OOM_TASKS_MAX; i++)
		assert_true(seen->incidents[0].tasks[i - 1].rss_pages.value >=
			    seen->incidents[0].tasks[i].rss_pages.value);
	assert_int_equal(seen->incidents[0].tasks[0].rss_pages.value, 6006);
	free(seen);
}

static char *reproduced(struct explained *seen, const char *const *command)
{
	json_t *argv = command != NULL ? json_array() : NULL, *reproduce;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (; command != NULL && *command != NULL; command++)
		(void)json_array_append_new(argv, json_string(*command));
	seen->explanation.command = argv;
	reproduce = reproduce_json(&seen->explanation, &seen->incidents[0]);
	reproduce_print(reproduce, &seen->incidents[0], out);
	assert_int_equal(fclose(out), 0);
	json_decref(reproduce);
	json_decref(argv);
	return text;
}

/* The line is one to be pasted into a shell: nothing that a process is called may do anything
 * there. */
static void test_reproduce(void **state)
{
	static const char *const command[] = { "sh", "-c", "echo 'a b'; $(x)", "", "\x1b[1m",
		NULL };
	struct explained *seen = explain_text_of(
		"log", behind("[ 1.000000] ", "\n", 0, LINE_COUNT));
	char *line = reproduced(seen, NULL);

	(void)state;
	assert_string_equal(
		line, "memcage run -m 8M --swap 4M --expect oom_kill/own_limit -- java ...");
	free(line);
	seen->explanation.has_policies = true;
	line = reproduced(seen, command);
	assert_string_equal(line,
		"memcage run -p docker -m 8M --swap 4M --expect oom_kill/own_limit -- sh -c 'echo "
		"'\\''a b'\\''; $(x)' '' $'\\033[1m'");
	free(line);
	/* what a report tells of is run as it was, wherever that was */
	seen->explanation.is_report = true;
	line = reproduced(seen, NULL);
	assert_non_null(strstr(line, "memcage run -m 8M"));
	free(line);
	seen->explanation.policy = "untrusted";
	line = reproduced(seen, NULL);
	assert_non_null(strstr(line, "memcage run -p untrusted -m 8M"));
	free(line);
	(void)snprintf(seen->incidents[0].victims[0].command, OOM_COMMAND_SIZE, "a;reboot");
	line = reproduced(seen, NULL);
	assert_non_null(strstr(line, "-- COMMAND ..."));
	free(line);
	free(seen);
}

static void test_policies(void **state)
{
	static const struct {
		const char *path, *policy;
	} places[] = {
		{ "/kubepods/burstable/pod1/abc", "kubernetes" },
		{ "/kubepods.slice/kubepods-pod1.slice/docker-abc.scope", "kubernetes" },
		{ "/system.slice/docker-abc.scope", "docker" },
		{ "/docker/abc", "docker" },
		{ "/system.slice/x.service", "systemd-service" },
		{ "/user.slice/user-1.slice/user@1.service/app.slice/y.service",
			"systemd-service" },
		{ "/system.slice/x.service/below", "systemd-service" },
		{ "/system.slice/x.services", NULL },
		{ "/user.slice/session-1.scope", NULL },
		{ "/", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct oom_incident incident = { 0 };
		const char *policy;

		(void)snprintf(
			incident.task_memcg, sizeof(incident.task_memcg), "%s", places[i].path);
		policy = reproduce_policy(&incident);
		if (policy != NULL) { /* one that is shipped */
			char path[4096];

			(void)snprintf(
				path, sizeof(path), MEMCAGE_SOURCE_DIR "/policies/%s.yaml", policy);
			assert_int_equal(access(path, R_OK), 0);
		}
		assert_string_equal(policy != NULL ? policy : "none",
			places[i].policy ? places[i].policy : "none");
	}
}

/* What an agent on the node made of it: only the sentence of the kill is there. */
static void test_events(void **state)
{
	static const char kill[] = "Memory cgroup out of memory: Killed process 4711 (java) "
				   "total-vm:9000kB, anon-rss:4096kB, file-rss:8kB, shmem-rss:0kB, "
				   "UID:7 pgtables:40kB oom_score_adj:999\n";
	static const struct {
		const char *before;
		size_t count;
	} events[] = {
		{ "  Warning  OOMKilling  5m12s              kernel-monitor  ", 1 },
		{ "  Warning  OOMKilling  4m (x3 over 10m)   kernel-monitor, node-1  ", 1 },
		{ "12m         Warning   OOMKilling   node/node-1   ", 1 },
		{ "  Warning  OOMKilling  5m  kernel-monitor  Killed process 1 (a): ", 1 },
		{ "  Warning  BackOff     5m12s              kubelet         ", 0 },
		{ "  Warning  OOMKillingX 5m12s              kernel-monitor  ", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		struct explained *seen;
		char text[1024];

		(void)snprintf(text, sizeof(text), "Events:\n%s%s", events[i].before, kill);
		seen = explain_text_of("events", text);
		if (seen->explanation.count != events[i].count)
			fail_msg("behind '%s': %zu incidents", events[i].before,
				seen->explanation.count);
		if (events[i].count > 0)
			assert_int_equal(seen->incidents[0].origin, LOG_CONTAINER);
		free(seen);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_others_are_not_believed),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_continued_lines),
		cmocka_unit_test(test_interleaved),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_long_paths),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_reproduce),
		cmocka_unit_test(test_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
