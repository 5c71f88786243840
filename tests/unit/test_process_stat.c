/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/process_stat.h"

#define REST " 0 0 20 0 1 0 7777 1 2 3\n"

static void test_texts(void **state)
{
	static const struct {
		const char *because, *text;
		int result;
		const char *command;
		pid_t parent;
		bool is_zombie, is_fork;
	} rows[] = {
		{ "plain", "42 (sh) S 7 42 42 0 -1 4194304 0 0 0 0 0 0" REST, 0, "sh", 7, false,
			false },
		{ "has not executed", "42 (sh) R 7 42 42 0 -1 4194368 0 0 0 0 0 0" REST, 0, "sh", 7,
			false, true },
		{ "dead", "42 (sh) Z 7 42 42 0 -1 4 0 0 0 0 0 0" REST, 0, "sh", 7, true, false },
		{ "a name that looks like fields",
			"42 (a) R 1 2 (b) S 7 42 42 0 -1 0 0 0 0 0 0 0" REST, 0, "a) R 1 2 (b", 7,
			false, false },
		{ "no name", "42 S 7", -EIO, NULL, 0, false, false },
		{ "cut", "42 (sh) S 7 42", -EIO, NULL, 0, false, false },
		{ "cut behind the name", "42 (sh)", -EIO, NULL, 0, false, false },
		{ "no number", "42 (sh) S x 42 42 0 -1 0 0 0 0 0 0 0" REST, -EIO, NULL, 0, false,
			false },
		{ "empty", "", -EIO, NULL, 0, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct process_stat stat = { .parent = 99 };

		if (process_stat_parse(rows[i].text, &stat) != rows[i].result)
			fail_msg("%s", rows[i].because);
		if (rows[i].result < 0) {
			assert_int_equal(stat.parent, 99); /* written on success only */
			continue;
		}
		assert_string_equal(stat.command, rows[i].command);
		assert_int_equal(stat.parent, rows[i].parent);
		assert_int_equal(stat.is_zombie, rows[i].is_zombie);
		assert_int_equal(stat.is_fork, rows[i].is_fork);
		assert_int_equal(stat.start_ticks, 7777);
	}
}

static void test_own_child(void **state)
{
	struct process_stat stat;
	pid_t child = fork();
	siginfo_t info;

	(void)state;
	if (child == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(process_stat_read(child, &stat), 0);
	assert_int_equal(stat.parent, getpid());
	assert_true(stat.is_zombie);
	assert_true(stat.is_fork);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(process_stat_read(child, &stat), -ENOENT);
	assert_int_equal(process_stat_read(getpid(), &stat), 0);
	assert_false(stat.is_fork);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_own_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
