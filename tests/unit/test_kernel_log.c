/* SPDX-License-Identifier: MIT
 *
 * The kernel's records, real ones from tests/fixtures/kmsg and the sentences of older kernels.
 */
#include "witness/kernel_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define KILLS_MAX 20
#define SLICE "/system.slice/runner.service/box"
#define D50 "dddddddddddddddddddddddddddddddddddddddddddddddddd"
#define D200 D50 D50 D50 D50
#define KIB(n) ((uint64_t)(n)*1024)

struct seen {
	int count;
	struct kernel_kill kills[KILLS_MAX];
};

static void keep(struct seen *seen, const struct kernel_kill *kill)
{
	assert_true(seen->count < KILLS_MAX);
	seen->kills[seen->count++] = *kill;
}

static void feed(
	struct kernel_log_parser *parser, const char *record, size_t length, struct seen *seen)
{
	struct kernel_kill kill;

	if (kernel_log_feed(parser, record, length, &kill))
		keep(seen, &kill);
}

static void flush(struct kernel_log_parser *parser, struct seen *seen)
{
	struct kernel_kill kill;

	while (kernel_log_flush(parser, &kill))
		keep(seen, &kill);
}

/* Feeds every line of text that is not a comment, then flushes. */
static void feed_lines(const char *text, struct seen *seen)
{
	struct kernel_log_parser parser = { 0 };

	while (*text != '\0') {
		const char *end = strchr(text, '\n');

		assert_non_null(end);
		if (*text != '#')
			feed(&parser, text, (size_t)(end + 1 - text), seen);
		text = end + 1;
	}
	flush(&parser, seen);
}

