/* SPDX-License-Identifier: MIT
 *
 * Who holds memory, and what it is doing: the texts and tables that tell it.
 */
#include "watch/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/process_stat.h"
#include "witness/python_line.h"

static struct mappings mappings;

static const char smaps[] =
	"55d0c0a00000-55d0c0a21000 r--p 00000000 fe:00 1                          /usr/bin/a b\n"
	"Size:                132 kB\n"
	"Rss:                  32 kB\n"
	"VmFlags: rd mr mw me sd\n"
	"55d0c0a31000-55d0c0a41000 r-xp 00021000 fe:00 1                          /usr/bin/a b\n"
	"Rss:                  64 kB\n"
	"55d0c0a51000-55d0c0a61000 rw-p 00000000 00:00 0                          [heap]\n"
	"Rss:                   0 kB\n"
	"7f0000000000-7f0040000000 rw-p 00000000 00:00 0 \n"
	"Rss:              200000 kB\n"
	"Anonymous:        200000 kB\n"
	"7f1000000000-7f1000001000 rw-p 00000000 00:00 0\n"
	"Rss:                   4 kB\n"
	"7f2000000000-7f2000001000 rw-p 00000000 00:00 0                          [heap\n";

static void mappings_of_one_name_are_one(void **state)
{
	struct mapping list[8];
	int count;

	(void)state;
	memset(&mappings, 0, sizeof(mappings));
	mappings_add(&mappings, smaps, sizeof(smaps) - 1);
	count = mappings_largest(&mappings, list, 8);
	assert_int_equal(count, 3); /* what had nothing resident is left out; [heap has a size */
	assert_string_equal(list[0].name, "[anon]");
	assert_int_equal(list[0].count, 2);
	assert_int_equal(list[0].size_bytes, (UINT64_C(1) << 30) + 4096);
	assert_int_equal(list[0].rss_bytes.value, 200004 * UINT64_C(1024));
	assert_string_equal(list[1].name, "/usr/bin/a b");
	assert_int_equal(list[1].rss_bytes.value, 96 * 1024);
	assert_false(list[2].rss_bytes.known);
	assert_int_equal(mappings_resident(&mappings), 200100 * UINT64_C(1024));
	assert_int_equal(mappings_largest(&mappings, list, 1), 1);
	assert_string_equal(list[0].name, "[anon]");
	assert_false(mappings.cut);
}

static void what_is_no_list_of_mappings_adds_nothing(void **state)
{
	static const char *const texts[] = { "", "\n", "Rss: 12 kB\n", "1-2", "2-1 r--p 0 0 0\n",
		"x-y r--p\n", "ffffffffffffffff1-2 r\n", "-\n", " \n", "1 -2 r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		memset(&mappings, 0, sizeof(mappings));
		mappings_add(&mappings, texts[i], strlen(texts[i]));
		assert_int_equal(mappings.count, 0);
	}
}

static void too_many_names_are_told(void **state)
{
	char line[64];

	(void)state;
	memset(&mappings, 0, sizeof(mappings));
	for (int i = 0; i <= MAPPINGS_MAX; i++) {
		(void)snprintf(line, sizeof(line), "1000-2000 r--p 0 0:0 1 /f%d\n", i);
		assert_false(mappings.cut);
		mappings_add(&mappings, line, strlen(line));
	}
	assert_int_equal(mappings.count, MAPPINGS_MAX);
	assert_true(mappings.cut);
}

static void of_a_long_name_the_end_is_kept(void **state)
{
	char line[512] = "1000-2000 r--p 0 0:0 1 /";

	(void)state;
	memset(line + strlen(line), 'd', 300);
	memcpy(line + 300, "/file\n", 7);
	memset(&mappings, 0, sizeof(mappings));
	mappings_add(&mappings, line, strlen(line));
	assert_int_equal(mappings.count, 1);
	assert_int_equal(strlen(mappings.list[0].name), MAPPING_NAME_SIZE - 1);
	assert_string_equal(mappings.list[0].name + MAPPING_NAME_SIZE - 1 - 5, "/file");
}

static void numbers_of_status(void **state)
{
	static const char status[] =
		"Name:\tVmRSS:\nVmPeak:\t    9 kB\nVmRSS:\t  12 kB\nRssAnon:\tx kB\n";

	(void)state;
	assert_int_equal(process_status_bytes(status, "VmRSS:").value, 12 * 1024);
	assert_int_equal(process_status_bytes(status, "VmPeak:").value, 9 * 1024);
	assert_false(process_status_bytes(status, "RssAnon:").known);
	assert_false(process_status_bytes(status, "VmSwap:").known);
}

/* The entries of a line table: columns follow in bytes without the highest bit. */
static void lines_of_python(void **state)
{
	static const unsigned char table[] = {
		0x80, 0x01,                   /* short: 1 unit, same line (10) */
		0xd9, 0x05, 0x06,             /* one line on: 2 units (11) */
		0xe8, 0x06,                   /* no columns: 1 unit, 3 on (14) */
		0xf1, 0x03, 0x00, 0x01, 0x02, /* long: 2 units, 1 back (13) */
		0xf8,                         /* none: 1 unit */
		0xe8, 0x51, 0x40,             /* cut */
	};
	static const int lines[] = { 10, 11, 11, 14, 13, 13, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_int_equal(python_line_in_table(table, sizeof(table) - 3, 10, i), lines[i]);
	assert_int_equal(python_line_in_table(table, sizeof(table) - 3, 10, 7), 0);
	assert_int_equal(python_line_in_table(table, 0, 10, 0), 0);
	for (size_t size = 0; size <= sizeof(table); size++)
		for (uint64_t at = 0; at < 16; at++)
			assert_true(python_line_in_table(table, size, 10, at) >= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mappings_of_one_name_are_one),
		cmocka_unit_test(what_is_no_list_of_mappings_adds_nothing),
		cmocka_unit_test(too_many_names_are_told),
		cmocka_unit_test(of_a_long_name_the_end_is_kept),
		cmocka_unit_test(numbers_of_status),
		cmocka_unit_test(lines_of_python),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
