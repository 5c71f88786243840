/* SPDX-License-Identifier: MIT
 *
 * Short lists that never allocate, counters that may be unknown, failures, small files.
 */
#include "base/lists.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/failure.h"
#include "base/fd.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void test_text_list(void **state)
{
	static struct text_list list, copy;
	const char *text = NULL;
	char wide[2 * TEXT_LIST_SIZE];
	int count = 0;

	(void)state;
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	assert_null(text_list_next(&list, NULL));
	text_list_add(&list, "%s of %d", "one", 2);
	text_list_add(&list, "%s", "");
	text = text_list_next(&list, text);
	assert_string_equal(text, "one of 2");
	text = text_list_next(&list, text);
	assert_string_equal(text, "");
	assert_null(text_list_next(&list, text));
	for (int i = 0; i < 2 * TEXT_LIST_MAX; i++)
		text_list_add(&list, "%s", wide); /* as long as they may be, and more of them */
	assert_int_equal(list.count, TEXT_LIST_MAX);
	assert_true(list.used <= sizeof(list.texts));
	text_list_copy(&copy, &list);
	for (text = NULL; (text = text_list_next(&copy, text)) != NULL; count++)
		if (count > 1)
			assert_int_equal(strlen(text), TEXT_LIST_SIZE - 1);
	assert_int_equal(count, TEXT_LIST_MAX);
	text_list_clear(&list);
	assert_null(text_list_next(&list, NULL));
	text_list_add(&list, "again");
	assert_string_equal(text_list_next(&list, NULL), "again");
	assert_int_equal(list.count, 1);
}

static void test_name_list(void **state)
{
	static struct name_list list;

	(void)state;
	assert_false(name_list_has(&list, "one"));
	name_list_add(&list, "one");
	for (int i = 0; i < 2 * NAME_LIST_MAX; i++)
		name_list_add(&list, "other");
	assert_int_equal(list.count, NAME_LIST_MAX);
	assert_true(name_list_has(&list, "one"));
	assert_true(name_list_has(&list, "other"));
	assert_false(name_list_has(&list, "on"));
}

static void test_raw_counters(void **state)
{
	static struct raw_counters list;
	const char *const wide =
		"a name that is far longer than any file and key of the kernel ever was";

	(void)state;
	raw_counters_add(&list, "memory.events oom", counter_of(7));
	raw_counters_add(&list, wide, (struct counter){ 0 });
	assert_string_equal(list.items[0].name, "memory.events oom");
	assert_int_equal(list.items[0].value.value, 7);
	assert_int_equal(strlen(list.items[1].name), sizeof(list.items[1].name) - 1);
	assert_false(list.items[1].value.known);
	for (int i = 0; i < 2 * RAW_COUNTERS_MAX; i++)
		raw_counters_add(&list, "x", counter_of(0));
	assert_int_equal(list.count, RAW_COUNTERS_MAX);
}

static void test_counters(void **state)
{
	static const struct {
		const char *because;
		struct counter before, after, rise;
	} rows[] = {
		{ "a difference", { true, 1 }, { true, 3 }, { true, 2 } },
		{ "no difference is a known zero", { true, 3 }, { true, 3 }, { true, 0 } },
		{ "without a baseline nothing is known", { false, 0 }, { true, 3 }, { false, 0 } },
		{ "without an end neither", { true, 0 }, { false, 0 }, { false, 0 } },
		{ "a counter that went back is another group's", { true, 3 }, { true, 1 },
			{ false, 0 } },
	};
	const struct counter unknown = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct counter rise = counter_rise(rows[i].before, rows[i].after);

		if (rise.known != rows[i].rise.known || rise.value != rows[i].rise.value)
			fail_msg("%s", rows[i].because);
	}
	assert_false(counter_some(unknown));
	assert_false(counter_none(unknown));
	assert_true(counter_none(counter_of(0)));
	assert_true(counter_some(counter_of(1)));
}

static void test_failures(void **state)
{
	struct memcage_failure failure;
	char wide[2 * sizeof(failure.detail)];

	(void)state;
	memset(wide, 'w', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	assert_int_equal(failure_set(&failure, EBUSY, "%s is busy", "it"), -EBUSY);
	assert_int_equal(failure.error_number, EBUSY);
	assert_string_equal(failure.detail, "it is busy");
	assert_int_equal(failure_set(&failure, 0, "no errno applies"), -EINVAL);
	assert_int_equal(failure_errno(&failure, ENOENT, "open %s", "x"), -ENOENT);
	assert_string_equal(failure.detail, "open x: No such file or directory");
	assert_int_equal(failure_errno(&failure, 4242, "open x"), -4242);
	assert_string_equal(failure.detail, "open x: unknown error");
	assert_int_equal(failure_errno(&failure, ENOENT, "%s", wide), -ENOENT);
	assert_int_equal(strlen(failure.detail), sizeof(failure.detail) - 1);
}

static void test_descriptors(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), same = fd;

	(void)state;
	assert_true(fd > STDERR_FILENO);
	assert_int_equal(fd_above_stdio(&fd), 0);
	assert_int_equal(fd, same); /* above already: untouched */
	assert_int_equal(fd_take(&fd), same);
	assert_int_equal(fd, -1);
	errno = ENODATA;
	fd_close(&same);
	assert_int_equal(same, -1);
	fd_close(&same); /* twice is harmless */
	assert_int_equal(errno, ENODATA);
}

/* A caller without standard input gets none of ours in its place. */
static void test_above_stdio(void **state)
{
	int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), low;

	(void)state;
	assert_true(kept >= 3);
	assert_int_equal(close(STDIN_FILENO), 0);
	low = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(low, STDIN_FILENO);
	assert_int_equal(fd_above_stdio(&low), 0);
	assert_true(low > STDERR_FILENO);
	assert_int_equal(fcntl(low, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	fd_close(&low);
	assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
	fd_close(&kept);
}

/* The kernel gives a page at a time: one read is not all of it. */
static void test_long_files(void **state)
{
	static char text[1 << 16];

	(void)state;
	assert_in_range(file_read(AT_FDCWD, "/proc/self/smaps", text, sizeof(text)), 8193,
		sizeof(text) - 1);
	assert_int_equal(file_read(AT_FDCWD, "/proc/self/smaps", text, 4000), 3999);
	assert_int_equal(strlen(text), 3999);
}

static void test_files(void **state)
{
	char path[] = "/tmp/memcage-test-XXXXXX", text[8];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, "0123456789", 10), 0);
	assert_int_equal(file_read(AT_FDCWD, path, text, sizeof(text)), 7);
	assert_string_equal(text, "0123456"); /* cut, and ended */
	assert_int_equal(file_write(AT_FDCWD, path, "ab"), 0);
	assert_int_equal(fd_read_all(fd, text, sizeof(text)), 7);
	assert_string_equal(text, "ab23456"); /* from its start, wherever the position is */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(file_read(AT_FDCWD, path, text, sizeof(text)), -ENOENT);
	assert_int_equal(file_write(AT_FDCWD, path, "ab"), -ENOENT); /* existing files only */
	assert_int_equal(file_read(-1, "x", text, sizeof(text)), -EBADF);
	fd_close(&fd);
	assert_int_equal(fd_write_all(fd, "x", 1), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_list),
		cmocka_unit_test(test_name_list),
		cmocka_unit_test(test_raw_counters),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_above_stdio),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_long_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
