/* SPDX-License-Identifier: MIT
 *
 * Strict parsers, numbers in people's words, near words, keyed values.
 */
#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define UNTOUCHED UINT64_C(0xdeadbeef)
#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define TIB (UINT64_C(1) << 40)

struct parse_row {
	const char *because, *text;
	int result;
	uint64_t value;
};

static const struct parse_row numbers[] = {
	{ "digits", "0", 0, 0 },
	{ "leading zeros are digits, not octal", "010", 0, 10 },
	{ "the largest", "18446744073709551615", 0, UINT64_MAX },
	{ "one more overflows in the addition", "18446744073709551616", -ERANGE, 0 },
	{ "ten times more overflows in the product", "184467440737095516150", -ERANGE, 0 },
	{ "nothing is no number", "", -EINVAL, 0 },
	{ "no minus", "-1", -EINVAL, 0 },
	{ "no plus", "+1", -EINVAL, 0 },
	{ "no blank in front", " 1", -EINVAL, 0 },
	{ "no blank behind", "1 ", -EINVAL, 0 },
	{ "no newline", "1\n", -EINVAL, 0 },
	{ "no hexadecimal", "0x10", -EINVAL, 0 },
	{ "no exponent", "1e3", -EINVAL, 0 },
	{ "no other digits", "\xd9\xa1", -EINVAL, 0 },
};

static const struct parse_row sizes[] = {
	{ "plain bytes", "4096", 0, 4096 },
	{ "powers of 1024", "64M", 0, 64 * MIB },
	{ "small letters too", "64m", 0, 64 * MIB },
	{ "a fraction", "1.5G", 0, 3 * GIB / 2 },
	{ "a fraction that is no power of two is cut", "0.1K", 0, 102 },
	{ "more digits than a unit resolves", "1.0000000000000000000000001G", 0, GIB },
	{ "the whole unit name", "10KiB", 0, 10 * KIB },
	{ "its short form", "10Ki", 0, 10 * KIB },
	{ "KB is KiB here", "10KB", 0, 10 * KIB },
	{ "bytes by name", "7B", 0, 7 },
	{ "tera", "1T", 0, TIB },
	{ "no limit", "max", 0, UINT64_MAX },
	{ "zero is a size", "0", 0, 0 },
	{ "the largest number of T", "16777215T", 0, 16777215 * TIB },
	{ "overflow by the unit", "16777216T", -ERANGE, 0 },
	{ "overflow by the digits", "99999999999999999999", -ERANGE, 0 },
	{ "max is a word, not a unit", "1max", -EINVAL, 0 },
	{ "max is written small", "MAX", -EINVAL, 0 },
	{ "nothing", "", -EINVAL, 0 },
	{ "only a unit", "M", -EINVAL, 0 },
	{ "no digit before the point", ".5G", -EINVAL, 0 },
	{ "no digit behind the point", "1.G", -EINVAL, 0 },
	{ "two points", "1.5.5G", -EINVAL, 0 },
	{ "a comma is no point", "1,5G", -EINVAL, 0 },
	{ "a minus", "-64M", -EINVAL, 0 },
	{ "a plus", "+64M", -EINVAL, 0 },
	{ "a blank between", "64 M", -EINVAL, 0 },
	{ "a blank in front", " 64M", -EINVAL, 0 },
	{ "a blank behind", "64M ", -EINVAL, 0 },
	{ "a unit that there is not", "64X", -EINVAL, 0 },
	{ "a unit and more", "64Mi5", -EINVAL, 0 },
	{ "half a unit name", "64Mib/s", -EINVAL, 0 },
	{ "a control character is not its letter", "64\x0d", -EINVAL, 0 },
};

