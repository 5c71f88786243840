/* SPDX-License-Identifier: MIT
 *
 * The counters of cages that the kernel really had (tests/record_fixture.sh), and of broken ones:
 * what is not there, cut or garbage is unknown, and never 0.
 */
#include "cage/counters.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/fd.h"
#include "cage/cage.h"
#include "fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define TEMPORARY "/tmp/memcage-test-XXXXXX"
#define MIB (UINT64_C(1) << 20)

struct reading {
	struct group memory, twin, pids;
	struct counter_source source;
	struct counters counters;
	struct raw_counters raw;
};

static void open_one(struct group *group, const char *directory, const char *when, const char *name)
{
	char path[GROUP_PATH_SIZE];

	*group = (struct group)GROUP_NONE;
	(void)snprintf(path, sizeof(path), "%s/%s/%s", directory, when, name);
	(void)group_open(group, path); /* v2 has no twin and no pids */
}

static void read_all(struct reading *reading, const char *directory, const char *when, bool is_v2)
{
	open_one(&reading->memory, directory, when, "outer/leaf");
	open_one(&reading->twin, directory, when, "twin");
	open_one(&reading->pids, directory, when, "pids");
	reading->source = (struct counter_source){ .is_v2 = is_v2,
		.memory = &reading->memory,
		.twin = &reading->twin,
		.pids = &reading->pids };
	reading->raw.count = 0;
	counters_read(&reading->source, &reading->counters, &reading->raw);
}

static void close_all(struct reading *reading)
{
	group_close(&reading->memory);
	group_close(&reading->twin);
	group_close(&reading->pids);
}

#define ABSENT -1
#define SOME -2 /* known and greater than 0 */

/* How far each counter rose; the peak at the end. */
static const struct {
	const char *because, *fixture;
	int oom_kills, tree_ooms, local_ooms, limit_hits, failures, inner_oom_kills, group_kills;
	uint64_t peak_least, peak_most;
} recorded[] = {
	{ "own limit: a kill, and the limit's own event", "v2-own-limit", 1, 1, 1, SOME, ABSENT,
		ABSENT, 0, 32 * MIB, 32 * MIB },
	{ "a limit above: a kill without an event of ours", "v2-ancestor-limit", 1, 0, 0, 0, ABSENT,
		ABSENT, 0, 1, 34 * MIB },
	{ "a limit below: an event in the tree that is not local", "v2-inner-limit", 1, 1, 0, SOME,
		ABSENT, ABSENT, 0, 1, 17 * MIB },
	{ "the host's memory: a kill without any event", "v2-host", 1, 0, 0, 0, ABSENT, ABSENT, 0,
		64 * MIB, 600 * MIB },
	{ "nothing happened: known zeros", "v2-clean", 0, 0, 0, 0, ABSENT, ABSENT, 0, 8 * MIB,
		10 * MIB },
	{ "page cache meets the limit, and that is all", "v2-page-cache", 0, 0, 0, SOME, ABSENT,
		ABSENT, 0, 32 * MIB, 32 * MIB },
	{ "own limit", "v1-own-limit", 1, ABSENT, ABSENT, ABSENT, SOME, 0, ABSENT, 32 * MIB,
		32 * MIB },
	{ "a limit above: our own is not met", "v1-ancestor-limit", 1, ABSENT, ABSENT, ABSENT, 0, 0,
		ABSENT, 1, 34 * MIB },
	{ "a limit below: v1 counts the kill there alone", "v1-inner-limit", 0, ABSENT, ABSENT,
		ABSENT, 0, 1, ABSENT, 1, 17 * MIB },
	{ "nothing happened", "v1-clean", 0, ABSENT, ABSENT, ABSENT, 0, 0, ABSENT, 8 * MIB,
		10 * MIB },
	{ "page cache meets the limit", "v1-page-cache", 0, ABSENT, ABSENT, ABSENT, SOME, 0, ABSENT,
		32 * MIB, 32 * MIB },
};

static void check_rise(const char *because, const char *name, struct counter before,
	struct counter after, int expected)
{
	struct counter rise = counter_rise(before, after);
	bool right = expected == ABSENT ? !before.known && !after.known
		     : expected == SOME ? counter_some(rise)
					: rise.known && rise.value == (uint64_t)expected;

	if (!right)
		fail_msg("%s: %s: %d %llu", because, name, rise.known,
			(unsigned long long)rise.value);
}

#define CHECK_RISE(member)                                                                         \
	check_rise(recorded[i].because, #member, before.counters.member, after.counters.member,    \
		recorded[i].member)

