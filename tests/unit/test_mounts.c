/* SPDX-License-Identifier: MIT
 *
 * What a policy's mounts become: steps in the order of the policy, bound to the new root.
 */
#include "cage/mounts.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>

#include <cmocka.h>

#define SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define MOUNTS(...) ((struct isolation_mount[]){ __VA_ARGS__ })

static const struct mount_share no_shares[] = { { .source = NULL } };
static struct mount_plan plan;
static struct memcage_failure failure;

static int make_plan(struct isolation_mount *mounts, size_t count)
{
	struct isolation isolation = { .mounts = mounts, .mount_count = count };

	mounts_free(&plan);
	return mounts_plan(&isolation, true, "/usr/bin", no_shares, &plan, &failure);
}

static const struct mount_step *step_at(const char *target, enum mount_action action)
{
	for (size_t i = 0; i < plan.count; i++)
		if (strcmp(plan.steps[i].target, target) == 0 && plan.steps[i].action == action)
			return &plan.steps[i];
	fail_msg("no step %d at %s", (int)action, target);
	return NULL;
}

static void test_binds(void **state)
{
	(void)state;
	assert_int_equal(
		make_plan(MOUNTS({ .kind = MOUNT_READ_ONLY, .target = "//usr/./lib/" },
				  { .kind = MOUNT_READ_WRITE, .target = "." },
				  { .kind = MOUNT_READ_WRITE,
					  .source = "/etc",
					  .target = "/a/b",
					  .executable = true },
				  { .kind = MOUNT_READ_ONLY, .source = "env", .target = "/e" }),
			4),
		0);
	assert_int_equal(plan.count, 4);
	assert_string_equal(plan.steps[0].target, "usr/lib");
	assert_string_equal(plan.steps[0].source, "//usr/./lib/");
	assert_int_equal(plan.steps[0].attributes, SAFE | MOUNT_ATTR_RDONLY);
	assert_int_equal(plan.steps[0].tree, -1);
	assert_string_equal(plan.steps[1].source, "/usr/bin");
	assert_string_equal(plan.steps[1].target, "usr/bin");
	assert_int_equal(plan.steps[1].attributes, SAFE | MOUNT_ATTR_NOEXEC);
	assert_int_equal(plan.steps[2].attributes, SAFE);
	assert_int_equal(plan.steps[2].origin, 2);
	assert_string_equal(plan.steps[3].source, "/usr/bin/env");
}

static void test_missing(void **state)
{
	(void)state;
	assert_int_equal(make_plan(MOUNTS({ .kind = MOUNT_READ_ONLY,
					   .target = "/no/such/place",
					   .optional = true }),
				 1),
		0);
	assert_int_equal(plan.count, 0);
	assert_int_equal(
		make_plan(MOUNTS({ .kind = MOUNT_READ_ONLY, .target = "/no/such/place" }), 1),
		-ENOENT);
	assert_string_equal(failure.detail,
		"the policy mounts /no/such/place, which does not exist; create it, or mark the "
		"mount as optional");
}

/* That would be the host's own root, or an end of the walls around it. */
static void test_over_the_root(void **state)
{
	static const char *const targets[] = { "/", "//", "/./", "/." };

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		assert_int_equal(make_plan(MOUNTS({ .kind = MOUNT_READ_ONLY,
						   .source = "/usr",
						   .target = targets[i] }),
					 1),
			-EINVAL);
		assert_non_null(strstr(failure.detail, "mounts over / itself"));
	}
}

static void test_too_long(void **state)
{
	char target[PATH_MAX];

	(void)state;
	memset(target, 'a', sizeof(target));
	target[0] = '/';
	target[sizeof(target) - 1] = '\0';
	assert_int_equal(
		make_plan(MOUNTS({ .kind = MOUNT_DEV, .target = target }), 1), -ENAMETOOLONG);
}

static void test_dev(void **state)
{
	const struct mount_step *shm;

	(void)state;
	assert_int_equal(make_plan(MOUNTS({ .kind = MOUNT_DEV,
					   .target = "/dev",
					   .size_bytes = 8192,
					   .inodes = 7 }),
				 1),
		0);
	assert_string_equal(step_at("dev/null", MAKE_BIND)->source, "/dev/null");
	/* devices have to work, and nothing else there */
	assert_int_equal(step_at("dev/null", MAKE_BIND)->attributes & MOUNT_ATTR_NODEV, 0);
	assert_int_equal(
		step_at("dev/null", MAKE_BIND)->attributes & MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOEXEC);
	assert_string_equal(step_at("dev/fd", MAKE_LINK)->source, "/proc/self/fd");
	shm = step_at("dev/shm", MAKE_TMPFS);
	assert_string_equal(shm->size, "8192");
	assert_string_equal(shm->inodes, "7");
	assert_string_equal(shm->mode, "1777");
	(void)step_at("dev/mqueue", MAKE_MQUEUE);
	/* closed when it is filled */
	assert_int_equal(plan.steps[plan.count - 1].action, MAKE_READ_ONLY);
	assert_string_equal(plan.steps[plan.count - 1].target, "dev");
}

/* Without an ipc namespace the queues would be the host's. */
static void test_no_queues_of_the_host(void **state)
{
	struct isolation isolation = { .mounts = MOUNTS({ .kind = MOUNT_DEV, .target = "/dev" }),
		.mount_count = 1 };

	(void)state;
	mounts_free(&plan);
	assert_int_equal(mounts_plan(&isolation, false, "/", no_shares, &plan, &failure), 0);
	for (size_t i = 0; i < plan.count; i++)
		assert_int_not_equal(plan.steps[i].action, MAKE_MQUEUE);
}

static void test_proc(void **state)
{
	(void)state;
	assert_int_equal(make_plan(MOUNTS({ .kind = MOUNT_PROC, .target = "/proc" }), 1), 0);
	assert_int_equal(plan.steps[0].action, MAKE_PROC);
	(void)step_at("proc/sysrq-trigger", MAKE_COVER);
	(void)step_at("proc/kcore", MAKE_COVER);
	(void)step_at("proc/keys", MAKE_COVER);
	assert_int_equal(step_at("proc/sys", MAKE_UNWRITABLE)->attributes & MOUNT_ATTR_RDONLY,
		MOUNT_ATTR_RDONLY);
}

static void test_shares(void **state)
{
	const struct mount_share shares[] = { { "/etc/passwd", "/run/x/a", false },
		{ "/etc/group", "/run/x/b", true }, { .source = NULL } };
	struct isolation isolation = { .mount_count = 0 };

	(void)state;
	mounts_free(&plan);
	assert_int_equal(mounts_plan(&isolation, true, "/", shares, &plan, &failure), 0);
	assert_int_equal(plan.count, 2);
	assert_int_equal(plan.steps[0].origin, MOUNT_ORIGIN_OURS);
	assert_int_equal(plan.steps[0].attributes, SAFE | MOUNT_ATTR_RDONLY);
	assert_int_equal(plan.steps[1].attributes, SAFE | MOUNT_ATTR_NOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_binds),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_over_the_root),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_dev),
		cmocka_unit_test(test_no_queues_of_the_host),
		cmocka_unit_test(test_proc),
		cmocka_unit_test(test_shares),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	mounts_free(&plan);
	return failed;
}
