/* SPDX-License-Identifier: MIT
 *
 * Every row of the signature table has an example, as the runtime prints it, and a near miss.
 */
#include "witness/signature.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* In the order of the table. A near miss matches no row at all. */
static const struct {
	const char *runtime, *example, *near_miss;
} rows[] = {
	{ "python", "MemoryError", "MemoryErrors are caught" },
	{ "python", "MemoryError: cannot allocate", " MemoryError: indented" },
	{ "numpy",
		"numpy.core._exceptions._ArrayMemoryError: Unable to allocate 954. MiB for an "
		"array "
		"with shape (1000000000,) and data type int8",
		"numpy.core._exceptions._ArrayMemoryError" },
	{ "c++", "terminate called after throwing an instance of 'std::bad_alloc'",
		"terminate called after throwing an instance of 'std::bad_cast'" },
	{ "c++", "  what():  std::bad_alloc", "what():  std::bad_alloc" },
	{ "c++",
		"libc++abi: terminating due to uncaught exception of type std::bad_alloc: "
		"std::bad_alloc",
		"libc++abi: throwing std::bad_alloc" },
	{ "rust", "memory allocation of 8000000000 bytes failed",
		"memory allocation of 8000000000 bytes done" },
	{ "llvm", "LLVM ERROR: out of memory", "LLVM ERROR: out of registers, not memory" },
	{ "go", "fatal error: out of memory allocating heap arena map",
		"fatal errors: out of memory, allocating heap arena map" },
	{ "go", "fatal error: out of memory allocating heap arena metadata",
		"error: out of memory while allocating heap arena metadata" },
	{ "go", "fatal error: runtime: out of memory", "fatal error: runtime: out of memories" },
	{ "go", "fatal error: out of memory", "fatal error: memory" },
	{ "go", "fatal error: runtime: cannot allocate memory",
		"fatal error: runtime: cannot allocate a bit" },
	{ "go", "fatal error: failed to reserve page summary memory",
		"fatal error: failed to reserve page memory" },
	{ "go", "runtime: out of memory: cannot allocate 8000004096-byte block (3866624 in use)",
		"runtime: out of memory" },
	{ "gcc", "cc1plus: out of memory allocating 65536 bytes after a total of 1 bytes",
		"cc1plus: out of memory, allocating" },
	{ "gcc", "virtual memory exhausted: Cannot allocate memory",
		"no virtual memory exhausted: x" },
	{ "java",
		"Exception in thread \"main\" java.lang.OutOfMemoryError: unable to create native "
		"thread: possibly out of memory or process/resource limits reached",
		"Exception in thread \"main\" x.y.OutOfMemoryError: unable to create native "
		"thread" },
	{ "java", "Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space",
		"Exception in thread \"main\" java.lang.Error: OutOfMemoryError" },
	{ "java", "java.lang.OutOfMemoryError: GC overhead limit exceeded",
		"java.lang.OutOfMemoryErrors: 0" },
	{ "java", "Caused by: java.lang.OutOfMemoryError: Metaspace",
		"Caused by java.lang.OutOfMemoryError: Metaspace" },
	{ "java", "Terminating due to java.lang.OutOfMemoryError: Java heap space",
		"Not terminating due to java.lang.OutOfMemoryError: Java heap space" },
	{ "java", "Aborting due to java.lang.OutOfMemoryError: Java heap space",
		"Aborting due to OutOfMemoryError" },
	{ "java native",
		"# There is insufficient memory for the Java Runtime Environment to continue.",
		"# There is memory for the Java Runtime Environment to continue." },
	{ "java native",
		"OpenJDK 64-Bit Server VM warning: INFO: os::commit_memory(0x00007f1af927e000, "
		"6225920, "
		"0) failed; error='Not enough space' (errno=12)",
		"OpenJDK 64-Bit Server VM warning: INFO: os::release_memory()" },
	{ "java start", "Could not reserve enough space for 262144KB object heap",
		"Could reserve enough space for 262144KB object heap" },
	{ "node",
		"FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
		"FATAL: Reached heap limit Allocation failed - JavaScript heap out of memory" },
	{ "node",
		"FATAL ERROR: Committing semi space failed. Allocation failed - JavaScript heap "
		"out of "
		"memory",
		"FATAL ERROR: Committing semi space failed. Allocation done" },
	{ "node start", "# Fatal process OOM in Failed to reserve virtual memory for CodeRange",
		"Failed to reserve virtual memory for CodeRange" },
	{ "node", "# Fatal process OOM in NewSpace::EnsureCurrentCapacity", "# Fatal process OOM" },
	{ "ruby", "-e:1:in `*': failed to allocate memory (NoMemoryError)",
		"-e:1:in `*': failed to allocate memory (StandardError)" },
	{ "ruby", "[FATAL] failed to allocate memory", "FATAL: failed to allocate memory" },
	{ "perl", "Out of memory!", "Out of memory?" },
	{ "perl", "Out of memory in perl:util:safesysmalloc", "Out of memory in pearl:" },
	{ "perl", "Out of memory during \"large\" request for 8000004096 bytes",
		"Out of memory duringly" },
	{ "php",
		"PHP Fatal error:  Allowed memory size of 67108864 bytes exhausted (tried to "
		"allocate "
		"20480 bytes) in /a.php on line 2",
		"PHP Fatal error:  Allowed memory size of 67108864 bytes in use" },
	{ "php",
		"Fatal error: Allowed memory size of 67108864 bytes exhausted (tried to allocate 1 "
		"bytes)",
		"Fatal error: Allowed memory size unknown" },
	{ "php", "mmap() failed: [12] Cannot allocate memory",
		"mmap() failed: [1] Operation not permitted on memory" },
	{ "php", "PHP Fatal error:  Out of memory (allocated 2097152) (tried to allocate 8 bytes)",
		"PHP Fatal error: memory" },
	{ "lua", "lua5.4: not enough memory", "lua5.4: not enough memory, they say" },
	{ "r", "Error: cannot allocate vector of size 7.5 Gb",
		"R: cannot allocate vector of size 1 Kb" },
	{ "bash", "bash: xrealloc: cannot allocate 119603200 bytes",
		"bash: xrealloc can allocate" },
	{ "bash", "bash: xmalloc: cannot allocate 5 bytes",
		"bash: xmalloc: could allocate 5 bytes" },
	{ "mawk", "mawk: run time error: out of memory", "mawk: run time error: memory" },
	{ "gawk",
		"gawk: a.awk:7: fatal: array.c:415:concat_exp: str: cannot allocate 1048580 bytes "
		"of memory: Cannot allocate memory",
		"gawk: a.awk:7: warning: 1048580 bytes of memory: allocate them" },
	{ "git", "fatal: Out of memory, realloc failed", "fatal: Out of memory?" },
	{ "loader",
		"/usr/bin/perl: error while loading shared libraries: libc.so.6: failed to map "
		"segment "
		"from shared object",
		"a: error while loading shared libraries: libc.so.6: failed to map segment from "
		"shared object: Operation not permitted" },
	{ "loader",
		"a: error while loading shared libraries: libc.so.6: failed to map segment from "
		"shared object: Cannot allocate memory",
		"failed to map segments from shared objects" },
	{ "loader",
		"php: error while loading shared libraries: libcrypto.so.3: cannot map zero-fill "
		"pages",
		"a: cannot map zero-fill pages: Operation not permitted" },
	{ "loader",
		"a: error while loading shared libraries: libc.so.6: cannot map zero-fill pages: "
		"Cannot allocate memory",
		"cannot map zero-filled pages" },
	{ "loader",
		"a: error while loading shared libraries: libb.so: cannot allocate memory in "
		"static TLS block",
		"a: cannot allocate memory in dynamic TLS block" },
	{ "loader",
		"node: error while loading shared libraries: /lib/x86_64-linux-gnu/libc.so.6: "
		"cannot allocate version reference table: Cannot allocate memory",
		"a: can allocate version reference table" },
	{ "loader",
		"a: error while loading shared libraries: libb.so: cannot create shared object "
		"descriptor: Cannot allocate memory",
		"a: cannot create shared object descriptor: No such file or directory" },
	{ "gnu", "sort: memory exhausted", "sort: memory exhausted?" },
};

