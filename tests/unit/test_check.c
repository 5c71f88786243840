/* SPDX-License-Identifier: MIT
 *
 * Which specifications make sense together, and callers built against an older header.
 */
#include "spec/check.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define MIB (UINT64_C(1) << 20)

static const char *const command[] = { "true", NULL };
static const char *const nothing[] = { NULL };

#define SPEC .struct_size = sizeof(struct memcage_spec), .argv = command

/* NULL in says: it is accepted. Else the message holds these words. */
static const struct {
	const char *because, *says;
	struct memcage_spec spec;
} rows[] = {
	{ "no limit at all is a run that is only judged", NULL, { SPEC } },
	{ "no argv", "no command", { .struct_size = sizeof(struct memcage_spec) } },
	{ "an argv without a command", "no command",
		{ .struct_size = sizeof(struct memcage_spec), .argv = nothing } },
	{ "one page is the smallest limit", NULL, { SPEC, .memory_max_bytes = 4096 } },
	{ "less than a page would be rounded to nothing", "at least one page",
		{ SPEC, .memory_max_bytes = 4095 } },
	{ "unlimited is no limit", NULL, { SPEC, .memory_max_bytes = MEMCAGE_UNLIMITED } },
	{ "refusing at a limit needs one", "needs a memory limit",
		{ SPEC, .at_limit = MEMCAGE_FAIL_AT_LIMIT } },
	{ "unlimited is not one", "needs a memory limit",
		{ SPEC, .at_limit = MEMCAGE_FAIL_AT_LIMIT,
			.memory_max_bytes = MEMCAGE_UNLIMITED } },
	{ "with a limit it is well", NULL,
		{ SPEC, .at_limit = MEMCAGE_FAIL_AT_LIMIT, .memory_max_bytes = MIB } },
	{ "a kill of the whole cage needs no limit of ours: an outer one may act", NULL,
		{ SPEC, .oom_group = true } },
	{ "without a cgroup there is no whole cage", "needs a cgroup",
		{ SPEC, .oom_group = true, .backend = MEMCAGE_BACKEND_RLIMIT } },
	{ "a limit does not change that", "needs a cgroup",
		{ SPEC, .oom_group = true, .backend = MEMCAGE_BACKEND_RLIMIT,
			.memory_max_bytes = MIB } },
	{ "a mark below the limit", NULL,
		{ SPEC, .memory_max_bytes = 2 * MIB, .memory_high_bytes = MIB } },
	{ "at the limit it may stand", NULL,
		{ SPEC, .memory_max_bytes = MIB, .memory_high_bytes = MIB } },
	{ "above the limit it would never act", "would never act",
		{ SPEC, .memory_max_bytes = MIB, .memory_high_bytes = 2 * MIB } },
	{ "no mark, said aloud", NULL,
		{ SPEC, .memory_max_bytes = MIB, .memory_high_bytes = MEMCAGE_UNLIMITED } },
	{ "a mark without a limit", NULL, { SPEC, .memory_high_bytes = MIB } },
	{ "nothing to truncate", "--output-max", { SPEC, .output_truncate = true } },
	{ "something to truncate", NULL, { SPEC, .output_truncate = true, .output_max_bytes = 1 } },
	{ "what does not pass cannot be counted", "--no-tap",
		{ SPEC, .no_tap = true, .output_max_bytes = 1 } },
	{ "no tap and no count", NULL, { SPEC, .no_tap = true } },
	{ "a parent group without cgroups", "--parent",
		{ SPEC, .backend = MEMCAGE_BACKEND_RLIMIT, .parent_group = "/x" } },
	{ "a parent group", NULL, { SPEC, .parent_group = "/x" } },
	{ "two witnesses of the same calls would count them twice", "same system calls",
		{ SPEC, .witnesses = MEMCAGE_WITNESS_TRACE | MEMCAGE_WITNESS_BPF } },
	{ "the witness in the kernel beside the library", NULL,
		{ SPEC, .witnesses = MEMCAGE_WITNESS_PRELOAD | MEMCAGE_WITNESS_BPF } },
	{ "it knows the cage by its group", "cgroup",
		{ SPEC, .witnesses = MEMCAGE_WITNESS_BPF, .backend = MEMCAGE_BACKEND_RLIMIT } },
	{ "a wall time that overflows a clock would fire at once", "too long",
		{ SPEC, .wall_time_max_ms = MEMCAGE_UNLIMITED } },
	{ "a CPU time too", "too long", { SPEC, .cpu_time_max_ms = MEMCAGE_UNLIMITED } },
	{ "a grace time too", "too long", { SPEC, .grace_ms = MEMCAGE_UNLIMITED } },
	{ "a stall time that is not off", "too long", { SPEC, .stall_ms = MEMCAGE_UNLIMITED - 1 } },
	{ "no stall detection", NULL, { SPEC, .stall_ms = MEMCAGE_UNLIMITED } },
	{ "last words need memory.high", "--memory-high",
		{ SPEC, .memory_max_bytes = 1 << 20, .memory_high_bytes = 1 << 19,
			.last_words = true } },
	{ "last words and no throttling mark", NULL,
		{ SPEC, .memory_max_bytes = 1 << 20, .memory_high_bytes = MEMCAGE_UNLIMITED,
			.last_words = true } },
	{ "last words need a limit", "-m SIZE", { SPEC, .last_words = true } },
	{ "500 years are no problem", NULL,
		{ SPEC, .wall_time_max_ms = UINT64_C(15768000000000) } },
	{ "an ordinary user", NULL,
		{ SPEC, .set_user = true, .user_id = 65534, .group_id = 65534 } },
	{ "-1 would leave us root", "no user", { SPEC, .set_user = true, .user_id = UINT32_MAX } },
	{ "-1 would leave us root's group", "no user",
		{ SPEC, .set_user = true, .group_id = UINT32_MAX } },
	{ "ids that nobody asked to set", NULL, { SPEC, .user_id = UINT32_MAX } },
};

