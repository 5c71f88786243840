/* SPDX-License-Identifier: MIT
 *
 * One group held open: its numbers from trees of files, its processes in real groups (cgroup v1).
 */
#include "cage/group.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fd.h"
#include "fixture.h"
#include "own_memory_group.h"
#include "prerequisite.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define TEMPORARY "/tmp/memcage-test-XXXXXX"
#define MIB (UINT64_C(1) << 20)

static struct scratch scratch;
static const char *missing;

/* ---- numbers ---- */

static void test_numbers(void **state)
{
	static const struct {
		const char *because, *text;
		bool known;
		uint64_t value;
	} rows[] = {
		{ "a number", "4096\n", true, 4096 },
		{ "zero is a number", "0\n", true, 0 },
		{ "no limit", "max\n", true, UINT64_MAX },
		{ "only the first line", "7\nsecond line\n", true, 7 },
		{ "empty", "", false, 0 },
		{ "an empty line", "\n", false, 0 },
		{ "a negative number", "-1\n", false, 0 },
		{ "too large", "18446744073709551616\n", false, 0 },
		{ "garbage", "maximum\n", false, 0 },
		{ "two numbers", "1 2\n", false, 0 },
		{ "bytes that are no text", "\xff\xfe\n", false, 0 },
	};
	char directory[] = TEMPORARY, path[64];
	struct group group = GROUP_NONE;

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(group_open(&group, directory), 0);
	(void)snprintf(path, sizeof(path), "%s/number", directory);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct counter counter;

		fixture_write(path, rows[i].text, strlen(rows[i].text));
		counter = group_counter(&group, "number", NULL);
		if (counter.known != rows[i].known || counter.value != rows[i].value)
			fail_msg("%s: %d %llu", rows[i].because, counter.known,
				(unsigned long long)counter.value);
	}
	assert_false(group_counter(&group, "missing", NULL).known);
	assert_false(group_counter(&group, "missing", "key").known);
	assert_false(group_counter(&group, ".", NULL).known); /* a directory is no file */
	assert_int_equal(group_write(&group, "missing", "1"), -ENOENT);
	group_close(&group);
	assert_false(group_exists(&group));
	assert_false(group_counter(&group, "number", NULL).known); /* nothing is open */
	fixture_remove(directory);
}

static void test_lists(void **state)
{
	char directory[] = TEMPORARY, path[64];
	struct group group = GROUP_NONE;

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(group_open(&group, directory), 0);
	(void)snprintf(path, sizeof(path), "%s/cgroup.controllers", directory);
	fixture_write(path, "cpuset memory pids\n", 19);
	assert_true(group_lists(&group, "cgroup.controllers", "memory"));
	assert_true(group_lists(&group, "cgroup.controllers", "pids")); /* the last */
	assert_false(group_lists(&group, "cgroup.controllers", "cpu")); /* a part of the first */
	assert_false(group_lists(&group, "cgroup.controllers", ""));
	assert_false(group_lists(&group, "missing", "memory"));
	group_close(&group);
	fixture_remove(directory);
}

/* A plain file takes what it is given: reading back decides. */
static void test_set_bytes(void **state)
{
	static const struct {
		const char *because, *before;
		uint64_t bytes;
		int result;
	} rows[] = {
		{ "whole pages", "", 64 * MIB, 0 },
		{ "no limit", "", UINT64_MAX, 0 },
		{ "what was longer stays behind the number", "99999999", 4096, -ERANGE },
	};
	char directory[] = TEMPORARY, path[64];
	struct group group = GROUP_NONE;

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(group_open(&group, directory), 0);
	(void)snprintf(path, sizeof(path), "%s/limit", directory);
	for (size_t i = 0; i < COUNT(rows); i++) {
		fixture_write(path, rows[i].before, strlen(rows[i].before));
		if (group_set_bytes(&group, "limit", rows[i].bytes) != rows[i].result)
			fail_msg("%s", rows[i].because);
	}
	assert_int_equal(group_set_bytes(&group, "missing", 1), -ENOENT);
	group_close(&group);
	fixture_remove(directory);
}