static void test_recorded(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(recorded); i++) {
		char directory[] = TEMPORARY, name[64];
		bool is_v2 = recorded[i].fixture[1] == '2';
		struct reading before, after;

		(void)snprintf(name, sizeof(name), "groups/%s", recorded[i].fixture);
		fixture_unpack(name, directory);
		read_all(&before, directory, "before", is_v2);
		read_all(&after, directory, "after", is_v2);
		CHECK_RISE(oom_kills);
		CHECK_RISE(tree_ooms);
		CHECK_RISE(local_ooms);
		CHECK_RISE(limit_hits);
		CHECK_RISE(failures);
		CHECK_RISE(inner_oom_kills);
		CHECK_RISE(group_kills);
		if (!after.counters.peak_bytes.known ||
			after.counters.peak_bytes.value < recorded[i].peak_least ||
			after.counters.peak_bytes.value > recorded[i].peak_most)
			fail_msg("%s: peak %llu", recorded[i].because,
				(unsigned long long)after.counters.peak_bytes.value);
		if (!is_v2 || after.counters.user_us.known)
			assert_true(
				counter_rise(before.counters.system_us, after.counters.system_us)
					.known);
		assert_true(after.counters.host_oom_kills.known); /* of the host we are on */
		close_all(&before);
		close_all(&after);
		fixture_remove(directory);
	}
}

static struct counter raw_of(const struct raw_counters *raw, const char *name)
{
	for (int i = 0; i < raw->count; i++)
		if (strcmp(raw->items[i].name, name) == 0)
			return raw->items[i].value;
	return (struct counter){ 0 };
}

/* The report shows each under its kernel name, and only what is known. */
static void test_raw(void **state)
{
	char directory[] = TEMPORARY;
	struct reading after;

	(void)state;
	fixture_unpack("groups/v2-own-limit", directory);
	read_all(&after, directory, "after", true);
	assert_int_equal(raw_of(&after.raw, "memory.events oom_kill").value, 1);
	assert_true(raw_of(&after.raw, "memory.events.local oom").known);
	assert_int_equal(raw_of(&after.raw, "memory.peak").value, 32 * MIB);
	assert_true(raw_of(&after.raw, "vmstat oom_kill").known);
	assert_false(raw_of(&after.raw, "memory.oom_control oom_kill").known);
	for (int i = 0; i < after.raw.count; i++)
		assert_true(after.raw.items[i].value.known);
	close_all(&after);
	fixture_remove(directory);
}

/* What is said of a new group without reading it, beside what is read at the end. */
static void test_new(void **state)
{
	static const struct {
		const char *fixture;
		bool is_v2;
	} rows[] = { { "groups/v2-own-limit", true }, { "groups/v1-own-limit", false } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char directory[] = TEMPORARY;
		struct raw_counters raw;
		struct reading after;
		struct counters before;

		fixture_unpack(rows[i].fixture, directory);
		read_all(&after, directory, "after", rows[i].is_v2);
		counters_of_new(&after.source, &before);
		assert_true(counter_none(before.oom_kills) && counter_none(before.peak_bytes));
		assert_int_equal(before.tree_ooms.known, rows[i].is_v2);
		assert_int_equal(counter_none(before.inner_oom_kills), !rows[i].is_v2);
		assert_true(before.host_oom_kills.known);      /* that one is read */
		assert_false(counters_are_new(&after.source)); /* it had a kill */
		raw_counters_of_new(&before, &after.raw, &raw);
		assert_int_equal(raw.count, after.raw.count);
		for (int k = 0; k < raw.count; k++)
			assert_true(raw_of(&after.raw, raw.items[k].name).known &&
				    (raw.items[k].value.value == 0 ||
					    strcmp(raw.items[k].name, "vmstat oom_kill") == 0));
		/* what cannot be read afterwards is not told of before, either */
		after.raw.count = 1;
		raw_counters_of_new(&before, &after.raw, &raw);
		assert_int_equal(raw.count, 1);
		close_all(&after);
		counters_of_new(&after.source, &before); /* no group at all: unknown, not 0 */
		assert_false(before.oom_kills.known || before.peak_bytes.known ||
			     before.inner_oom_kills.known);
		fixture_remove(directory);
	}
}

/* The kernel's own word: every counter of the table is 0 in a group that was just made. */
static void test_new_is_new(void **state)
{
	static struct cage cage;
	const struct memcage_spec spec = { .struct_size = sizeof(spec) };
	struct memcage_failure failure;
	struct counter_source source;
	struct counters read;

	(void)state;
	if (cage_open(&cage, &spec, &failure) < 0)
		skip();
	source = cage_counters(&cage);
	counters_read(&source, &read, NULL);
	assert_true(read.oom_kills.known); /* something was read */
	assert_true(counters_are_new(&source));
	assert_true(counter_none(memory_current(&source)));
	cage_close(&cage);
}