static void test_combinations(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct memcage_failure failure = { .detail = "untouched" };
		int result = spec_check(&rows[i].spec, &failure);
		const char *says = rows[i].says ? rows[i].says : "untouched";

		if (result != (rows[i].says ? -EINVAL : 0) || strstr(failure.detail, says) == NULL)
			fail_msg("%s: %d, '%s'", rows[i].because, result, failure.detail);
		if (strchr(failure.detail, '\n') != NULL)
			fail_msg("%s: more than one line", rows[i].because);
	}
}

static void test_has_limit(void **state)
{
	(void)state;
	assert_false(spec_has_limit(&(struct memcage_spec){ SPEC }));
	assert_false(spec_has_limit(
		&(struct memcage_spec){ SPEC, .memory_max_bytes = MEMCAGE_UNLIMITED }));
	assert_true(spec_has_limit(&(struct memcage_spec){ SPEC, .memory_max_bytes = 1 }));
}

/* A caller of an older header has a smaller struct: what lies behind it is not ours to read. */
static void test_older_caller(void **state)
{
	static const size_t sizes[] = { offsetof(struct memcage_spec, working_directory),
		offsetof(struct memcage_spec, memory_max_bytes),
		offsetof(struct memcage_spec, set_user), offsetof(struct memcage_spec, signal_mask),
		sizeof(struct memcage_spec) };
	struct memcage_spec full, adopted;
	struct memcage_failure failure;

	(void)state;
	memset(&full, 0x5a, sizeof(full));
	full.policy = NULL; /* the one that is followed */
	full.limits_complete = true;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		/* Its allocation ends where it ends, so that sanitizers see a read beyond. */
		struct memcage_spec *older = malloc(sizes[i]);
		unsigned char *bytes = (unsigned char *)&adopted;

		assert_non_null(older);
		memcpy(older, &full, sizes[i]);
		older->struct_size = sizes[i];
		memset(&adopted, 0xff, sizeof(adopted));
		assert_int_equal(spec_adopt(older, &adopted, &failure), 0);
		assert_int_equal(adopted.struct_size, sizeof(adopted));
		assert_memory_equal(bytes + sizeof(size_t), (unsigned char *)&full + sizeof(size_t),
			sizes[i] - sizeof(size_t));
		for (size_t at = sizes[i]; at < sizeof(adopted); at++)
			assert_int_equal(bytes[at], 0);
		free(older);
	}
}

/* A caller of a newer header has a larger one: we take what we know. */
static void test_newer_caller(void **state)
{
	struct {
		struct memcage_spec known;
		char unknown[64];
	} newer = { .known = { .struct_size = sizeof(newer), .argv = command, .pids_max = 7 } };
	struct memcage_spec adopted;
	struct memcage_failure failure;

	(void)state;
	assert_int_equal(spec_adopt(&newer.known, &adopted, &failure), 0);
	assert_int_equal(adopted.struct_size, sizeof(adopted));
	assert_int_equal(adopted.pids_max, 7);
	/* ... but never drop a wish in silence */
	newer.unknown[63] = 1;
	assert_int_equal(spec_adopt(&newer.known, &adopted, &failure), -EINVAL);
	assert_non_null(strstr(failure.detail, "newer library"));
}

static void test_values_that_do_not_exist(void **state)
{
	struct memcage_spec specs[] = { { SPEC, .at_limit = (enum memcage_at_limit)2 },
		{ SPEC, .backend = (enum memcage_backend)4 }, { SPEC, .witnesses = 128 } };
	struct memcage_failure failure;

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++) {
		assert_int_equal(spec_check(&specs[i], &failure), -EINVAL);
		assert_non_null(strstr(failure.detail, "does not exist"));
	}
}

static void test_impossible_size(void **state)
{
	static const size_t sizes[] = { 0, 1, offsetof(struct memcage_spec, envp),
		offsetof(struct memcage_spec, working_directory) - 1 };
	struct memcage_spec spec = { SPEC }, adopted = { .pids_max = 7 };
	struct memcage_failure failure;

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		spec.struct_size = sizes[i];
		assert_int_equal(spec_adopt(&spec, &adopted, &failure), -EINVAL);
		assert_non_null(strstr(failure.detail, "struct_size"));
		assert_int_equal(adopted.pids_max, 7); /* written only on success */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_combinations),
		cmocka_unit_test(test_has_limit),
		cmocka_unit_test(test_older_caller),
		cmocka_unit_test(test_newer_caller),
		cmocka_unit_test(test_values_that_do_not_exist),
		cmocka_unit_test(test_impossible_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
