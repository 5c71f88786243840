/* SPDX-License-Identifier: MIT
 *
 * What the report says of programs that no witness got into.
 */
#include "engine/coverage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LIBRARY "libmemcage-witness.so"

static struct processes processes;
static struct refusals refusals;
static struct report_facts facts;
static struct coverage_sources sources;

static int setup(void **state)
{
	(void)state;
	memset(&processes, 0, sizeof(processes));
	memset(&facts, 0, sizeof(facts));
	refusals = (struct refusals){ .watched = true };
	sources = (struct coverage_sources){
		.processes = &processes,
		.refusals = &refusals,
		.library = LIBRARY,
		.main_pid = 1000,
		.main_command = "main",
	};
	return 0;
}

/* The next process, with images in the form of /proc/PID/maps; NULL: they could not be read. */
static struct process *program(const char *executable, const char *images)
{
	struct process *process = &processes.list[processes.count];

	process->pid = 1000 + processes.count++;
	(void)snprintf(process->executable, sizeof(process->executable), "%s", executable);
	if (images != NULL) {
		process_add_images(process, images, strlen(images));
		process->looks = 1;
	}
	processes.seen++;
	return process;
}

static void check(int seen, int covered, const char *uncovered)
{
	coverage_describe(&sources, &facts);
	assert_int_equal(facts.processes_seen.known, seen >= 0);
	if (seen >= 0)
		assert_true(facts.processes_seen.value == (uint64_t)seen);
	assert_true(facts.processes_covered.known);
	assert_true(facts.processes_covered.value == (uint64_t)covered);
	assert_int_equal(facts.uncovered.count, uncovered != NULL);
	if (uncovered != NULL)
		assert_string_equal(text_list_next(&facts.uncovered, NULL), uncovered);
}

#define LINE(name) "1-2 r-xp 0 0:0 1 /lib/" name "\n"
#define WITH_LIBRARY LINE("sh") LINE("ld-linux-x86-64.so.2") LINE(LIBRARY) LINE("libc.so.6")
#define WITHOUT_LIBRARY LINE("sh") LINE("ld-linux-x86-64.so.2") LINE("libc.so.6")

static void nothing_seen_is_not_known(void **state)
{
	(void)state;
	check(-1, 0, NULL);
}

static void short_lives_are_counted_by_the_witness(void **state)
{
	(void)state;
	refusals.covered = 5;
	check(5, 5, NULL);
}

static void forks_have_the_library_of_their_parent(void **state)
{
	(void)state;
	refusals.covered = 1;
	for (int i = 0; i < 3; i++)
		(void)program("/bin/sh", WITH_LIBRARY);
	check(3, 3, NULL);
}

static void one_that_loaded_without_it_is_named_once(void **state)
{
	(void)state;
	refusals.covered = 1;
	(void)program("/bin/sh", WITH_LIBRARY);
	(void)program("/bin/sh", WITHOUT_LIBRARY);
	(void)program("/bin/sh", WITHOUT_LIBRARY);
	check(3, 1, "sh (started without the library in LD_PRELOAD)");
}

static void one_that_is_still_loading_is_not_judged(void **state)
{
	(void)state;
	(void)program("/bin/sh", LINE("sh") LINE("ld-linux-x86-64.so.2"));
	(void)program("/bin/sh", NULL);
	program("/bin/sh", WITHOUT_LIBRARY)->images_cut = true;
	(void)program("/nosuch/old (deleted)", WITHOUT_LIBRARY);
	(void)program("", WITHOUT_LIBRARY);
	check(5, 0, NULL);
}

/* musl's loader is libc.so: mapped before the library that it was told to load. */
static void musl_may_still_be_loading(void **state)
{
	(void)state;
	program("/bin/sh", LINE("sh") LINE("libc.so"))->looks = 2;
	check(1, 0, NULL);
	(void)program("/bin/sh", LINE("sh") LINE("libc.so") LINE("libz.so.1"));
	check(2, 0, "sh (started without the library in LD_PRELOAD)");
}

static void a_main_program_is_told_once(void **state)
{
	(void)state;
	sources.why_uncovered = "statically linked";
	(void)program("/nosuch/main", LINE("main")); /* cannot be read any more */
	check(1, 0, "main (statically linked)");
}

static void without_a_witness_nobody_is_covered(void **state)
{
	(void)state;
	sources.library = NULL;
	refusals = (struct refusals){ 0 };
	(void)program("/bin/sh", WITHOUT_LIBRARY);
	check(1, 0, NULL);
}

static void names_are_made_printable(void **state)
{
	(void)state;
	(void)program("/nosuch/\x1b[31mred", LINE("libc.so.6"));
	check(1, 0, "?[31mred (cannot be read)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_seen_is_not_known, setup),
		cmocka_unit_test_setup(short_lives_are_counted_by_the_witness, setup),
		cmocka_unit_test_setup(forks_have_the_library_of_their_parent, setup),
		cmocka_unit_test_setup(one_that_loaded_without_it_is_named_once, setup),
		cmocka_unit_test_setup(one_that_is_still_loading_is_not_judged, setup),
		cmocka_unit_test_setup(musl_may_still_be_loading, setup),
		cmocka_unit_test_setup(a_main_program_is_told_once, setup),
		cmocka_unit_test_setup(without_a_witness_nobody_is_covered, setup),
		cmocka_unit_test_setup(names_are_made_printable, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