#define ROW_COUNT (sizeof(rows) / sizeof(*rows))

static void feed_text(struct signature_matcher *matcher, const char *text)
{
	signature_feed(matcher, text, strlen(text));
}

static void examples_match_their_row(void **state)
{
	(void)state;
	assert_int_equal(ROW_COUNT, signature_count);
	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct signature_matcher matcher = { 0 }, miss = { 0 };

		feed_text(&matcher, "hello\n");
		feed_text(&matcher, rows[i].example);
		feed_text(&matcher, "\nbye\n");
		if (matcher.first != &signatures[i])
			fail_msg("row %zu (%s): %s", i, signatures[i].runtime, rows[i].example);
		assert_string_equal(matcher.first->runtime, rows[i].runtime);
		assert_memory_equal(matcher.text, rows[i].example, strlen(matcher.text));
		assert_true(strlen(matcher.text) >= 10);

		feed_text(&miss, rows[i].near_miss);
		signature_end(&miss);
		if (miss.first != NULL)
			fail_msg("row %zu: %s", i, rows[i].near_miss);
	}
}

/* Go's message holds the words of gcc's, and gcc ends otherwise. */
static void go_is_not_taken_for_gcc(void **state)
{
	struct signature_matcher matcher = { 0 };

	(void)state;
	feed_text(&matcher, "fatal error: out of memory allocating heap arena metadata\n");
	assert_non_null(matcher.first);
	assert_string_equal(matcher.first->runtime, "go");
	assert_true(signature_status_matches(matcher.first, false, 2));
}

