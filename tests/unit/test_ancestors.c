/* SPDX-License-Identifier: MIT
 *
 * The groups above a cage, from recorded trees: whose limit there is, which of them acted, and what
 * cannot be seen.
 */
#include "cage/ancestors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/text.h"
#include "fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define TEMPORARY "/tmp/memcage-test-XXXXXX"
#define MIB (UINT64_C(1) << 20)
#define NONE UINT64_MAX

static struct hierarchies host_of(
	const char *directory, const char *when, const char *root, bool is_v2)
{
	struct hierarchies hierarchies = {
		.memory = { .found = true, .is_v2 = is_v2, .controller = "memory" }
	};

	(void)snprintf(hierarchies.memory.mount, sizeof(hierarchies.memory.mount), "%s/%s",
		directory, when);
	text_copy(hierarchies.memory.root, sizeof(hierarchies.memory.root), root);
	return hierarchies;
}

/* outer's facts after the run; the root above it never has a limit. */
static const struct {
	const char *because, *fixture;
	uint64_t limit_bytes, ooms;
	bool peak_at_limit;
} recorded[] = {
	{ "the limit above acted", "v2-ancestor-limit", 32 * MIB, 1, false },
	{ "the cage's own limit: nothing above", "v2-own-limit", NONE, 0, false },
	{ "the host: nothing anywhere", "v2-host", NONE, 0, false },
	{ "a limit below: nothing above", "v2-inner-limit", NONE, 0, false },
	{ "v1 has no events, but the largest use", "v1-ancestor-limit", 32 * MIB, 0, true },
	{ "v1 without a limit says a large number", "v1-own-limit", NONE, 0, false },
};

/* A second reading of the same finds the same acts, and limits as they were. */
static void check_again(const char *directory, bool is_v2, const struct ancestors *above)
{
	struct hierarchies host = host_of(directory, "after", "/", is_v2);
	static struct ancestors again;

	ancestors_read_again(&host, "/outer/leaf", above, &again);
	assert_int_equal(again.count, above->count);
	for (int i = 0; i < again.count; i++) {
		const struct ancestor *one = &above->groups[i], *other = &again.groups[i];

		assert_true(other->ooms.known == one->ooms.known &&
			    other->ooms.value == one->ooms.value);
		assert_true(other->peak_bytes.known == one->peak_bytes.known &&
			    other->peak_bytes.value == one->peak_bytes.value);
		assert_true(other->limit_bytes.value == one->limit_bytes.value);
		assert_true(counter_none(other->oomd_kills));
	}
}

static void test_recorded(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(recorded); i++) {
		char directory[] = TEMPORARY, name[64];
		bool is_v2 = recorded[i].fixture[1] == '2';
		static struct ancestors above;
		const struct ancestors *kept;
		const struct ancestor *outer = &above.groups[0], *root = &above.groups[1];
		struct hierarchies host;

		(void)snprintf(name, sizeof(name), "groups/%s", recorded[i].fixture);
		fixture_unpack(name, directory);
		host = host_of(directory, "after", "/", is_v2);
		ancestors_read(&host, "/outer/leaf", &above);
		assert_int_equal(above.count, 2);
		assert_true(above.all_visible);
		assert_string_equal(outer->path, "/outer");
		assert_string_equal(root->path, "/");
		kept = ancestors_keep(&above);
		assert_non_null(kept);
		assert_int_equal(kept->count, above.count);
		memset(above.paths, 'x', sizeof(above.paths));
		assert_string_equal(kept->groups[0].path, "/outer");
		assert_string_equal(kept->groups[1].path, "/");
		assert_int_equal(kept->groups[0].limit_bytes.value, outer->limit_bytes.value);
		free((void *)kept);
		assert_true(root->limit_bytes.known && root->limit_bytes.value == NONE);
		if (!outer->limit_bytes.known ||
			outer->limit_bytes.value != recorded[i].limit_bytes)
			fail_msg("%s: limit", recorded[i].because);
		if (outer->ooms.known != is_v2 || (is_v2 && outer->ooms.value != recorded[i].ooms))
			fail_msg("%s: ooms", recorded[i].because);
		if (is_v2 && !counter_none(root->ooms))
			fail_msg("%s: the root has no limit that could act", recorded[i].because);
		if (outer->peak_bytes.known == (is_v2 || outer->limit_bytes.value == UINT64_MAX) ||
			(recorded[i].peak_at_limit &&
				outer->peak_bytes.value < recorded[i].limit_bytes))
			fail_msg("%s: peak", recorded[i].because);
		assert_true(counter_none(outer->oomd_kills));
		check_again(directory, is_v2, &above);
		fixture_remove(directory);
	}
}