/* The same directory with one file replaced (NULL: removed). */
static const struct {
	const char *because, *file, *text;
	bool oom_kills, tree_ooms, local_ooms, peak_bytes;
} broken[] = {
	{ "as it was", "unused", "", true, true, true, true },
	{ "events gone: the local ones stand for themselves", "memory.events", NULL, false, false,
		true, true },
	{ "local events gone (before 5.2)", "memory.events.local", NULL, true, true, false, true },
	{ "no peak (before 5.19)", "memory.peak", NULL, true, true, true, false },
	{ "empty", "memory.events", "", false, false, true, true },
	{ "only the first lines", "memory.events", "low 0\nhigh 0\nmax 35\noom 1\n", false, true,
		true, true },
	{ "cut within a number", "memory.events", "oom 1\noom_kill 1", false, true, true, true },
	{ "cut within a key", "memory.events", "oom 1\noom_k", false, true, true, true },
	{ "garbage", "memory.events", "oom one\noom_kill \x01\xff\n", false, false, true, true },
	{ "a negative number", "memory.events", "oom -1\noom_kill 1\n", true, false, true, true },
	{ "another order, and keys we do not know", "memory.events",
		"oom_kill 1\nsock_throttled 5\noom_group_kill 0\noom 1\n", true, true, true, true },
	{ "a peak that is no number", "memory.peak", "max\n", true, true, true, false },
	{ "an empty peak", "memory.peak", "", true, true, true, false },
	{ "a peak that is too large for any number", "memory.peak",
		"99999999999999999999999999999999999999999999\n", true, true, true, false },
};

static void replace_file(const char *directory, const char *file, const char *text)
{
	char path[GROUP_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%s/after/outer/leaf/%s", directory, file);
	if (text != NULL)
		fixture_write(path, text, strlen(text));
	else
		assert_int_equal(unlink(path), 0);
}

static void test_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		char directory[] = TEMPORARY;
		struct reading after;

		fixture_unpack("groups/v2-own-limit", directory);
		replace_file(directory, broken[i].file, broken[i].text);
		read_all(&after, directory, "after", true);
		if (after.counters.oom_kills.known != broken[i].oom_kills ||
			after.counters.tree_ooms.known != broken[i].tree_ooms ||
			after.counters.local_ooms.known != broken[i].local_ooms ||
			after.counters.peak_bytes.known != broken[i].peak_bytes)
			fail_msg("%s: %d %d %d %d", broken[i].because,
				after.counters.oom_kills.known, after.counters.tree_ooms.known,
				after.counters.local_ooms.known, after.counters.peak_bytes.known);
		close_all(&after);
		fixture_remove(directory);
	}
}

/* A cage that is gone, and one that never was. */
static void test_nothing_there(void **state)
{
	char directory[] = TEMPORARY;
	struct reading after;
	struct memory_split split;

	(void)state;
	fixture_unpack("groups/v1-own-limit", directory);
	read_all(&after, directory, "after", false);
	fixture_remove(directory);
	for (int i = 0; i < 4; i++) {
		after.source.is_v2 = i % 2 == 0;
		counters_read(&after.source, &after.counters, &after.raw);
		assert_false(after.counters.oom_kills.known);
		assert_false(after.counters.inner_oom_kills.known);
		assert_false(after.counters.peak_bytes.known);
		assert_false(after.counters.user_us.known);
		assert_false(after.counters.pids_refused.known);
		memory_split_read(&after.source, &split);
		assert_false(split.anon_bytes.known || split.file_bytes.known ||
			     split.shmem_bytes.known || split.kernel_bytes.known);
		assert_false(memory_current(&after.source).known);
		if (i == 1)
			close_all(&after); /* from now on: no directory at all */
	}
}

static void test_split(void **state)
{
	static const struct {
		const char *because, *fixture;
		bool cached; /* the guest's file system keeps no pages of a closed file */
	} rows[] = { { "v1 by its total_ keys", "groups/v1-page-cache", true },
		{ "v2", "groups/v2-page-cache", false } };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char directory[] = TEMPORARY;
		struct reading after;
		struct memory_split split;

		fixture_unpack(rows[i].fixture, directory);
		read_all(&after, directory, "after", i == 1);
		memory_split_read(&after.source, &split);
		if (!counter_none(split.anon_bytes) || !split.file_bytes.known ||
			counter_some(split.file_bytes) != rows[i].cached ||
			!split.shmem_bytes.known || !split.kernel_bytes.known ||
			!counter_some(memory_current(&after.source)))
			fail_msg("%s", rows[i].because);
		replace_file(directory, "memory.stat", "anon 12\nrss 12\nfile ");
		memory_split_read(&after.source, &split);
		assert_false(split.file_bytes.known);
		assert_false(split.shmem_bytes.known);
		assert_true(
			split.anon_bytes.known == (i == 1)); /* v1: rss alone is not the tree's */
		close_all(&after);
		fixture_remove(directory);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_new_is_new),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_nothing_there),
		cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