static void feed_fixture(const char *name, struct seen *seen)
{
	static char text[65536];
	char path[4096];
	FILE *file;
	size_t length;

	(void)snprintf(path, sizeof(path), MEMCAGE_SOURCE_DIR "/tests/fixtures/kmsg/%s.txt", name);
	file = fopen(path, "r");
	assert_non_null(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	assert_int_equal(fclose(file), 0);
	assert_true(length > 0 && length < sizeof(text) - 1);
	text[length] = '\0';
	feed_lines(text, seen);
}

static void same_kill(const struct kernel_kill *kill, const struct kernel_kill *expected)
{
	assert_int_equal(kill->pid, expected->pid);
	assert_string_equal(kill->command, expected->command);
	assert_string_equal(kill->constraint, expected->constraint);
	assert_string_equal(kill->oom_memcg, expected->oom_memcg);
	assert_string_equal(kill->task_memcg, expected->task_memcg);
	assert_int_equal(kill->host_wide, expected->host_wide);
	assert_int_equal(kill->by_group, expected->by_group);
	assert_int_equal(kill->anon_bytes.known, expected->anon_bytes.known);
	assert_int_equal(kill->anon_bytes.value, expected->anon_bytes.value);
	assert_int_equal(kill->file_bytes.known, expected->file_bytes.known);
	assert_int_equal(kill->file_bytes.value, expected->file_bytes.value);
	assert_int_equal(kill->shmem_bytes.known, expected->shmem_bytes.known);
	assert_int_equal(kill->shmem_bytes.value, expected->shmem_bytes.value);
}

#define SIZES(anon, file)                                                                          \
	.anon_bytes = { true, KIB(anon) }, .file_bytes = { true, KIB(file) },                      \
	.shmem_bytes = { true, 0 }
#define MEMCG .constraint = "CONSTRAINT_MEMCG"

/* One kill of each fixture, in its place. */
static const struct {
	const char *fixture;
	int count, index;
	struct kernel_kill kill;
} recorded[] = {
	{ "v1-own-limit", 1, 0,
		{ 6009, "hog", MEMCG, .oom_memcg = SLICE "/plain", .task_memcg = SLICE "/plain",
			SIZES(16256, 1128) } },
	{ "v1-ancestor-limit", 1, 0,
		{ 6010, "hog", MEMCG, .oom_memcg = SLICE "/outer",
			.task_memcg = SLICE "/outer/inner", SIZES(16384, 1332) } },
	{ "v1-command-pid", 1, 0,
		{ 6011, "a,task=b),pid=1", MEMCG, .oom_memcg = SLICE "/names",
			.task_memcg = SLICE "/names", SIZES(16384, 1240) } },
	{ "v1-command-rss", 1, 0,
		{ 6012, ") total-vm:1kB,", MEMCG, .oom_memcg = SLICE "/names2",
			.task_memcg = SLICE "/names2", SIZES(16384, 1408) } },
	{ "v1-command-bytes", 1, 0,
		{ 6013, "??\\ tab?", MEMCG, .oom_memcg = SLICE "/names3",
			.task_memcg = SLICE "/names3", SIZES(16384, 1280) } },
	{ "v1-path-keys", 1, 0,
		{ 6014, "hog", MEMCG, .oom_memcg = SLICE "/a,task_memcg=/x,task=y,pid=1,uid=0",
			.task_memcg = SLICE "/a,task_memcg=/x,task=y,pid=1,uid=0",
			SIZES(16384, 1336) } },
	/* Too long to keep: unknown. The pid and the sizes are there. */
	{ "v1-deep-path", 1, 0, { 6015, "hog", MEMCG, SIZES(16384, 1232) } },
	{ "v1-deeper-path", 1, 0, { 6016, "hog", MEMCG, SIZES(16384, 1348) } },
	{ "v1-rate-limited", 13, 0,
		{ 6017, "hog", MEMCG, .oom_memcg = SLICE "/rate", .task_memcg = SLICE "/rate",
			SIZES(16384, 1408) } },
	{ "v1-rate-limited", 13, 2, { 6019, "hog", MEMCG, SIZES(16384, 1336) } },
	{ "v2-own-limit", 1, 0,
		{ 679, "hog", MEMCG, .oom_memcg = "/plain", .task_memcg = "/plain",
			SIZES(16452, 1380) } },
	{ "v2-ancestor-limit", 1, 0,
		{ 680, "hog", MEMCG, .oom_memcg = "/outer", .task_memcg = "/outer/inner",
			SIZES(16452, 1380) } },
	{ "v2-inner-limit", 1, 0,
		{ 681, "hog", MEMCG, .oom_memcg = "/leaf/made", .task_memcg = "/leaf/made",
			SIZES(16452, 1380) } },
	{ "v2-oom-group", 5, 0,
		{ 682, "hog", MEMCG, .oom_memcg = "/grouped", .task_memcg = "/grouped",
			SIZES(16100, 1440) } },
	{ "v2-oom-group", 5, 4,
		{ 686, "hog", MEMCG, .by_group = true, .oom_memcg = "/grouped",
			.task_memcg = "/grouped", SIZES(100, 404) } },
	{ "v2-oom-group-above", 3, 0,
		{ 689, "hog", MEMCG, .oom_memcg = "/pod", .task_memcg = "/pod/leaf2",
			SIZES(65336, 1440) } },
	{ "v2-oom-group-above", 3, 1,
		{ 688, "hog", MEMCG, .by_group = true, .oom_memcg = "/pod", .task_memcg = "/pod",
			SIZES(100, 404) } },
	{ "v2-host", 1, 0,
		{ 691, "hog", .constraint = "CONSTRAINT_NONE", .host_wide = true,
			.task_memcg = "/nolimit", SIZES(206904, 8) } },
};

static void reads_recorded_kills(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(recorded) / sizeof(*recorded); i++) {
		struct seen seen = { 0 };

		feed_fixture(recorded[i].fixture, &seen);
		assert_int_equal(seen.count, recorded[i].count);
		same_kill(&seen.kills[recorded[i].index], &recorded[i].kill);
	}
}

#define KILLED_7 "Killed process 7 (a b) total-vm:90kB, anon-rss:40kB, file-rss:8kB, shmem-rss:0kB"
#define OOM_KILL(memcg, task, command, pid)                                                        \
	"6,1,100,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=" memcg          \
	",task_memcg=" task ",task=" command ",pid=" pid ",uid=0\n"