static void table_is_sound(void **state)
{
	(void)state;
	for (const char *const *key = signature_keys; *key != NULL; key++)
		assert_int_equal(strlen(*key), 4);
	for (size_t i = 0; i < signature_count; i++) {
		const struct signature *row = &signatures[i];
		bool keyed = false;

		for (const char *const *key = signature_keys; *key != NULL; key++)
			keyed = keyed || (row->start != NULL && strstr(row->start, *key) != NULL) ||
				(row->holds != NULL && strstr(row->holds, *key) != NULL);
		assert_true(keyed);
		assert_true(row->exit_codes[0] != 0 || row->signals[0] != 0);
		assert_int_equal(row->is_heap_cap, row->images != NULL);
	}
}

/* However the stream is cut, the answer is the same. */
static void any_cut_gives_the_same(void **state)
{
	static const char text[] =
		"one\n\0two\n\nlua: not enough\xff\nsort: memory exhausted\nMemoryError\n";
	const size_t size = sizeof(text) - 1;

	(void)state;
	for (size_t first = 0; first <= size; first++)
		for (size_t second = first; second <= size; second++) {
			struct signature_matcher matcher = { 0 };

			signature_feed(&matcher, text, first);
			signature_feed(&matcher, text + first, second - first);
			signature_feed(&matcher, text + second, size - second);
			signature_end(&matcher);
			assert_non_null(matcher.first);
			assert_string_equal(matcher.text, "sort: memory exhausted");
		}
}

static void long_lines_match_by_their_start(void **state)
{
	static char line[3 * SIGNATURE_LINE_MAX];
	static const char rust[] = "memory allocation of 5 bytes failed";
	static const char ruby[] = "failed to allocate memory (NoMemoryError)";

	(void)state;
	for (size_t place = 0; place < sizeof(line) - sizeof(ruby); place += 31) {
		struct signature_matcher matcher = { 0 }, pieces = { 0 };
		bool inside = place + sizeof(ruby) - 1 <= SIGNATURE_LINE_MAX;

		memset(line, 'x', sizeof(line));
		memcpy(line + place, ruby, sizeof(ruby) - 1);
		line[sizeof(line) - 1] = '\n';
		signature_feed(&matcher, line, sizeof(line));
		for (size_t i = 0; i < sizeof(line); i += 100)
			signature_feed(
				&pieces, line + i, sizeof(line) - i < 100 ? sizeof(line) - i : 100);
		assert_int_equal(matcher.first != NULL, inside);
		assert_int_equal(pieces.first != NULL, inside);
	}
	for (int whole = 0; whole < 2; whole++) {
		struct signature_matcher matcher = { 0 };

		memset(line, 'x', sizeof(line));
		memcpy(line, rust, sizeof(rust) - 1);
		signature_feed(&matcher, line, sizeof(line));
		assert_null(matcher.first); /* the line has not ended */
		if (whole)
			signature_feed(&matcher, "\nMemoryError\n", 13);
		else
			signature_end(&matcher);
		assert_non_null(matcher.first);
		assert_string_equal(matcher.first->runtime, "rust");
	}
}

static void stored_text_is_printable(void **state)
{
	struct signature_matcher matcher = { 0 };

	(void)state;
	feed_text(&matcher,
		"MemoryError: a\tb\x1b[31m\xc3\xa4 \xff\xc3. \xed\xa0\x80 \xe2\x82\xac\x7f\n");
	assert_non_null(matcher.first);
	assert_string_equal(matcher.text, "MemoryError: a?b?[31m\xc3\xa4 ??. ??? \xe2\x82\xac?");
}

