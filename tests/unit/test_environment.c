/* SPDX-License-Identifier: MIT
 *
 * What the library inside adds to the environment of a program that its process starts.
 */
#include "witness/preload/bytes.c"
#include "witness/preload/environment.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LIBRARY "/x/witness.so"
#define PAGE "/dev/shm/page"

static const struct environment_ours own = { LIBRARY, PAGE };

/* The copy with its entries joined by blanks; "unchanged" where nothing is to be added. What is
 * written must fit the size that was asked for: valgrind and the address sanitizer look. */
static const char *extended(char *const *envp)
{
	static char text[1024];
	struct environment_plan plan = environment_plan(&own, envp);
	void *memory;
	char **copy;

	if (plan.size == 0)
		return "unchanged";
	memory = malloc(plan.size);
	assert_non_null(memory);
	copy = environment_extend(&plan, &own, envp, memory);
	text[0] = '\0';
	for (size_t i = 0; copy[i] != NULL; i++) {
		size_t length = strlen(text);

		(void)snprintf(
			text + length, sizeof(text) - length, "%s%s", i > 0 ? " " : "", copy[i]);
	}
	free(memory);
	return text;
}

#define EXTENDED(...) extended((char *const *)(const char *const[]){ __VA_ARGS__, NULL })

static void an_empty_one_gets_both(void **state)
{
	char *none[] = { NULL };

	(void)state;
	assert_string_equal(extended(none), "LD_PRELOAD=" LIBRARY " MEMCAGE_WITNESS=" PAGE);
	assert_string_equal(extended(NULL), "LD_PRELOAD=" LIBRARY " MEMCAGE_WITNESS=" PAGE);
}

static void what_is_there_is_kept_in_its_order(void **state)
{
	(void)state;
	assert_string_equal(EXTENDED("A=1", "LD_PRELOADED=no", "B"),
		"A=1 LD_PRELOADED=no B LD_PRELOAD=" LIBRARY " MEMCAGE_WITNESS=" PAGE);
	assert_string_equal(EXTENDED("LD_PRELOAD=/a.so:/b.so", "A=1"),
		"A=1 LD_PRELOAD=/a.so:/b.so:" LIBRARY " MEMCAGE_WITNESS=" PAGE);
	assert_string_equal(EXTENDED("LD_PRELOAD=", "MEMCAGE_WITNESS=" PAGE),
		"MEMCAGE_WITNESS=" PAGE " LD_PRELOAD=" LIBRARY);
	assert_string_equal(EXTENDED("LD_PRELOAD=" LIBRARY, "A=1"),
		"LD_PRELOAD=" LIBRARY " A=1 MEMCAGE_WITNESS=" PAGE);
}

static void a_whole_one_is_left_alone(void **state)
{
	(void)state;
	assert_string_equal(
		EXTENDED("MEMCAGE_WITNESS=" PAGE, "A=1", "LD_PRELOAD=" LIBRARY), "unchanged");
	assert_string_equal(EXTENDED("LD_PRELOAD=/a.so " LIBRARY ":/b.so", "MEMCAGE_WITNESS=" PAGE),
		"unchanged");
}

static void a_name_that_begins_alike_is_another(void **state)
{
	(void)state;
	assert_string_equal(
		EXTENDED("MEMCAGE_WITNESS=" PAGE, "LD_PRELOAD=" LIBRARY ".old:/y" LIBRARY),
		"MEMCAGE_WITNESS=" PAGE " LD_PRELOAD=" LIBRARY ".old:/y" LIBRARY ":" LIBRARY);
}

static void another_memcage_is_left_alone(void **state)
{
	(void)state;
	assert_string_equal(
		EXTENDED("LD_PRELOAD=/other.so", "MEMCAGE_WITNESS=/dev/shm/other"), "unchanged");
	assert_string_equal(EXTENDED("MEMCAGE_WITNESS="), "unchanged");
}

static void an_absurd_one_is_left_alone(void **state)
{
	static char *many[ENVIRONMENT_ENTRIES_MAX + 2], entry[] = "A=1";
	char large[ENVIRONMENT_VALUE_MAX + 32] = "LD_PRELOAD=";

	(void)state;
	for (size_t i = 0; i <= ENVIRONMENT_ENTRIES_MAX; i++)
		many[i] = entry;
	assert_int_equal(environment_plan(&own, many).size, 0);
	many[ENVIRONMENT_ENTRIES_MAX] = NULL;
	assert_true(environment_plan(&own, many).size > 0);
	memset(large + strlen(large), 'x', sizeof(large) - strlen(large) - 1);
	large[sizeof(large) - 1] = '\0';
	assert_string_equal(EXTENDED(large), "unchanged");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_gets_both),
		cmocka_unit_test(what_is_there_is_kept_in_its_order),
		cmocka_unit_test(a_whole_one_is_left_alone),
		cmocka_unit_test(a_name_that_begins_alike_is_another),
		cmocka_unit_test(another_memcage_is_left_alone),
		cmocka_unit_test(an_absurd_one_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
