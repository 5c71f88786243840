/* SPDX-License-Identifier: MIT
 *
 * The witness inside runtimes, without a kernel: its table, the functions of a file, the lines of
 * the kernel, and what counts as one failure.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/ownership.h"
#include "judge/runtime.h"
#include "witness/elf_functions.h"
#include "witness/runtime_line.h"
#include "witness/runtime_table.h"
#include "witness/signature.h"

/* ---- the table ---- */

static bool has_documented_end(const char *runtime)
{
	for (int status = 1; status < 256; status++)
		if (signature_runtime_ends(runtime, false, status) ||
			signature_runtime_ends(runtime, true, status))
			return true;
	return false;
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < runtime_probe_count; i++) {
		const struct runtime_probe *probe = &runtime_probes[i];
		const char *filter = probe->filter != NULL ? probe->filter : "";

		if (!has_documented_end(probe->runtime))
			fail_msg("%s has no documented end in signature_table.c", probe->runtime);
		assert_true(probe->symbol[0] != '*');
		assert_true(probe->words != NULL || probe->text != NULL);
		/* what a filter compares has to be fetched */
		assert_true(strstr(filter, "text") == NULL || probe->text != NULL);
		assert_true(strstr(filter, "first") == NULL || probe->first != NULL);
		assert_true(strstr(filter, "second") == NULL || probe->second != NULL);
	}
	assert_false(signature_runtime_ends("nosuch", false, 1));
	assert_true(signature_runtime_ends("java", false, 3));
	assert_true(signature_runtime_ends("java", true, SIGABRT));
	assert_false(signature_runtime_ends("java", false, 0));
}

static bool any_fits(const char *name, const char *runtime)
{
	for (size_t i = 0; i < runtime_probe_count; i++)
		if (runtime_library_fits(&runtime_probes[i], name) &&
			strcmp(runtime_probes[i].runtime, runtime) == 0)
			return true;
	return false;
}

static void test_libraries(void **state)
{
	(void)state;
	assert_true(any_fits("libjvm.so", "java"));
	assert_true(any_fits("libruby-3.1.so.3.1", "ruby"));
	assert_true(any_fits("libpython3.11.so.1.0", "python"));
	assert_true(any_fits("libstdc++.so.6.0.30", "c++"));
	assert_true(any_fits("libc++abi.so.1", "c++"));
	assert_false(any_fits("libstdc++.a", "c++"));
	assert_false(any_fits("libjvm.so", "ruby"));
	assert_false(any_fits("mylibjvm.so", "java"));
	assert_false(any_fits("libc.so.6", "c++"));
	assert_false(any_fits("", "java"));
}

/* ---- functions in a file ---- */

int test_runtime_marker_one(int number);

__attribute__((noinline, used)) int test_runtime_marker_one(int number)
{
	return number * 3 + getpid();
}

static uint8_t byte_at(int fd, uint64_t offset)
{
	uint8_t byte = 0;

	assert_int_equal(pread(fd, &byte, 1, (off_t)offset), 1);
	return byte;
}

static void test_symbols(void **state)
{
	struct elf_function symbols[] = { { .pattern = "test_runtime_marker_one" },
		{ .pattern = "test_runtime_mark*_one" }, { .pattern = "test_runtime_marker" },
		{ .pattern = "getpid" }, { .pattern = "runtime_probe_count" } };
	cleanup_fd int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	uint8_t code;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(elf_functions_find(fd, symbols, 5), 2);
	memcpy(&code, (const void *)(uintptr_t)test_runtime_marker_one, 1);
	assert_true(symbols[0].offset != 0);
	assert_int_equal(byte_at(fd, symbols[0].offset), code);
	assert_int_equal(symbols[1].offset, symbols[0].offset); /* a pattern */
	assert_int_equal(symbols[2].offset, 0);                 /* no mere beginning */
	assert_int_equal(symbols[3].offset, 0);                 /* of another file */
	assert_int_equal(symbols[4].offset, 0);                 /* no function */
}

/* A copy of our own program, with some bytes changed or cut off. */
static int spoiled(off_t cut, off_t at, const void *bytes, size_t size)
{
	static char data[1 << 20];
	cleanup_fd int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	cleanup_fd int copy = (int)memfd_create("spoiled", 0);
	ssize_t got;

	while ((got = read(fd, data, sizeof(data))) > 0)
		assert_int_equal(fd_write_all(copy, data, (size_t)got), 0);
	if (cut >= 0)
		assert_int_equal(ftruncate(copy, cut), 0);
	assert_int_equal(pwrite(copy, bytes, size, at), size);
	return fd_take(&copy);
}

/* Whatever a file says, it is a refusal or a number, never our end. */
static void test_symbols_of_bad_files(void **state)
{
	static const char all_ones[16] =
		"\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377";
	struct elf_function symbol = { .pattern = "test_runtime_marker_one" };
	cleanup_fd int text = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(elf_functions_find(text, &symbol, 1) < 0);
	for (off_t at = 0; at < 64; at += 4) {
		cleanup_fd int fd = spoiled(-1, at, all_ones, 4);

		(void)elf_functions_find(fd, &symbol, 1);
	}
	for (off_t cut = 0; cut < 200000; cut += 4999) {
		cleanup_fd int fd = spoiled(cut, 0, "", 0);

		assert_true(elf_functions_find(fd, &symbol, 1) <= 1);
	}
}

/* ---- lines ---- */

static struct runtime_line read_line(const char *text)
{
	struct runtime_line line;

	runtime_line_read(text, strlen(text), &line);
	return line;
}

