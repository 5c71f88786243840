/* SPDX-License-Identifier: MIT
 *
 * Where a cage goes, on trees of files that stand for a host's groups; and the causes and remedies
 * where it can go nowhere.
 */
#include "cage/place.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "fixture.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static char tree[] = "/tmp/memcage-test-XXXXXX";

/* The tree: two groups with the memory controller, one without, one whose children have it. */
static const struct {
	const char *path, *text;
} files[] = {
	{ "cgroup.controllers", "cpu memory pids\n" }, { "cgroup.subtree_control", "cpu memory\n" },
	{ "slice/cgroup.type", "domain\n" }, { "slice/cgroup.controllers", "memory pids\n" },
	{ "slice/cgroup.subtree_control", "memory pids\n" }, { "slice/cgroup.procs", "" },
	{ "slice/bare/cgroup.type", "domain\n" }, { "slice/bare/cgroup.controllers", "cpu\n" },
	{ "slice/bare/deep/cgroup.controllers", "" }, { "slice/locked/cgroup.type", "domain\n" },
	{ "slice/locked/cgroup.controllers",
		"memory\n" }, /* no subtree_control: it cannot be given on */
};

static int make_tree(void **state)
{
	char path[128];

	(void)state;
	assert_non_null(mkdtemp(tree));
	for (size_t i = 0; i < COUNT(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", tree, files[i].path);
		fixture_directories(path);
		fixture_write(path, files[i].text, strlen(files[i].text));
	}
	return 0;
}

static int remove_tree(void **state)
{
	(void)state;
	fixture_remove(tree);
	return 0;
}

static struct hierarchies host(bool is_v2, const char *own)
{
	struct hierarchies hierarchies = { .memory = { .found = true,
						   .is_v2 = is_v2,
						   .controller = "memory",
						   .own_visible = true } };

	text_copy(hierarchies.memory.mount, sizeof(hierarchies.memory.mount), tree);
	text_copy(hierarchies.memory.root, sizeof(hierarchies.memory.root), "/");
	text_copy(hierarchies.memory.own, sizeof(hierarchies.memory.own), own);
	return hierarchies;
}

/* found is where the cage goes ("" the root of the mount); else result and words of the message. */
static const struct {
	const char *because;
	bool is_v2;
	const char *own, *parent;
	int result;
	const char *found;
} places[] = {
	{ "v2: our own group", true, "/slice", NULL, 0, "/slice" },
	{ "v2: the nearest that has the controller, never one beside", true, "/slice/bare", NULL, 0,
		"/slice" },
	{ "v2: from two levels below", true, "/slice/bare/deep", NULL, 0, "/slice" },
	{ "v2: a group that is gone", true, "/slice/gone", NULL, 0, "/slice" },
	{ "v2: the root", true, "", NULL, 0, "" },
	{ "v2: a group whose controller cannot be given on", true, "/slice/locked", NULL, -ENOENT,
		"memory controller" },
	{ "v1: directly below our own", false, "/slice/bare", NULL, 0, "/slice/bare" },
	{ "v1: our own is the root", false, "", NULL, 0, "" },
	{ "--parent as the kernel names it", true, "/slice", "/slice", 0, "/slice" },
	{ "--parent with slashes behind", true, "", "/slice//", 0, "/slice" },
	{ "--parent is the root", true, "/slice", "/", 0, "" },
	{ "--parent may lie outside our own", false, "/slice/bare", "/slice/locked", 0,
		"/slice/locked" },
	{ "--parent as a directory", false, "", "TREE/slice", 0, "/slice" },
	{ "--parent as the mount point", false, "/slice", "TREE", 0, "" },
	{ "--parent that is not there", false, "", "/nowhere", -ENOENT, "make it first" },
	{ "--parent that is a file", false, "", "/cgroup.controllers", -ENOENT, "make it first" },
	{ "--parent that is relative", false, "", "slice", -EINVAL, "leading slash" },
	{ "--parent upwards in the middle", false, "", "/slice/../slice", -EINVAL, "'..'" },
	{ "--parent upwards at the end", false, "", "/slice/..", -EINVAL, "'..'" },
	{ "--parent upwards alone", false, "", "/..", -EINVAL, "'..'" },
	{ "--parent whose name only ends in dots", false, "", "/slice..", -ENOENT,
		"make it first" },
};

static void test_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		struct hierarchies hierarchies = host(places[i].is_v2, places[i].own);
		struct memcage_failure failure = { .detail = "untouched" };
		struct place place = { .moved_to_supervisor = true };
		const char *parent = places[i].parent;
		char directory[64];
		int result;

		if (parent != NULL && strncmp(parent, "TREE", 4) == 0) {
			(void)snprintf(directory, sizeof(directory), "%s%s", tree, parent + 4);
			parent = directory;
		}
		result = place_find(&hierarchies, MEMCAGE_BACKEND_AUTO, parent, &place, &failure);
		if (result != places[i].result)
			fail_msg("%s: %d %s", places[i].because, result, failure.detail);
		if (result == 0 &&
			(strcmp(place.memory_parent, places[i].found) != 0 ||
				place.moved_to_supervisor || place.memory != &hierarchies.memory))
			fail_msg("%s: '%s'", places[i].because, place.memory_parent);
		if (result < 0 && strstr(failure.detail, places[i].found) == NULL)
			fail_msg("%s: %s", places[i].because, failure.detail);
	}
}

