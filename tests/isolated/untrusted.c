/* SPDX-License-Identifier: MIT
 *
 * untrusted.c - memcage with a policy for untrusted commands that is filled in by hand: the linker
 * sends the program's memcage_start() here. Live tests use it like memcage itself.
 *
 *     MEMCAGE_TEST_WITHOUT   names of guarantees, with commas, that the policy does not ask for
 *     MEMCAGE_TEST_PREFERRED names of those that it only prefers
 *     MEMCAGE_TEST_BIND      one more directory to mount, writable
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "spec/policy.h"

#define MIB (UINT64_C(1) << 20)

int __real_memcage_start(const struct memcage_spec *spec, struct memcage_run **ret_run,
	struct memcage_failure *reterr_failure);
int __wrap_memcage_start(const struct memcage_spec *spec, struct memcage_run **ret_run,
	struct memcage_failure *reterr_failure);

static struct isolation_mount mounts[] = {
	{ .kind = MOUNT_READ_ONLY, .target = "/usr" },
	{ .kind = MOUNT_LINK, .source = "usr/bin", .target = "/bin" },
	{ .kind = MOUNT_LINK, .source = "usr/sbin", .target = "/sbin" },
	{ .kind = MOUNT_LINK, .source = "usr/lib", .target = "/lib" },
	{ .kind = MOUNT_LINK, .source = "usr/lib64", .target = "/lib64" },
	{ .kind = MOUNT_READ_ONLY, .target = "/etc/passwd" },
	{ .kind = MOUNT_READ_ONLY, .target = "/etc/ld.so.cache", .optional = true },
	{ .kind = MOUNT_READ_ONLY, .target = "/etc/alternatives", .optional = true },
	{ .kind = MOUNT_TMPFS, .target = "/tmp", .size_bytes = 64 * MIB, .inodes = 4096 },
	{ .kind = MOUNT_PROC, .target = "/proc" },
	{ .kind = MOUNT_DEV, .target = "/dev", .size_bytes = 64 * MIB, .inodes = 4096 },
	{ .kind = MOUNT_READ_ONLY, .target = "." }, { .kind = MOUNT_READ_ONLY }, /* the workloads */
	{ .kind = MOUNT_READ_WRITE }, /* MEMCAGE_TEST_BIND */
};

static struct memcage_policy untrusted = {
	.isolation = {
		.wanted = ((UINT32_C(1) << GUARANTEE_COUNT) - 1) & ~(UINT32_C(1) << GUARANTEE_SECCOMP),
		.preferred = UINT32_C(1) << GUARANTEE_LANDLOCK | UINT32_C(1) << GUARANTEE_TIME_NAMESPACE,
		.mounts = mounts,
		.user_id = 1000,
		.group_id = 1000,
		.hostname = "cage",
		.rlimits = { { RLIMIT_CORE, 0, 0 }, { RLIMIT_NOFILE, 256, 256 } },
		.rlimit_count = 2,
	},
};

static uint32_t named(const char *list)
{
	uint32_t bits = 0;

	for (int i = 0; list != NULL && i < GUARANTEE_COUNT; i++) {
		const char *name = isolation_guarantee_name((enum guarantee)i);
		const char *found = strstr(list, name);

		if (found != NULL && (found == list || found[-1] == ',') &&
			strchr(",", found[strlen(name)]) != NULL)
			bits |= UINT32_C(1) << i;
	}
	return bits;
}

int __wrap_memcage_start(const struct memcage_spec *spec, struct memcage_run **ret_run,
	struct memcage_failure *reterr_failure)
{
	struct isolation *isolation = &untrusted.isolation;
	struct memcage_spec isolated = *spec;
	size_t count = sizeof(mounts) / sizeof(*mounts) - 2;

	mounts[count].target = MEMCAGE_WORKLOADS;
	isolation->mount_count = count + 1;
	if (getenv("MEMCAGE_TEST_BIND") != NULL) {
		mounts[isolation->mount_count] = (struct isolation_mount){ .kind = MOUNT_READ_WRITE,
			.target = getenv("MEMCAGE_TEST_BIND") };
		isolation->mount_count++;
	}
	isolation->wanted &= ~named(getenv("MEMCAGE_TEST_WITHOUT"));
	isolation->preferred |= named(getenv("MEMCAGE_TEST_PREFERRED"));
	isolated.policy = &untrusted;
	return __real_memcage_start(&isolated, ret_run, reterr_failure);
}