static const struct {
	const char *what, *lines;
	int count;
	struct kernel_kill first;
} written[] = {
	{ "4.19, memcg",
		"6,1,100,-;Task in /a/b killed as a result of limit of /a\n"
		"3,2,110,-;Memory cgroup out of memory: Kill process 6 (x) score 900 or sacrifice "
		"child\n"
		"3,3,120,-;" KILLED_7 "\n",
		1, { 7, "a b", MEMCG, .oom_memcg = "/a", .task_memcg = "/a/b", SIZES(40, 8) } },
	{ "4.19, host",
		"3,2,110,-;Out of memory: Kill process 7 (a b) score 900 or sacrifice child\n"
		"3,3,120,-;" KILLED_7 "\n",
		1, { 7, "a b", .host_wide = true, SIZES(40, 8) } },
	{ "5.0: the child is sacrificed",
		OOM_KILL("/a", "/a/b", "x",
			"6") "3,2,110,-;Memory cgroup out of memory: Kill process "
			     "6 (x) score 900 or sacrifice child\n"
			     "3,3,120,-;" KILLED_7 "\n",
		1, { 7, "a b", MEMCG, .oom_memcg = "/a", .task_memcg = "/a/b", SIZES(40, 8) } },
	{ "the asking task is killed",
		"3,3,120,-;Out of memory (oom_kill_allocating_task): " KILLED_7 "\n", 1,
		{ 7, "a b", .host_wide = true, SIZES(40, 8) } },
	{ "rate limited", "3,3,120,-,caller=T9;Memory cgroup out of memory: " KILLED_7 "\n", 1,
		{ 7, "a b", MEMCG, SIZES(40, 8) } },
	{ "the victim is exiting already",
		OOM_KILL(
			"/a", "/a", "x", "6") "3,2,110,-;Memory cgroup out of memory: OOM victim 6 "
					      "(x) is already exiting. Skip killing the task\n",
		0, { 0 } },
	{ "the last line is missing: told at the end", OOM_KILL("/a", "/a", "x", "6"), 1,
		{ 6, "x", MEMCG, .oom_memcg = "/a", .task_memcg = "/a" } },
	{ "the last line is missing: told when the next begins",
		OOM_KILL("/a", "/a", "x", "6") OOM_KILL("/b", "/b", "y", "9"), 2,
		{ 6, "x", MEMCG, .oom_memcg = "/a", .task_memcg = "/a" } },
	{ "the last line is missing: told when another one dies",
		OOM_KILL("/a", "/a", "x", "6") "3,3,120,-;Memory cgroup out of memory: " KILLED_7
					       "\n",
		2, { 6, "x", MEMCG, .oom_memcg = "/a", .task_memcg = "/a" } },
	{ "two continued records, another writer in between",
		"6,1,100,-;oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a\n"
		"12,2,101,-;user: hello\n"
		"4,3,102,c;/b,task_memcg=/a\n"
		"4,4,103,c;/b/c,task=x,pid=6,uid=0\n",
		1, { 6, "x", MEMCG, .oom_memcg = "/a/b", .task_memcg = "/a/b/c" } },
	{ "a kernel line cuts the continuation: nothing is made up",
		"6,1,100,-;oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a\n"
		"6,2,101,-;usb 1-1: hello\n"
		"4,3,102,c;,task_memcg=/a,task=a b,pid=7,uid=0\n"
		"3,3,120,-;Memory cgroup out of memory: " KILLED_7 "\n",
		1, { 7, "a b", MEMCG, SIZES(40, 8) } },
	{ "a group's name that ends like a command",
		OOM_KILL("/a", "/a/g,task=h", "a b",
			"7") "3,3,120,-;Memory cgroup out of memory: " KILLED_7 "\n",
		1,
		{ 7, "a b", MEMCG, .oom_memcg = "/a", .task_memcg = "/a/g,task=h", SIZES(40, 8) } },
	{ "a name that makes the limit's owner doubtful: unknown",
		OOM_KILL("/a,task_memcg=/a/b", "/a,task_memcg=/a/b/c", "x", "6"), 1,
		{ 6, "x", MEMCG } },
	{ "paths that are not below each other: unknown", OOM_KILL("/a", "/ab", "x", "6"), 1,
		{ 6, "x", MEMCG } },
	{ "the lines are of two kills: the paths of the first are not the second's",
		"6,1,100,-;Task in /a/b killed as a result of limit of /a\n"
		"3,3,120,-;Out of memory: " KILLED_7 "\n",
		1, { 7, "a b", .host_wide = true, SIZES(40, 8) } },
	{ "user space wrote it", "12,3,120,-;Memory cgroup out of memory: " KILLED_7 "\n", 0,
		{ 0 } },
	{ "in the middle of a line", "3,3,120,-;x Memory cgroup out of memory: " KILLED_7 "\n", 0,
		{ 0 } },
	{ "a pid that is none", OOM_KILL("/a", "/a", "x", "99999999999"), 0, { 0 } },
	{ "sizes that are none",
		"3,3,120,-;Killed process 7 (x) total-vm:90kB, anon-rss:99999999999999999999kB, "
		"file-rss:18446744073709551615kB, shmem-rss:1MB\n",
		1, { 7, "x" } },
	{ "no record at all", "hello\n;\n4,\n4,1;\n4,1,2,;\n-1,1,2,-;x\n", 0, { 0 } },
};