static const struct parse_row durations[] = {
	{ "seconds without a unit", "3", 0, 3000 },
	{ "milliseconds", "500ms", 0, 500 },
	{ "seconds", "5s", 0, 5000 },
	{ "seconds by another name", "5sec", 0, 5000 },
	{ "minutes", "2m", 0, 120000 },
	{ "minutes by another name", "2min", 0, 120000 },
	{ "hours with a fraction", "1.5h", 0, 5400000 },
	{ "a fraction of a second", "0.25", 0, 250 },
	{ "less than a millisecond is 0, and for the caller to refuse", "0.4ms", 0, 0 },
	{ "overflow", "18446744073709551615s", -ERANGE, 0 },
	{ "off is not a duration", "off", -EINVAL, 0 },
	{ "nor is max", "max", -EINVAL, 0 },
	{ "a minus", "-5s", -EINVAL, 0 },
	{ "days are not known", "1d", -EINVAL, 0 },
	{ "two units", "1m30s", -EINVAL, 0 },
	{ "nothing", "", -EINVAL, 0 },
};

static void check_parser(
	int (*parse)(const char *, uint64_t *), const struct parse_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct parse_row *row = &rows[i];
		uint64_t value = UNTOUCHED, expected = row->result == 0 ? row->value : UNTOUCHED;
		int result = parse(row->text, &value);

		if (result != row->result || value != expected)
			fail_msg("'%s' (%s): %d, %llu", row->text, row->because, result,
				(unsigned long long)value);
	}
}

static void test_numbers(void **state)
{
	(void)state;
	check_parser(parse_number, numbers, COUNT(numbers));
}

static void test_sizes(void **state)
{
	(void)state;
	check_parser(parse_size, sizes, COUNT(sizes));
}

static void test_durations(void **state)
{
	(void)state;
	check_parser(parse_duration, durations, COUNT(durations));
}

struct format_row {
	const char *because;
	uint64_t value;
	const char *text;
};

static const struct format_row size_texts[] = {
	{ "small numbers are exact", 0, "0 bytes" },
	{ "up to the first unit", 1023, "1023 bytes" },
	{ "a whole unit has no fraction", KIB, "1 KiB" },
	{ "one decimal", 1536, "1.5 KiB" },
	{ "the contract's example", 256 * MIB, "256 MiB" },
	{ "41.2 MiB", 43201331, "41.2 MiB" },
	{ "large numbers need no decimal", 255 * MIB + MIB / 2, "256 MiB" },
	{ "99.9 is the last with one", 104752742, "99.9 MiB" },
	{ "just below the next unit is that unit, not 1024 of this one", GIB - 1, "1.0 GiB" },
	{ "the same one unit lower", MIB - 1, "1.0 MiB" },
	{ "1023 of a unit stay", 1023 * MIB, "1023 MiB" },
	{ "the largest number", UINT64_MAX, "16 EiB" },
};

static const struct format_row duration_texts[] = {
	{ "nothing", 0, "0 ms" },
	{ "milliseconds", 99, "99 ms" },
	{ "from a tenth of a second on", 100, "0.1 s" },
	{ "the contract's example", 400, "0.4 s" },
	{ "rounded", 9949, "9.9 s" },
	{ "whole seconds", 10000, "10 s" },
	{ "up to two minutes", 119999, "119 s" },
	{ "minutes", 125000, "2 min 5 s" },
	{ "hours are minutes", 7200000, "120 min 0 s" },
};

static void check_format(
	const char *(*format)(uint64_t, char *), const struct format_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char text[TEXT_NUMBER_SIZE];

		if (strcmp(format(rows[i].value, text), rows[i].text) != 0)
			fail_msg("%llu (%s): '%s' is not '%s'", (unsigned long long)rows[i].value,
				rows[i].because, text, rows[i].text);
	}
}

static const char *any_size(uint64_t bytes, char *text)
{
	return format_size(bytes, text);
}

static const char *any_duration(uint64_t ms, char *text)
{
	return format_duration(ms, text);
}

static void test_formats(void **state)
{
	(void)state;
	check_format(any_size, size_texts, COUNT(size_texts));
	check_format(any_duration, duration_texts, COUNT(duration_texts));
}