static void test_no_place(void **state)
{
	static const struct {
		const char *because;
		bool found, is_v2, read_only, visible;
		enum memcage_backend wanted;
		int result;
		const char *says;
	} rows[] = {
		{ "nothing mounted", false, false, false, true, MEMCAGE_BACKEND_AUTO, -ENOTSUP,
			"mount one" },
		{ "v2 wanted on v1", true, false, false, true, MEMCAGE_BACKEND_V2, -ENOTSUP,
			"--backend v2" },
		{ "v1 wanted on v2", true, true, false, true, MEMCAGE_BACKEND_V1, -ENOTSUP,
			"--backend v1" },
		{ "read-only", true, true, true, true, MEMCAGE_BACKEND_AUTO, -EROFS, "read-only" },
		{ "our group is not visible", true, true, false, false, MEMCAGE_BACKEND_AUTO,
			-ENOTSUP, "--parent" },
		{ "v2 wanted on v2", true, true, false, true, MEMCAGE_BACKEND_V2, 0, "" },
		{ "v1 wanted on v1", true, false, false, true, MEMCAGE_BACKEND_V1, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct hierarchies hierarchies = host(rows[i].is_v2, "/slice");
		struct memcage_failure failure = { 0 };
		struct place place;
		int result;

		hierarchies.memory.found = rows[i].found;
		hierarchies.memory.read_only = rows[i].read_only;
		hierarchies.memory.own_visible = rows[i].visible;
		result = place_find(&hierarchies, rows[i].wanted, NULL, &place, &failure);
		if (result != rows[i].result || strstr(failure.detail, rows[i].says) == NULL)
			fail_msg("%s: %d %s", rows[i].because, result, failure.detail);
	}
}

/* A place without the memory controller in any group above. */
static void test_no_controller(void **state)
{
	char path[64];
	struct hierarchies hierarchies = host(true, "/slice/bare");
	struct memcage_failure failure;
	struct place place;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/slice", tree);
	text_copy(hierarchies.memory.mount, sizeof(hierarchies.memory.mount), path);
	text_copy(hierarchies.memory.own, sizeof(hierarchies.memory.own), "/bare/deep");
	(void)snprintf(path, sizeof(path), "%s/slice/cgroup.controllers", tree);
	fixture_write(path, "pids\n", 5);
	assert_int_equal(
		place_find(&hierarchies, MEMCAGE_BACKEND_AUTO, NULL, &place, &failure), -ENOTSUP);
	assert_non_null(strstr(failure.detail, "cgroup_disable=memory"));
	fixture_write(path, "memory pids\n", 12);
}

/* v1's side trees are welcome where they can be written, and not needed. */
static void test_side_trees(void **state)
{
	struct hierarchies hierarchies = host(false, "/slice");
	struct memcage_failure failure;
	struct place place;

	(void)state;
	for (int bits = 0; bits < 8; bits++) {
		bool found = bits & 1, read_only = bits & 2, visible = bits & 4;
		bool usable = found && !read_only && visible;
		struct hierarchy side = { .found = found,
			.read_only = read_only,
			.own_visible = visible,
			.own = "/elsewhere" };

		hierarchies.unified = hierarchies.pids = side;
		assert_int_equal(
			place_find(&hierarchies, MEMCAGE_BACKEND_AUTO, NULL, &place, &failure), 0);
		assert_ptr_equal(place.twin, usable ? &hierarchies.unified : NULL);
		assert_ptr_equal(place.pids, usable ? &hierarchies.pids : NULL);
		assert_true(!usable || strcmp(place.twin_parent, "/elsewhere") == 0);
	}
}

static void test_remedies(void **state)
{
	static const int errors[] = { EROFS, EAGAIN, EBUSY, EACCES, EPERM, ENOENT, ENOSPC, EIO };

	(void)state;
	for (int is_v2 = 0; is_v2 < 2; is_v2++)
		for (size_t i = 0; i < COUNT(errors); i++) {
			struct hierarchies hierarchies = host(is_v2, "");
			char text[512] = "";

			place_remedy(&hierarchies.memory, errors[i], text, sizeof(text));
			assert_true(
				strlen(text) > 20 && strlen(text) < sizeof(text) - 1); /* whole */
			assert_null(strpbrk(text, "\n"));
			assert_true(text[strlen(text) - 1] !=
				    '.'); /* it stands in the middle of a line */
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_no_place),
		cmocka_unit_test(test_no_controller),
		cmocka_unit_test(test_side_trees),
		cmocka_unit_test(test_remedies),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