/* Cut inside of a character: the whole character goes. */
static void stored_text_is_cut_between_characters(void **state)
{
	for (size_t pad = 0; pad < 8; pad++) {
		struct signature_matcher matcher = { 0 };

		(void)state;
		feed_text(&matcher, "MemoryError: ");
		for (size_t i = 0; i < pad; i++)
			feed_text(&matcher, "x");
		for (int i = 0; i < 100; i++)
			feed_text(&matcher, "\xe2\x82\xac");
		signature_end(&matcher);
		assert_non_null(matcher.first);
		assert_true(strlen(matcher.text) < sizeof(matcher.text));
		assert_int_equal((strlen(matcher.text) - 13 - pad) % 3, 0);
		assert_null(strchr(matcher.text, '?'));
	}
}

static void first_match_stays(void **state)
{
	struct signature_matcher matcher = { 0 };

	(void)state;
	feed_text(&matcher, "java.lang.OutOfMemoryError: Java heap space\nMemoryError\n");
	signature_end(&matcher);
	feed_text(&matcher, "MemoryError\n");
	assert_string_equal(matcher.first->runtime, "java");
	assert_string_equal(matcher.text, "java.lang.OutOfMemoryError: Java heap space");
}

static void statuses_are_the_documented_ones(void **state)
{
	static const struct {
		const char *line;
		bool signaled;
		int status;
		bool matches;
	} cases[] = {
		{ "MemoryError\n", false, 1, true },
		{ "MemoryError\n", false, 0, false },
		{ "MemoryError\n", false, 2, false },
		{ "MemoryError\n", true, 1, false },
		{ "Out of memory!\n", false, 12, true },
		{ "Out of memory!\n", false, 1, true },
		{ "memory allocation of 1 bytes failed\n", true, SIGABRT, true },
		{ "memory allocation of 1 bytes failed\n", true, SIGKILL, false },
		{ "memory allocation of 1 bytes failed\n", false, SIGABRT, false },
		{ "memory allocation of 1 bytes failed\n", false, 0, false },
		{ "# Fatal process OOM in x\n", true, SIGTRAP, true },
		{ "Fatal error: Allowed memory size of 1 bytes exhausted\n", false, 255, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct signature_matcher matcher = { 0 };

		feed_text(&matcher, cases[i].line);
		assert_non_null(matcher.first);
		assert_int_equal(
			signature_status_matches(matcher.first, cases[i].signaled, cases[i].status),
			cases[i].matches);
	}
}

static const struct signature *row_with_images(const char *images)
{
	for (size_t i = 0; i < signature_count; i++)
		if (signatures[i].images != NULL && strcmp(signatures[i].images, images) == 0)
			return &signatures[i];
	fail_msg("no row has the images %s", images);
	return NULL;
}

static void images_fit_with_a_version(void **state)
{
	static const struct {
		const char *images, *name;
		bool fits;
	} cases[] = {
		{ "libjvm.so", "libjvm.so", true },
		{ "libjvm.so", "libjvm", false },
		{ "libjvm.so", "libjvm.so.jar", false },
		{ "libjvm.so", "", false },
		{ "node nodejs libnode.so", "node", true },
		{ "node nodejs libnode.so", "node20", true },
		{ "node nodejs libnode.so", "libnode.so.108", true },
		{ "node nodejs libnode.so", "nodejs", true },
		{ "node nodejs libnode.so", "node_exporter", false },
		{ "node nodejs libnode.so", "mynode", false },
		{ "node nodejs libnode.so", "node nodejs", false },
		{ "php php-cgi", "php8.2", true },
		{ "php php-cgi", "php-cgi8.2", true },
		{ "php php-cgi", "php-fpm8.2", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (signature_image_fits(row_with_images(cases[i].images), cases[i].name) !=
			cases[i].fits)
			fail_msg("%s and %s", cases[i].images, cases[i].name);
	assert_null(signatures[0].images);
	assert_false(signature_image_fits(&signatures[0], ""));
	assert_false(signature_image_fits(&signatures[0], "python3"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_match_their_row),
		cmocka_unit_test(go_is_not_taken_for_gcc),
		cmocka_unit_test(table_is_sound),
		cmocka_unit_test(any_cut_gives_the_same),
		cmocka_unit_test(long_lines_match_by_their_start),
		cmocka_unit_test(stored_text_is_printable),
		cmocka_unit_test(stored_text_is_cut_between_characters),
		cmocka_unit_test(first_match_stays),
		cmocka_unit_test(statuses_are_the_documented_ones),
		cmocka_unit_test(images_fit_with_a_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