static void reads_written_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++) {
		struct seen seen = { 0 };

		feed_lines(written[i].lines, &seen);
		if (seen.count != written[i].count)
			fail_msg("%s: %d kills", written[i].what, seen.count);
		if (seen.count > 0)
			same_kill(&seen.kills[0], &written[i].first);
	}
}

/* A kill long after a group's end is not of that group. */
static void group_ends(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	feed_lines(OOM_KILL("/a", "/a", "a b", "7") //
		"3,2,110,-;Memory cgroup out of memory: " KILLED_7 "\n"
		"6,3,120,-;Tasks in /a are going to be killed due to memory.oom.group set\n"
		"3,4,130,-;Memory cgroup out of memory: " KILLED_7 "\n"
		"3,5,140,-;Memory cgroup out of memory: Killed process 8 (x) total-vm:9kB\n"
		"3,6,900140,-;Memory cgroup out of memory: Killed process 9 (x) total-vm:9kB\n",
		&seen);
	assert_int_equal(seen.count, 3);
	assert_string_equal(seen.kills[1].oom_memcg, "/a");
	assert_true(seen.kills[1].by_group);
	assert_int_equal(seen.kills[2].pid, 9);
	assert_string_equal(seen.kills[2].oom_memcg, "");
	assert_false(seen.kills[2].by_group);
}

static void long_line_is_forgotten(void **state)
{
	struct kernel_log_parser parser = { 0 };
	struct seen seen = { 0 };
	static const char part[] = "4,2,101,c;" D200 D200 D200 D200 D200 "\n";
	static const char start[] = "6,1,100,-;oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/\n";
	static const char end[] = "4,3,102,c;,task_memcg=/,task=x,pid=6,uid=0\n";
	static const char kill[] = "3,4,110,-;Memory cgroup out of memory: " KILLED_7 "\n";

	(void)state;
	feed(&parser, start, sizeof(start) - 1, &seen);
	for (int i = 0; i < 4; i++)
		feed(&parser, part, sizeof(part) - 1, &seen);
	feed(&parser, end, sizeof(end) - 1, &seen);
	feed(&parser, kill, sizeof(kill) - 1, &seen);
	flush(&parser, &seen);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.kills[0].pid, 7);
	assert_string_equal(seen.kills[0].oom_memcg, "");
}

/* What a reader of /dev/kmsg meets, by a pipe: a kill is given out only when it is complete. */
static void count_kill(const struct kernel_kill *kill, void *data)
{
	keep(data, kill);
}

static void reads_a_descriptor(void **state)
{
	static const char first[] = OOM_KILL("/a", "/a", "a b", "7");
	static const char second[] = "3,2,110,-;Memory cgroup out of memory: " KILLED_7 "\n";
	struct kernel_log_parser parser = { 0 };
	struct seen seen = { 0 };
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], first, sizeof(first) - 1), (ssize_t)sizeof(first) - 1);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(kernel_log_read(ends[0], &parser, count_kill, &seen), 0);
	assert_int_equal(seen.count, 0);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(kernel_log_read(ends[0], &parser, count_kill, &seen), -9 /* EBADF */);

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], second, sizeof(second) - 1), (ssize_t)sizeof(second) - 1);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(kernel_log_read(ends[0], &parser, count_kill, &seen), 0);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.kills[0].oom_memcg, "/a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_recorded_kills),
		cmocka_unit_test(reads_written_lines),
		cmocka_unit_test(group_ends),
		cmocka_unit_test(long_line_is_forgotten),
		cmocka_unit_test(reads_a_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
