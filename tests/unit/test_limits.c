/* SPDX-License-Identifier: MIT
 *
 * What a specification's limits become: on trees of files for both versions of cgroup, without any,
 * and in a real cage.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/ownership.h"
#include "base/text.h"
#include "cage/cage.h"
#include "fixture.h"
#include "prerequisite.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define FILES_MAX 6
#define MIB (UINT64_C(1) << 20)
#define ROOM (4 * MIB) /* memsw above the limit, on a host without swap */

static const char *const command[] = { "true", NULL };
static const char *missing;

#define SPEC .struct_size = sizeof(struct memcage_spec), .argv = command

static bool host_has_swap(void)
{
	struct sysinfo facts;

	assert_int_equal(sysinfo(&facts), 0);
	return facts.totalswap > 0;
}

static void test_data_below(void **state)
{
	static const struct {
		const char *because;
		uint64_t limit, data;
	} rows[] = {
		{ "a sixteenth", 256 * MIB, 240 * MIB },
		{ "at least 2 MiB", 16 * MIB, 14 * MIB },
		{ "but no more than half", 2 * MIB, MIB },
		{ "of a single page too", 4096, 2048 },
		{ "the largest limit", UINT64_MAX - 1, UINT64_MAX - 1 - (UINT64_MAX - 1) / 16 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (limits_data_below(rows[i].limit) != rows[i].data)
			fail_msg("%s: %llu", rows[i].because,
				(unsigned long long)limits_data_below(rows[i].limit));
}

static bool lists(const struct text_list *list, const char *start)
{
	const char *each = NULL;

	while ((each = text_list_next(list, each)) != NULL)
		if (strncmp(each, start, strlen(start)) == 0)
			return true;
	return false;
}

struct file {
	const char *name, *before;
	const char *after; /* NULL: as before */
};

/* One cage of files. */
static const struct row {
	const char *because;
	enum cage_kind kind;
	struct memcage_spec spec;
	struct file files[FILES_MAX]; /* of the memory group; on v2 it caps processes too */
	int result;
	const char *says;      /* in the message, when result is not 0 */
	const char *mechanism; /* one that is listed, or NULL */
	const char *degraded;  /* one that is listed, or NULL */
	uint64_t limit, data;  /* 0: none */
} rows[] = {
	{ "v2: no limit is no write", CAGE_V2, { SPEC }, { { "memory.max", "keep", NULL } }, 0,
		NULL, NULL, NULL, 0, 0 },
	{ "v2: a limit, and no swap", CAGE_V2, { SPEC, .memory_max_bytes = 64 * MIB },
		{ { "memory.max", "", "67108864" }, { "memory.swap.max", "", "0" } }, 0, NULL,
		"memory.max", NULL, 64 * MIB, 0 },
	{ "v2: a limit that is no whole page is compared by pages", CAGE_V2,
		{ SPEC, .memory_max_bytes = 64 * MIB + 5 },
		{ { "memory.max", "", "67108869" }, { "memory.swap.max", "", "0" } }, 0, NULL,
		"memory.max", NULL, 64 * MIB + 5, 0 },
	{ "v2: some swap", CAGE_V2, { SPEC, .memory_max_bytes = 64 * MIB, .swap_max_bytes = MIB },
		{ { "memory.max", "", "67108864" }, { "memory.swap.max", "", "1048576" } }, 0, NULL,
		NULL, NULL, 64 * MIB, 0 },
	{ "v2: all swap", CAGE_V2,
		{ SPEC, .memory_max_bytes = 64 * MIB, .swap_max_bytes = UINT64_MAX },
		{ { "memory.max", "", "67108864" }, { "memory.swap.max", "", "max" } }, 0, NULL,
		NULL, NULL, 64 * MIB, 0 },
	{ "v2: a limit that cannot be written", CAGE_V2, { SPEC, .memory_max_bytes = 64 * MIB },
		{ { "memory.swap.max", "", "0" } }, -ENOENT, "memory.max", NULL, NULL, 0, 0 },
	{ "v2: a limit that reads back as another", CAGE_V2, { SPEC, .memory_max_bytes = 64 * MIB },
		{ { "memory.max", "9999999999", NULL }, { "memory.swap.max", "", "0" } }, -EIO,
		"reads back", NULL, NULL, 0, 0 },
	{ "v2: no degradation makes another limit acceptable", CAGE_V2,
		{ SPEC, .memory_max_bytes = 64 * MIB, .allow_degraded = true },
		{ { "memory.max", "9999999999", NULL }, { "memory.swap.max", "", "0" } }, -EIO,
		"reads back", NULL, NULL, 0, 0 },
	{ "v2: a throttling mark without a limit", CAGE_V2, { SPEC, .memory_high_bytes = MIB },
		{ { "memory.high", "", "1048576" } }, 0, NULL, NULL, NULL, 0, 0 },
	{ "v2: a kill of the whole cage", CAGE_V2, { SPEC, .oom_group = true },
		{ { "memory.oom.group", "0", "1" } }, 0, NULL, "memory.oom.group", NULL, 0, 0 },
	{ "v2: before 4.19", CAGE_V2, { SPEC, .oom_group = true }, { { NULL } }, -ENOENT,
		"--allow-degraded", NULL, NULL, 0, 0 },
	{ "v2: before 4.19, accepted and named", CAGE_V2,
		{ SPEC, .oom_group = true, .allow_degraded = true }, { { NULL } }, 0, NULL, NULL,
		"memory.oom.group", 0, 0 },
	{ "v2: processes", CAGE_V2, { SPEC, .pids_max = 17 }, { { "pids.max", "", "17" } }, 0, NULL,
		"pids.max", NULL, 0, 0 },
	{ "v2: a cap on processes that did not take", CAGE_V2, { SPEC, .pids_max = 17 },
		{ { "pids.max", "999", NULL } }, -ERANGE, "pids.max", NULL, NULL, 0, 0 },
	{ "v2: no cap on processes to be had", CAGE_V2, { SPEC, .pids_max = 17 }, { { NULL } },
		-ENOTSUP, "--pids", NULL, NULL, 0, 0 },
	{ "v2: the same, accepted and named", CAGE_V2,
		{ SPEC, .pids_max = 17, .allow_degraded = true }, { { NULL } }, 0, NULL, NULL,
		"--pids", 0, 0 },
	{ "v2: refusing before the limit", CAGE_V2,
		{ SPEC, .memory_max_bytes = 64 * MIB, .at_limit = MEMCAGE_FAIL_AT_LIMIT },
		{ { "memory.max", "", "67108864" }, { "memory.swap.max", "", "0" } }, 0, NULL,
		"memory.max", NULL, 64 * MIB, 60 * MIB },
	{ "v1: a throttling mark is not to be had", CAGE_V1, { SPEC, .memory_high_bytes = MIB },
		{ { NULL } }, -ENOTSUP, "--memory-high", NULL, NULL, 0, 0 },
	{ "v1: a kill of the whole cage is our own work", CAGE_V1, { SPEC, .oom_group = true },
		{ { NULL } }, 0, NULL, "oom_group_emulated", NULL, 0, 0 },
	{ "v1: all swap is how a group starts", CAGE_V1,
		{ SPEC, .memory_max_bytes = 64 * MIB, .swap_max_bytes = UINT64_MAX },
		{ { "memory.limit_in_bytes", "", "67108864" },
			{ "memory.memsw.limit_in_bytes", "keep", NULL } },
		0, NULL, "memory.limit_in_bytes", NULL, 64 * MIB, 0 },
	{ "v1: a limit that reads back as another", CAGE_V1, { SPEC, .memory_max_bytes = 64 * MIB },
		{ { "memory.limit_in_bytes", "9999999999", NULL } }, -EIO, "reads back", NULL, NULL,
		0, 0 },
	{ "rlimit: per process", CAGE_RLIMIT, { SPEC, .memory_max_bytes = 64 * MIB }, { { NULL } },
		0, NULL, "RLIMIT_DATA", "no cgroup", 0, 64 * MIB },
	{ "rlimit: no limit", CAGE_RLIMIT, { SPEC }, { { NULL } }, 0, NULL, NULL, "no cgroup", 0,
		0 },
	{ "rlimit: no cap on processes", CAGE_RLIMIT, { SPEC, .pids_max = 1 }, { { NULL } },
		-ENOTSUP, "--pids", NULL, NULL, 0, 0 },
	{ "rlimit: every weakness is named, not only the first", CAGE_RLIMIT,
		{ SPEC, .pids_max = 1, .memory_high_bytes = MIB, .oom_group = true,
			.allow_degraded = true },
		{ { NULL } }, 0, NULL, NULL, "--oom-group", 0, 0 },
};

static void check_files(const struct row *row, const char *directory)
{
	for (size_t i = 0; i < FILES_MAX && row->files[i].name != NULL; i++) {
		const struct file *file = &row->files[i];
		char path[128], text[64] = "";
		FILE *stream;

		(void)snprintf(path, sizeof(path), "%s/%s", directory, file->name);
		stream = fopen(path, "r");
		assert_non_null(stream);
		assert_true(fread(text, 1, sizeof(text) - 1, stream) < sizeof(text) - 1);
		assert_int_equal(fclose(stream), 0);
		if (row->result == 0 && strcmp(text, file->after ? file->after : file->before) != 0)
			fail_msg("%s: %s is '%s'", row->because, file->name, text);
	}
}

static void check_row(const struct row *row)
{
	static struct cage cage;
	struct memcage_failure failure = { 0 };
	char directory[] = "/tmp/memcage-test-XXXXXX", path[128];
	int result;

	assert_non_null(mkdtemp(directory));
	for (size_t i = 0; i < FILES_MAX && row->files[i].name != NULL; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", directory, row->files[i].name);
		fixture_write(path, row->files[i].before, strlen(row->files[i].before));
	}
	cage = (struct cage){
		.kind = row->kind, .memory = GROUP_NONE, .twin = GROUP_NONE, .pids = GROUP_NONE
	};
	assert_int_equal(group_open(&cage.memory, directory), 0);
	result = limits_apply(&cage, &row->spec, &failure);
	if (result != row->result ||
		(row->says != NULL && strstr(failure.detail, row->says) == NULL))
		fail_msg("%s: %d %s", row->because, result, failure.detail);
	if ((row->mechanism != NULL && !name_list_has(&cage.mechanisms, row->mechanism)) ||
		(row->degraded != NULL && !lists(&cage.degraded, row->degraded)) ||
		(row->degraded == NULL && cage.degraded.count != 0 && result == 0 &&
			row->kind != CAGE_RLIMIT))
		fail_msg("%s: mechanisms or weaknesses", row->because);
	if (result == 0 &&
		(!cage.limit_bytes.known ||
			cage.limit_bytes.value != (row->limit ? row->limit : UINT64_MAX)))
		fail_msg("%s: the limit as read back", row->because);
	if (result == 0 && cage.rlimit_data_bytes != (row->data ? row->data : UINT64_MAX))
		fail_msg("%s: RLIMIT_DATA", row->because);
	check_files(row, directory);
	group_close(&cage.memory);
	fixture_remove(directory);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(&rows[i]);
}

/* Memory and swap together, on v1; and what a host without swap accounting gets. */
static void test_swap(void **state)
{
	const bool swap = host_has_swap();
	char both[32];
	struct row row = { "v1: memory and swap", CAGE_V1,
		{ SPEC, .memory_max_bytes = 64 * MIB, .swap_max_bytes = 2 * MIB },
		{ { "memory.limit_in_bytes", "", "67108864" },
			{ "memory.memsw.limit_in_bytes", "", both } },
		0, NULL, NULL, NULL, 64 * MIB, 0 };

	(void)state;
	(void)snprintf(
		both, sizeof(both), "%llu", (unsigned long long)(66 * MIB + (swap ? 0 : ROOM)));
	check_row(&row);
	row = (struct row){ "v1: no swap accounting", CAGE_V1,
		{ SPEC, .memory_max_bytes = 64 * MIB },
		{ { "memory.limit_in_bytes", "", "67108864" } }, swap ? -ENOENT : 0,
		swap ? "swapaccount" : NULL, NULL, NULL, 64 * MIB, 0 };
	check_row(&row);
	row = (struct row){ "v2: no swap accounting", CAGE_V2,
		{ SPEC, .memory_max_bytes = 64 * MIB }, { { "memory.max", "", "67108864" } },
		swap ? -ENOENT : 0, swap ? "swapaccount" : NULL, NULL, NULL, 64 * MIB, 0 };
	check_row(&row);
	row.because = "v2: swap allowed anyway";
	row.spec.swap_max_bytes = MIB;
	row.result = 0;
	row.says = NULL;
	check_row(&row);
}

/* The kernel's own word, in a cage as a run makes it. */
static void test_real_cage(void **state)
{
	static struct cage cage;
	const struct memcage_spec spec = { SPEC, .memory_max_bytes = 32 * MIB + 1, .pids_max = 17,
		.allow_degraded = true, .at_limit = MEMCAGE_FAIL_AT_LIMIT };
	struct memcage_failure failure;
	char path[GROUP_PATH_SIZE];

	(void)state;
	if (missing != NULL)
		skip();
	assert_int_equal(cage_open(&cage, &spec, &failure), 0);
	assert_true(
		cage.limit_bytes.known && cage.limit_bytes.value == 32 * MIB); /* rounded down */
	assert_int_equal(cage.rlimit_data_bytes, limits_data_below(32 * MIB));
	assert_true(cage_is_there(&cage) && cage_is_empty(&cage));
	assert_true(name_list_has(&cage.mechanisms, "pids.max") || lists(&cage.degraded, "--pids"));
	(void)snprintf(path, sizeof(path), "%s", cage.memory.path);
	cage_close(&cage);
	assert_int_equal(access(path, F_OK), -1);
	assert_true(is_own_name(base_name(path))); /* there was nothing of ours above it */
}

/* A cage that cannot be: nothing is left behind. */
static void test_real_refusal(void **state)
{
	static struct cage cage;
	const struct memcage_spec spec = { SPEC, .memory_max_bytes = UINT64_C(1) << 63 };
	struct memcage_failure failure = { 0 };

	(void)state;
	if (missing != NULL)
		skip();
	if (cage_open(&cage, &spec, &failure) == 0) {
		assert_true(cage.limit_bytes.value >> 12 ==
			    (UINT64_C(1) << 63) >> 12); /* then it took */
		cage_close(&cage);
		return;
	}
	assert_true(strlen(failure.detail) > 0);
	assert_false(group_exists(&cage.memory));
	assert_null(cage.home);
}

static const char *what_is_missing(void)
{
	static struct cage cage;
	static struct memcage_failure failure;
	const struct memcage_spec spec = { SPEC };

	if (cage_open(&cage, &spec, &failure) < 0)
		return failure.detail;
	cage_close(&cage);
	return NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_data_below),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_real_cage),
		cmocka_unit_test(test_real_refusal),
	};

	missing = what_is_missing();
	return tests_finish(cmocka_run_group_tests(tests, NULL, NULL), missing);
}