static void test_nearest_word(void **state)
{
	static const char *const words[] = { "memory", "memory-high", "swap", "pids", "env", "kill",
		"fail", NULL };
	static const struct {
		const char *because, *word, *nearest;
	} rows[] = {
		{ "the word itself", "memory", "memory" },
		{ "a letter too few", "memry", "memory" },
		{ "a letter too many", "swapp", "swap" },
		{ "two letters exchanged", "pdis", "pids" },
		{ "which is nearer than two others", "fial", "fail" },
		{ "the nearer of two", "memory-hihg", "memory-high" },
		{ "nothing near", "frobnicate", NULL },
		{ "nothing is not near", "", NULL },
		{ "far longer than any",
			"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *nearest = nearest_word(rows[i].word, words);

		if ((nearest == NULL) != (rows[i].nearest == NULL) ||
			(nearest != NULL && strcmp(nearest, rows[i].nearest) != 0))
			fail_msg("'%s' (%s): %s", rows[i].word, rows[i].because,
				nearest ? nearest : "none");
	}
}

static void test_keyed_value(void **state)
{
	static const char text[] =
		"low 0\noom 3\noom_kill 12\noom_group_kill 1\nhuge 18446744073709551615\n";
	static const struct {
		const char *because, *text, *key;
		bool found;
		uint64_t value;
	} rows[] = {
		{ "the first", text, "low", true, 0 },
		{ "a key that begins others", text, "oom", true, 3 },
		{ "a key that others begin", text, "oom_kill", true, 12 },
		{ "a key in the middle of another", text, "group_kill", false, 0 },
		{ "the end of another", text, "kill", false, 0 },
		{ "the largest value", text, "huge", true, UINT64_MAX },
		{ "not there", text, "max", false, 0 },
		{ "nothing there at all", "", "oom", false, 0 },
		{ "no text", NULL, "oom", false, 0 },
		{ "no newline: the number may be cut", "oom 3\noom_kill 1", "oom_kill", false, 0 },
		{ "cut before the number", "oom 3\noom_kill ", "oom_kill", false, 0 },
		{ "cut in the key", "oom 3\noom_ki", "oom_kill", false, 0 },
		{ "an empty value", "oom \n", "oom", false, 0 },
		{ "not a number", "oom max\n", "oom", false, 0 },
		{ "a negative number", "oom -1\n", "oom", false, 0 },
		{ "a number and more", "oom 1 2\n", "oom", false, 0 },
		{ "too large", "oom 18446744073709551616\n", "oom", false, 0 },
		{ "two blanks", "oom  1\n", "oom", false, 0 },
		{ "only at the start of a line", "x oom 1\n", "oom", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t value = UNTOUCHED;
		bool found = keyed_value(rows[i].text, rows[i].key, &value);

		if (found != rows[i].found || value != (found ? rows[i].value : UNTOUCHED))
			fail_msg("%s (%s): %d, %llu", rows[i].key, rows[i].because, found,
				(unsigned long long)value);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *because, *path, *name;
	} rows[] = {
		{ "the last component", "/usr/bin/python3", "python3" },
		{ "no slash", "python3", "python3" },
		{ "a slash at the end leaves no name", "/usr/bin/", "/usr/bin/" },
		{ "the root", "/", "/" },
		{ "nothing", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (strcmp(base_name(rows[i].path), rows[i].name) != 0)
			fail_msg("'%s': %s", rows[i].path, rows[i].because);
}

static void test_copy(void **state)
{
	char small[4] = "xxx", one[1] = { 'x' };

	(void)state;
	text_copy(small, sizeof(small), "ab");
	assert_string_equal(small, "ab");
	text_copy(small, sizeof(small), "abcdef");
	assert_string_equal(small, "abc");
	text_copy(one, sizeof(one), "abc");
	assert_int_equal(one[0], '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_nearest_word),
		cmocka_unit_test(test_keyed_value),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