/* What hides groups from us. */
static void test_visibility(void **state)
{
	static const struct {
		const char *because, *root;
		bool namespaced, all_visible;
		const char *outer_path, *root_path;
	} rows[] = {
		{ "the whole tree", "/", false, true, "/outer", "/" },
		{ "a part of the tree is mounted", "/docker/abc", false, false, "/docker/abc/outer",
			"/docker/abc" },
		{ "in a cgroup namespace even / is not the root", "/", true, false, "/outer", "/" },
	};
	char directory[] = TEMPORARY;

	(void)state;
	fixture_unpack("groups/v2-clean", directory);
	for (size_t i = 0; i < COUNT(rows); i++) {
		static struct ancestors above;
		struct hierarchies host = host_of(directory, "after", rows[i].root, true);

		host.namespaced = rows[i].namespaced;
		ancestors_read(&host, "/outer/leaf", &above);
		if (above.count != 2 || above.all_visible != rows[i].all_visible ||
			strcmp(above.groups[0].path, rows[i].outer_path) != 0 ||
			strcmp(above.groups[1].path, rows[i].root_path) != 0)
			fail_msg("%s: %d %d %s %s", rows[i].because, above.count, above.all_visible,
				above.groups[0].path, above.groups[1].path);
	}
	fixture_remove(directory);
}

/* One file of outer replaced, or removed (NULL): unknown, never 0 and never "no limit". */
static const struct {
	const char *because, *fixture, *file, *text;
	bool limit, ooms, peak;
} broken[] = {
	{ "a limit that is gone", "v2-ancestor-limit", "memory.max", NULL, false, true, false },
	{ "a limit that is no number", "v2-ancestor-limit", "memory.max", "lots\n", false, true,
		false },
	{ "an empty limit", "v2-ancestor-limit", "memory.max", "", false, true, false },
	{ "no local events (before 5.2)", "v2-ancestor-limit", "memory.events.local", NULL, true,
		false, false },
	{ "cut local events", "v2-ancestor-limit", "memory.events.local", "low 0\noom 1", true,
		false, false },
	{ "v1 limit gone", "v1-ancestor-limit", "memory.limit_in_bytes", NULL, false, false, true },
	{ "v1 peak gone", "v1-ancestor-limit", "memory.max_usage_in_bytes", NULL, true, false,
		false },
	{ "v1 peak garbage", "v1-ancestor-limit", "memory.max_usage_in_bytes", "-1\n", true, false,
		false },
};

static void test_broken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		char directory[] = TEMPORARY, name[64], path[FIXTURE_PATH_SIZE];
		static struct ancestors above;
		const struct ancestor *outer = &above.groups[0];
		struct hierarchies host;

		(void)snprintf(name, sizeof(name), "groups/%s", broken[i].fixture);
		fixture_unpack(name, directory);
		(void)snprintf(path, sizeof(path), "%s/after/outer/%s", directory, broken[i].file);
		if (broken[i].text == NULL)
			assert_int_equal(unlink(path), 0);
		else
			fixture_write(path, broken[i].text, strlen(broken[i].text));
		host = host_of(directory, "after", "/", broken[i].fixture[1] == '2');
		ancestors_read(&host, "/outer/leaf", &above);
		if (above.count != 2 || outer->limit_bytes.known != broken[i].limit ||
			outer->ooms.known != broken[i].ooms ||
			outer->peak_bytes.known != broken[i].peak)
			fail_msg("%s: limit %d, ooms %d, peak %d", broken[i].because,
				outer->limit_bytes.known, outer->ooms.known,
				outer->peak_bytes.known);
		fixture_remove(directory);
	}
}

/* A group above that is not there (or not ours to open) is listed, and all of it is unknown. */
static void test_missing_group(void **state)
{
	char directory[] = TEMPORARY;
	static struct ancestors above;
	struct hierarchies host;

	(void)state;
	fixture_unpack("groups/v2-clean", directory);
	host = host_of(directory, "after", "/", true);
	ancestors_read(&host, "/elsewhere/leaf", &above);
	assert_int_equal(above.count, 2);
	assert_string_equal(above.groups[0].path, "/elsewhere");
	assert_false(above.groups[0].limit_bytes.known);
	assert_false(above.groups[0].ooms.known);
	assert_false(above.groups[0].oomd_kills.known);
	fixture_remove(directory);
}

static void test_depth(void **state)
{
	char directory[] = TEMPORARY, leaf[GROUP_PATH_SIZE] = "";
	static struct ancestors above;
	struct hierarchies host;

	(void)state;
	fixture_unpack("groups/v2-clean", directory);
	host = host_of(directory, "after", "/", true);
	ancestors_read(&host, "/leaf", &above);
	assert_int_equal(above.count, 1);
	assert_string_equal(above.groups[0].path, "/");
	ancestors_read(&host, "", &above); /* the root has nothing above it */
	assert_int_equal(above.count, 0);
	for (int i = 0; i < 2 * ANCESTORS_MAX; i++)
		(void)snprintf(leaf + 2 * i, sizeof(leaf) - 2 * (size_t)i, "/d");
	ancestors_read(&host, leaf, &above);
	assert_int_equal(above.count, ANCESTORS_MAX);
	assert_false(above.all_visible); /* cut off, and it says so */
	fixture_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_visibility),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_missing_group),
		cmocka_unit_test(test_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