static void test_opening(void **state)
{
	struct group group = GROUP_NONE, parent = GROUP_NONE;
	char directory[] = TEMPORARY, deep[GROUP_PATH_SIZE + 8];

	(void)state;
	assert_int_equal(group_open(&group, "/no/such/group"), -ENOENT);
	assert_int_equal(group_open(&group, "/etc/passwd"), -ENOTDIR);
	assert_false(group_exists(&group));
	assert_non_null(mkdtemp(directory));
	assert_int_equal(group_open(&parent, directory), 0);
	assert_int_equal(group_make(&group, &parent, "new"), 0);
	assert_int_equal(faccessat(parent.directory, "new", F_OK, 0), 0);
	assert_true(group_exists(&group));
	group_close(&group);
	assert_int_equal(group_make(&group, &parent, "new"), -EEXIST); /* exclusively */
	memset(deep, 'd', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	assert_int_equal(group_make(&group, &parent, deep), -ENAMETOOLONG);
	group_close(&parent);
	fixture_remove(directory);
}

/* memory.oom_control of the groups below; the group itself counts for itself. */
static void test_sum_below(void **state)
{
	static const struct {
		const char *because,
			*texts[3]; /* of the group, one below, one below that; NULL: no file */
		bool known;
		uint64_t sum;
	} rows[] = {
		{ "not the group itself", { "oom_kill 7\n", "oom_kill 1\n", "oom_kill 2\n" }, true,
			3 },
		{ "one that does not say", { "oom_kill 7\n", "oom_kill 1\n", NULL }, false, 0 },
		{ "one that is cut", { "oom_kill 7\n", "oom_kill 1", "oom_kill 2\n" }, false, 0 },
		{ "a group that does not say for itself may be gone",
			{ NULL, "oom_kill 0\n", "oom_kill 0\n" }, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		static const char *const names[] = { "file", "one/file", "one/.two/file" };
		char directory[] = TEMPORARY, path[64];
		struct group group = GROUP_NONE;
		struct counter sum;

		assert_non_null(mkdtemp(directory));
		assert_int_equal(group_open(&group, directory), 0);
		for (size_t at = 0; at < 3; at++) {
			(void)snprintf(path, sizeof(path), "%s/%s", directory, names[at]);
			fixture_directories(path);
			if (rows[i].texts[at] != NULL)
				fixture_write(path, rows[i].texts[at], strlen(rows[i].texts[at]));
		}
		sum = group_sum_below(&group, "file", "oom_kill");
		if (sum.known != rows[i].known || (sum.known && sum.value != rows[i].sum))
			fail_msg("%s: %d %llu", rows[i].because, sum.known,
				(unsigned long long)sum.value);
		fixture_remove(directory);
		assert_false(group_sum_below(&group, "file", "oom_kill").known); /* it is gone */
		group_close(&group);
	}
}

/* Processes as a file says them: 0 is one that our pid namespace does not show. */
static void test_listed_processes(void **state)
{
	char directory[] = TEMPORARY, path[64];
	struct group group = GROUP_NONE;

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(group_open(&group, directory), 0);
	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	fixture_write(path, "12\n0\n345\n", 9);
	assert_int_equal(group_count_processes(&group), 3);
	assert_true(group_holds(&group, 345));
	assert_false(group_holds(&group, 34));
	assert_false(group_is_empty(&group));
	(void)snprintf(path, sizeof(path), "%s/cgroup.events", directory);
	fixture_write(path, "populated 0\nfrozen 0\n", 21);
	assert_true(group_is_empty(&group)); /* the kernel's word goes first */
	fixture_write(path, "populated", 9);
	assert_false(group_is_empty(&group)); /* cut: count them */
	group_close(&group);
	fixture_remove(directory);
	assert_int_equal(group_count_processes(&group), -EBADF);
	assert_false(group_is_empty(&group)); /* unknown is not empty */
}

/* ---- real groups ---- */

static void make(struct group *group, const char *name)
{
	struct group parent = GROUP_NONE;

	*group = (struct group)GROUP_NONE;
	assert_int_equal(group_open(&parent, scratch.path), 0);
	assert_int_equal(group_make(group, &parent, name), 0);
	group_close(&parent);
}

static void test_real_numbers(void **state)
{
	struct group group;

	(void)state;
	if (missing != NULL)
		skip();
	make(&group, "numbers");
	assert_int_equal(group_set_bytes(&group, "memory.limit_in_bytes", 8 * MIB + 1),
		0); /* rounded down */
	assert_int_equal(group_counter(&group, "memory.limit_in_bytes", NULL).value, 8 * MIB);
	assert_int_equal(
		group_set_bytes(&group, "memory.limit_in_bytes", UINT64_C(1) << 63), -ERANGE);
	assert_int_equal(group_write(&group, "memory.limit_in_bytes", "lots"), -EINVAL);
	assert_true(counter_none(group_counter(&group, "memory.oom_control", "oom_kill")));
	assert_true(counter_none(group_sum_below(&group, "memory.oom_control", "oom_kill")));
	assert_true(group_is_empty(&group));
	assert_int_equal(group_remove(&group, 1000), 0);
	assert_false(group_exists(&group));
}

/* The whole subtree, hidden names and all, is counted, killed and removed. */
static void test_real_tree(void **state)
{
	static const char *const names[] = { "", "/inner", "/.hidden", "/inner/deeper" };
	char path[3 * GROUP_PATH_SIZE];
	struct group group;
	pid_t sleepers[COUNT(names)];

	(void)state;
	if (missing != NULL)
		skip();
	make(&group, "tree");
	for (size_t i = 0; i < COUNT(names); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", group.path, names[i]);
		assert_true(i == 0 || mkdir(path, 0755) == 0);
		sleepers[i] = sleeper_start(path);
		assert_true(sleepers[i] > 0);
		assert_true(group_holds(&group, sleepers[i]));
		assert_int_equal(group_count_processes(&group), i + 1);
	}
	assert_false(group_is_empty(&group));
	assert_int_equal(group_remove(&group, 0), -EBUSY); /* processes are in it */
	assert_true(group_exists(&group));
	assert_int_equal(group_kill(&group), 0);
	(void)alarm(20); /* a group that was passed over would never end */
	for (size_t i = 0; i < COUNT(names); i++) {
		int status;

		assert_int_equal(waitpid(sleepers[i], &status, 0), sleepers[i]);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		assert_false(group_holds(&group, sleepers[i]));
	}
	(void)alarm(0);
	assert_true(group_is_empty(&group));
	(void)snprintf(path, sizeof(path), "%s", group.path);
	assert_int_equal(group_remove(&group, 1000), 0); /* with the groups below */
	assert_int_equal(access(path, F_OK), -1);
}

/* Deeper than we go: it says so, and does not call the rest empty. */
static void test_real_depth(void **state)
{
	char path[3 * GROUP_PATH_SIZE];
	struct group group;
	size_t length;
	int depth;

	(void)state;
	if (missing != NULL)
		skip();
	make(&group, "deep");
	length = (size_t)snprintf(path, sizeof(path), "%s", group.path);
	for (depth = 0; depth < 70; depth++) {
		length += (size_t)snprintf(path + length, sizeof(path) - length, "/d");
		assert_int_equal(mkdir(path, 0755), 0);
	}
	assert_int_equal(group_count_processes(&group), -ELOOP);
	assert_false(group_is_empty(&group));
	for (; depth > 0; depth--) {
		assert_int_equal(rmdir(path), 0);
		path[strlen(path) - 2] = '\0';
	}
	assert_true(group_is_empty(&group));
	assert_int_equal(group_remove(&group, 1000), 0);
}

/* More processes than any buffer holds at once. */
static void test_real_crowd(void **state)
{
	enum { CROWD = 300 };
	static pid_t sleepers[CROWD];
	struct group group;

	(void)state;
	if (missing != NULL)
		skip();
	make(&group, "crowd");
	for (int i = 0; i < CROWD; i++) {
		sleepers[i] = sleeper_start(group.path);
		assert_true(sleepers[i] > 0);
	}
	assert_int_equal(group_count_processes(&group), CROWD);
	assert_true(group_holds(&group, sleepers[CROWD - 1]));
	assert_int_equal(group_kill(&group), 0);
	for (int i = 0; i < CROWD; i++)
		assert_int_equal(waitpid(sleepers[i], NULL, 0), sleepers[i]);
	assert_true(group_is_empty(&group));
	assert_int_equal(group_remove(&group, 1000), 0);
}

/* Somebody else removed it: gone is gone, and nothing can be read from it any more. */
static void test_real_removed(void **state)
{
	struct group group;

	(void)state;
	if (missing != NULL)
		skip();
	make(&group, "removed");
	assert_int_equal(rmdir(group.path), 0);
	assert_false(group_counter(&group, "memory.limit_in_bytes", NULL).known);
	assert_false(group_counter(&group, "memory.oom_control", "oom_kill").known);
	assert_false(group_sum_below(&group, "memory.oom_control", "oom_kill").known);
	assert_true(group_write(&group, "memory.limit_in_bytes", "1") < 0);
	assert_int_equal(group_remove(&group, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_set_bytes),
		cmocka_unit_test(test_opening),
		cmocka_unit_test(test_sum_below),
		cmocka_unit_test(test_listed_processes),
		cmocka_unit_test(test_real_numbers),
		cmocka_unit_test(test_real_tree),
		cmocka_unit_test(test_real_depth),
		cmocka_unit_test(test_real_crowd),
		cmocka_unit_test(test_real_removed),
	};
	int failed;

	missing = scratch_make(&scratch);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	scratch_remove(&scratch);
	return tests_finish(failed, missing);
}