static void test_lines(void **state)
{
	struct runtime_line line = read_line("         python3-6061    (   6060) [001] DBZff "
					     "11777.605970: e0: (0x66ddd0) row=0 text=(fault) "
					     "first=0x0 second=0x0");

	(void)state;
	assert_int_equal(line.kind, RUNTIME_LINE_HIT);
	assert_int_equal(line.thread, 6061);
	assert_string_equal(line.command, "python3");
	assert_int_equal(line.process, 6060);
	assert_int_equal(line.row, 0);
	assert_string_equal(line.text, "");
	line = read_line("            java-71      (-------) [000] ..... 1.000001: e12: "
			 "(0x7f00) row=1 text=\"Java \"heap\" space\" first=0x0 second=0x0");
	assert_int_equal(line.kind, RUNTIME_LINE_HIT);
	assert_int_equal(line.process, 0);
	assert_string_equal(line.command, "java");
	assert_int_equal(line.row, 1);
	assert_string_equal(line.text, "Java \"heap\" space");
	/* names with what lines are made of, and with a newline */
	line = read_line("  -1 (2) [000] .-9       (      9) [000] ..... 5.000001: e0: (0x1) row=4 "
			 "text=(fault) first=0x0 second=0x0");
	assert_int_equal(line.kind, RUNTIME_LINE_HIT);
	assert_int_equal(line.thread, 9);
	line = read_line("             a\nb-9       (      9) [000] ..... 5.000001: "
			 "sched_process_exec: filename=/bin/true pid=9 old_pid=9");
	assert_int_equal(line.kind, RUNTIME_LINE_EXEC);
	assert_int_equal(line.thread, 9);
	line = read_line("           <...>-9       (      9) [000] ..... 5.000001: e0: (0x1) row=4 "
			 "text=(fault) first=0x0 second=0x0");
	assert_int_equal(line.kind, RUNTIME_LINE_HIT);
	assert_string_equal(line.command, "");
	assert_int_equal(read_line("CPU:1 [LOST 23 EVENTS]").kind, RUNTIME_LINE_LOST);
}

static void test_other_lines(void **state)
{
	static const char *const lines[] = { "", "CPU:1", "CPU:1 [FOUND 3 EVENTS]",
		"         python3-6061", "         python3-6061    (   6060",
		"         python3-x       (   6060) [001] ..... 1.0: e0: (0x1) row=0",
		"         python3-6061    (   6060) [001] ..... 1.0: e0: (0x1) row=99",
		"         python3-6061    (   6060) [001] ..... 1.0: e0: (0x1) row=",
		"         python3-6061    (   6060) [001] ..... 1.0: e: (0x1) row=0",
		"         python3-6061    (   6060) [001] ..... 1.0: other: (0x1) row=0",
		"         python3-99999999999 (1) [001] ..... 1.0: e0: (0x1) row=0",
		"         python3-6061    (   6060) [001] ..... 1: e0: (0x1) row=0" };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (read_line(lines[i]).kind != RUNTIME_LINE_OTHER)
			fail_msg("taken: %s", lines[i]);
}

/* ---- names of what may be left over ---- */

static void test_own_names(void **state)
{
	char name[OWN_NAME_SIZE];

	(void)state;
	assert_int_equal(own_name_make(name), 0);
	assert_true(is_own_name(name));
	assert_true(is_own_name("memcage-12-0123abcd"));
	assert_false(is_own_name("memcage-12-0123abc"));
	assert_false(is_own_name("memcage-12-0123abcde"));
	assert_false(is_own_name("memcage-12-0123abcX"));
	assert_false(is_own_name("memcage--0123abcd"));
	assert_false(is_own_name("memcage"));
	assert_false(is_own_name("others-12-0123abcd"));
}

/* ---- one failure seen by two witnesses is one ---- */

static void test_one_failure_is_one(void **state)
{
	static const struct {
		uint64_t hits, main_hits, hard, main_hard, impossible, beyond, unplaced;
	} rows[] = {
		{ 0, 0, 0, 0, 0, 0 },
		{ 1, 1, 0, 0, 0, 1 }, /* a heap limit: nobody refused anything */
		{ 1, 1, 1, 1, 0, 0 }, /* both saw the same */
		{ 1, 1, 3, 3, 0, 0 }, /* a runtime that tried thrice */
		{ 2, 2, 1, 1, 0, 1 },
		{ 1, 1, 1, 0, 0, 1 }, /* a child's refusal is not the main process's failure */
		{ 1, 0, 1, 1, 0, 1 }, /* nor the other way round */
		{ 3, 1, 2, 1, 0, 1 },
		{ 1, 1, 0, 0, 1, 0 }, /* a size that no machine could give */
		{ 0, 0, 5, 5, 0, 0 },
		/* threads that were gone before it was known whose they are */
		{ 4, 2, 4, 4, 0, 0, 2 },
		{ 4, 4, 4, 2, 0, 2, 0 },
		{ 2, 0, 0, 0, 0, 2, 2 },
		{ 3, 1, 2, 1, 0, 1, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct evidence evidence = { .runtime = { .watched = true,
						     .hits = rows[i].hits,
						     .main_hits = rows[i].main_hits,
						     .unplaced_hits = rows[i].unplaced },
			.refusals = { .watched = true,
				.hard = rows[i].hard,
				.main_hard = rows[i].main_hard,
				.impossible = rows[i].impossible } };

		if (runtime_failures_beyond(&evidence) != rows[i].beyond)
			fail_msg("row %zu: %d", i, (int)runtime_failures_beyond(&evidence));
		assert_int_equal(alloc_failures_of(&evidence), rows[i].hard + rows[i].beyond);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_libraries),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_symbols_of_bad_files),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_other_lines),
		cmocka_unit_test(test_own_names),
		cmocka_unit_test(test_one_failure_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
