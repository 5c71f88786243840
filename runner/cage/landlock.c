/* SPDX-License-Identifier: MIT */
#include "cage/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

/* The kernel's interface, spelled out: the headers that we build with know its first versions only.
 */
#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH 1

#define EXECUTE (UINT64_C(1) << 0)
#define WRITE_FILE (UINT64_C(1) << 1)
#define READ_FILE (UINT64_C(1) << 2)
#define READ_DIRECTORY (UINT64_C(1) << 3)
#define ALL_OF_1 ((UINT64_C(1) << 13) - 1)
#define REFER (UINT64_C(1) << 13)        /* 2: between directories */
#define TRUNCATE (UINT64_C(1) << 14)     /* 3 */
#define IOCTL_DEVICE (UINT64_C(1) << 15) /* 5 */

#define TCP_BIND_AND_CONNECT UINT64_C(3)               /* 4 */
#define SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS UINT64_C(3) /* 6 */

struct ruleset_attributes {
	uint64_t files, network, scoped;
};

/* A kernel takes no more than it knows, unless the rest is zero. */
static size_t size_for(int version)
{
	return version >= 6 ? 24 : version >= 4 ? 16 : 8;
}

struct path_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

int landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	return version < 0 ? -errno : (int)version;
}

static uint64_t known_to(int version)
{
	return ALL_OF_1 | (version >= 2 ? REFER : 0) | (version >= 3 ? TRUNCATE : 0) |
	       (version >= 5 ? IOCTL_DEVICE : 0);
}

static int allow(int ruleset, const char *path, uint64_t rights)
{
	struct path_beneath rule = { .allowed = rights };
	cleanup_fd int parent = open(path, O_PATH | O_CLOEXEC);

	if (parent < 0)
		return errno == ENOENT ? 0 : -1; /* an optional mount whose source is not there */
	rule.parent = parent;
	return (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
}

static int allow_mount(int ruleset, int version, const struct isolation_mount *mount,
	const char *working_directory)
{
	const uint64_t write = known_to(version) & ~(EXECUTE | IOCTL_DEVICE);
	const uint64_t file_only = WRITE_FILE | READ_FILE | (version >= 3 ? TRUNCATE : 0);
	const char *path = strcmp(mount->target, ".") == 0 ? working_directory : mount->target;

	switch (mount->kind) {
	case MOUNT_READ_WRITE:
		/* A file takes no rights of directories. */
		if (allow(ruleset, path, write) == 0)
			return 0;
		return errno == EINVAL ? allow(ruleset, path, file_only) : -1;
	case MOUNT_TMPFS:
		return allow(ruleset, path, write);
	case MOUNT_DEV:
		return allow(ruleset, path, write | (version >= 5 ? IOCTL_DEVICE : 0));
	case MOUNT_PROC:
		return allow(ruleset, path, WRITE_FILE | READ_FILE | READ_DIRECTORY);
	case MOUNT_READ_ONLY:
	case MOUNT_LINK:
		break;
	}
	return 0;
}

static int allow_all(int ruleset, const struct landlock_rules *rules)
{
	const struct isolation *isolation = rules->isolation;

	if (isolation == NULL)
		return 0;
	if (allow(ruleset, "/", EXECUTE | READ_FILE | READ_DIRECTORY) < 0)
		return -1;
	for (size_t i = 0; i < isolation->mount_count; i++)
		if (allow_mount(ruleset, rules->version, &isolation->mounts[i],
			    rules->working_directory) < 0)
			return -1;
	for (const struct mount_share *share = rules->shares; share->source != NULL; share++)
		if (share->writable && allow(ruleset, share->target, WRITE_FILE | READ_FILE) < 0)
			return -1;
	return 0;
}

int landlock_restrict(const struct landlock_rules *rules)
{
	const struct ruleset_attributes attributes = {
		.files = rules->isolation != NULL ? known_to(rules->version) : 0,
		.network = rules->version >= 4 && rules->no_network ? TCP_BIND_AND_CONNECT : 0,
		.scoped = rules->version >= 6 ? SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS : 0,
	};
	cleanup_fd int ruleset = (int)syscall(
		SYS_landlock_create_ruleset, &attributes, size_for(rules->version), 0);

	if (ruleset < 0 || allow_all(ruleset, rules) < 0)
		return -1;
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}
