/* SPDX-License-Identifier: MIT
 *
 * libcgroup's traps, one by one, as cage/libcgroup.h lists them: our door does not lead into them.
 */
#include "cage/libcgroup.h"

#include <fcntl.h>
#include <libcgroup.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fd.h"
#include "own_memory_group.h"
#include "prerequisite.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct scratch scratch;

static int create(const char *name)
{
	return registry_create(
		"memory", scratch.hierarchies.memory.mount, scratch.parent, name, false);
}

static int remove_group(const char *name)
{
	return registry_remove("memory", scratch.hierarchies.memory.mount, scratch.parent, name);
}

static const char *path_of(const char *name)
{
	static char path[3 * GROUP_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%s/%s", scratch.path, name);
	return path;
}

static bool is_there(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

static void test_life(void **state)
{
	(void)state;
	assert_int_equal(create("plain"), 0);
	assert_true(is_there("plain"));
	assert_true(is_there("plain/memory.limit_in_bytes")); /* a group, not a directory */
	assert_int_equal(remove_group("plain"), 0);
	assert_false(is_there("plain"));
	assert_int_equal(remove_group("plain"), 0); /* gone before is gone */
}

/* Trap: it reuses a group that exists without saying so. */
static void test_existing_group(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path_of("theirs"), 0755), 0);
	assert_int_equal(create("theirs"), -EEXIST);
	assert_true(is_there("theirs")); /* and it was not ours to remove */
	assert_int_equal(rmdir(path_of("theirs")), 0);
}

/* Trap: on v2 an ordinary user cannot create with it. The kernel's call needs no more than the
 * right to write there, which a directory of the user's own stands for. */
static void test_ordinary_user(void **state)
{
	char directory[] = "/tmp/memcage-test-XXXXXX", made[64];
	int status;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chown(directory, 65534, 65534), 0);
	(void)snprintf(made, sizeof(made), "%s/mine", directory);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(3);
		if (registry_create("memory", directory, "", "mine", true) != 0)
			_exit(1);
		/* and its numbers become the kernel's: EEXIST, EACCES */
		if (registry_create("memory", directory, "", "mine", true) != -EEXIST ||
			registry_create("memory", "/", "", "mine", true) != -EACCES)
			_exit(2);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(rmdir(made), 0);
	assert_int_equal(rmdir(directory), 0);
}

/* Trap: deleting a populated group moves its processes to the parent, or reports success and leaves
 * the group. */
static void test_populated_group(void **state)
{
	struct group group = GROUP_NONE;
	pid_t sleeper;

	(void)state;
	assert_int_equal(create("busy"), 0);
	sleeper = sleeper_start(path_of("busy"));
	assert_true(sleeper > 0);
	assert_int_equal(remove_group("busy"), -EBUSY);
	assert_int_equal(group_open(&group, path_of("busy")), 0);
	assert_true(group_holds(&group, sleeper)); /* still inside its limit */
	group_close(&group);
	sleeper_stop(sleeper);
	assert_int_equal(remove_group("busy"), 0);
	assert_false(is_there("busy"));
}

static void test_group_with_groups(void **state)
{
	(void)state;
	assert_int_equal(create("above"), 0);
	assert_int_equal(mkdir(path_of("above/below"), 0755), 0);
	assert_int_equal(remove_group("above"), -EBUSY);
	assert_true(is_there("above/below"));
	assert_int_equal(rmdir(path_of("above/below")), 0);
	assert_int_equal(remove_group("above"), 0);
}

/* Trap: names are not checked. */
static void test_names(void **state)
{
	static const struct {
		const char *because, *name;
	} rows[] = {
		{ "empty", "" },
		{ "the group itself", "." },
		{ "the one above", ".." },
		{ "beside it", "../beside" },
		{ "two levels", "one/two" },
		{ "from the root", "/one" },
		{ "hidden", ".one" },
		{ "a blank", "one two" },
		{ "a newline", "one\ntwo" },
		{ "no letter", "one\xc3\xa9" },
		{ "a pattern", "one*" },
		{ "a template of libcgroup's", "%u" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (create(rows[i].name) != -EINVAL || remove_group(rows[i].name) != -EINVAL)
			fail_msg("%s", rows[i].because);
		if (strcmp(rows[i].name, "../beside") == 0)
			assert_false(is_there(rows[i].name));
	}
	assert_int_equal(create("A-z_0.9"), 0);
	assert_int_equal(remove_group("A-z_0.9"), 0);
}

/* Trap: a failed create can leave a group behind, or the missing ones above it. */
static void test_failed_create(void **state)
{
	char parent[2 * GROUP_PATH_SIZE], deep[2 * GROUP_PATH_SIZE + 4];

	(void)state;
	(void)snprintf(parent, sizeof(parent), "%s/missing", scratch.parent);
	assert_int_equal(
		registry_create("memory", scratch.hierarchies.memory.mount, parent, "one", false),
		-ENOENT);
	assert_false(is_there("missing"));
	(void)memset(deep, 'd', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	assert_int_equal(registry_create("memory", "/", "", deep, true), -ENAMETOOLONG);
	assert_int_equal(create("kept"), 0); /* the door still works */
	assert_int_equal(remove_group("kept"), 0);
}

/* Without the right to do it: the kernel's own errno, and nothing made. */
static void test_not_allowed(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(3);
		_exit(create("forbidden") == -EACCES ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_false(is_there("forbidden"));
}

/* Trap: it is not usable between fork and exec. What runs there knows nothing of it. */
static void test_not_in_the_child(void **state)
{
	static const char *const files[] = { "runner/cage/child.c", "runner/cage/child.h" };

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		static char text[65536];
		char path[512];

		(void)snprintf(path, sizeof(path), MEMCAGE_SOURCE_DIR "/%s", files[i]);
		assert_true(file_read(AT_FDCWD, path, text, sizeof(text)) > 0);
		assert_null(strstr(text, "libcgroup"));
		assert_null(strstr(text, "registry_"));
	}
}

/* We look for the mounts ourselves. libcgroup, which does it in its own way, finds the same. */
static void test_mount_points(void **state)
{
	static const char *const controllers[] = { "memory", "pids" };
	const struct hierarchy *ours[] = { &scratch.hierarchies.memory, &scratch.hierarchies.pids };

	(void)state;
	assert_int_equal(cgroup_init(), 0);
	for (size_t i = 0; i < COUNT(ours); i++) {
		char *found = NULL;

		if (!ours[i]->found)
			continue;
		assert_int_equal(cgroup_get_subsys_mount_point(controllers[i], &found), 0);
		assert_string_equal(found, ours[i]->mount);
		free(found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mount_points),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_existing_group),
		cmocka_unit_test(test_ordinary_user),
		cmocka_unit_test(test_populated_group),
		cmocka_unit_test(test_group_with_groups),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_failed_create),
		cmocka_unit_test(test_not_allowed),
		cmocka_unit_test(test_not_in_the_child),
	};
	const char *missing = scratch_make(&scratch);
	int failed;

	if (missing != NULL)
		return tests_finish(0, missing);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	scratch_remove(&scratch);
	return tests_finish(failed, NULL);
}
