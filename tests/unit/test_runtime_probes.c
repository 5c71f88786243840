/* SPDX-License-Identifier: MIT
 *
 * The probes of the runtime witness on this kernel, with this program itself as the runtime: it has
 * a function of the name that one looks for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "prerequisite.h"
#include "witness/runtime.h"

void rb_memerror(void);

__attribute__((noinline, used)) void rb_memerror(void)
{
	__asm__ volatile("" ::: "memory");
}

static const char *const self[] = { "/proc/self/exe", NULL };
static const struct memcage_spec spec = { .struct_size = sizeof(spec), .argv = self };

/* A child that fails so often, and has a child that fails once. */
static pid_t fail_in_child(int times)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (int i = 0; i < times; i++)
			rb_memerror();
		if (fork() == 0)
			rb_memerror();
		else
			(void)wait(NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

static const struct runtime_failure *failure_of(const struct runtime_witness *witness, pid_t pid)
{
	for (size_t i = 0; i < witness->failure_count; i++)
		if (witness->failures[i].pid == (int)pid)
			return &witness->failures[i];
	return NULL;
}

static void open_witness(struct runtime_witness *witness)
{
	struct memcage_failure failure;

	if (runtime_open(witness, &spec, &failure) < 0)
		fail_msg("%s", failure.detail);
	assert_true(witness->images.probes > 0);
	assert_false(witness->images.failed);
}

static bool instance_exists(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "/sys/kernel/tracing/instances/%s", name);
	return access(path, F_OK) == 0;
}

static void test_whose_hits(void **state)
{
	struct runtime_witness first, second;
	char name[OWN_NAME_SIZE];
	pid_t one, other;

	(void)state;
	open_witness(&first);
	one = fail_in_child(3);
	runtime_started(&first);
	/* A second run of this process while the first goes on. */
	open_witness(&second);
	other = fail_in_child(1);
	runtime_started(&second);
	(void)fail_in_child(5); /* of no run */
	rb_memerror();
	runtime_read(&first);
	runtime_read(&second);
	assert_false(first.lost);
	assert_false(second.lost);
	assert_int_equal(first.hits, 4);
	assert_int_equal(first.failure_count, 2);
	assert_non_null(failure_of(&first, one));
	assert_int_equal(failure_of(&first, one)->hits, 3);
	assert_string_equal(failure_of(&first, one)->runtime, "ruby");
	assert_string_equal(failure_of(&first, one)->text, "NoMemoryError");
	assert_int_equal(second.hits, 2);
	assert_non_null(failure_of(&second, other));
	assert_null(failure_of(&second, one));

	(void)snprintf(name, sizeof(name), "%s", first.tracing.name);
	assert_true(instance_exists(name));
	runtime_close(&first);
	assert_false(instance_exists(name));
	assert_true(instance_exists(second.tracing.name));
	runtime_close(&second);
	runtime_close(&second); /* once more does no harm */
}

/* More failures in more processes than are remembered one by one. */
static void test_many(void **state)
{
	struct runtime_witness witness;

	(void)state;
	open_witness(&witness);
	for (int i = 0; i < RUNTIME_PROCESSES_MAX; i++)
		(void)fail_in_child(1);
	(void)fail_in_child(2000);
	runtime_started(&witness);
	runtime_read(&witness);
	assert_false(witness.lost);
	assert_int_equal(witness.hits, 2 * RUNTIME_PROCESSES_MAX + 2001);
	assert_int_equal(witness.failure_count, RUNTIME_PROCESSES_MAX);
	/* the last ones: the loud child, and its own child after it */
	assert_int_equal(witness.failures[RUNTIME_PROCESSES_MAX - 2].hits, 2000);
	assert_int_equal(witness.failures[RUNTIME_PROCESSES_MAX - 1].hits, 1);
	runtime_close(&witness);
}

static void test_crowded_buffer(void **state)
{
	struct runtime_witness witness;

	(void)state;
	open_witness(&witness);
	(void)fail_in_child(80000);
	runtime_started(&witness);
	runtime_read(&witness);
	assert_true(witness.lost);
	assert_true(witness.hits > 0 && witness.hits < 80001);
	runtime_close(&witness);
}

static void test_clean(void **state)
{
	struct runtime_witness witness;
	struct tracing left;

	(void)state;
	open_witness(&witness);
	left = witness.tracing;
	(void)tracing_clean(); /* it is in use */
	assert_true(instance_exists(left.name));
	/* as if we had died: nobody holds the lock */
	(void)close(witness.pipe);
	(void)close(witness.tracing.directory);
	assert_true(tracing_count_abandoned() >= 1);
	assert_true(tracing_clean() >= 1);
	assert_false(instance_exists(left.name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whose_hits),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_crowded_buffer),
		cmocka_unit_test(test_clean),
	};

	struct memcage_failure why;

	if (runtime_possible(&why) < 0)
		return tests_finish(0, why.detail);
	return tests_finish(cmocka_run_group_tests(tests, NULL, NULL), NULL);
}
