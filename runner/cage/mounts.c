/* SPDX-License-Identifier: MIT */
#include "cage/mounts.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/failure.h"

#define KIB UINT64_C(1024)
#define SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define DATA_ONLY (SAFE | MOUNT_ATTR_NOEXEC)

/* Where the host's /proc tells of the host, or lets root change it. */
static const char *const covered[] = { "acpi", "asound", "interrupts", "kcore", "keys", "key-users",
	"kmsg", "kpagecgroup", "kpagecount", "kpageflags", "latency_stats", "sched_debug", "scsi",
	"sysrq-trigger", "timer_list", "vmallocinfo" };
static const char *const unwritable[] = { "bus", "fs", "irq", "sys" };

static const char *const devices[] = { "null", "zero", "full", "random", "urandom" };
static const struct {
	const char *name, *target;
} device_links[] = { { "fd", "/proc/self/fd" }, { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" }, { "ptmx", "pts/ptmx" } };

/* ---- steps ---- */

/* "/a//b/./c/" becomes "a/b/c". Names that lead upwards stay: the kernel keeps them in the root. */
static char *normal(const char *path)
{
	char *text = malloc(strlen(path) + 2), *at = text;

	while (text != NULL && *path != '\0') {
		size_t length = strcspn(path, "/");

		if (length > 0 && !(length == 1 && path[0] == '.')) {
			if (at != text)
				*at++ = '/';
			memcpy(at, path, length);
			at += length;
		}
		path += length + (path[length] == '/');
	}
	if (text != NULL)
		*at = '\0';
	return text;
}

static struct mount_step *add(struct mount_plan *plan, enum mount_action action, int origin,
	const char *source, const char *target, uint64_t attributes)
{
	static struct mount_step nowhere;
	struct mount_step *step;

	if (plan->count == plan->room) {
		size_t room = plan->room == 0 ? 32 : plan->room * 2;
		struct mount_step *steps = reallocarray(plan->steps, room, sizeof(*steps));

		if (steps == NULL) {
			plan->error = ENOMEM;
			return &nowhere;
		}
		plan->steps = steps;
		plan->room = room;
	}
	step = &plan->steps[plan->count++];
	*step = (struct mount_step){ .action = action,
		.origin = origin,
		.source = source != NULL ? strdup(source) : NULL,
		.target = normal(target),
		.attributes = attributes,
		.tree = -1 };
	if ((source != NULL && step->source == NULL) || step->target == NULL)
		plan->error = ENOMEM;
	return step;
}

static void add_tmpfs(struct mount_plan *plan, int origin, const char *target, uint64_t attributes,
	uint64_t size_bytes, uint64_t inodes, const char *mode)
{
	struct mount_step *step = add(plan, MAKE_TMPFS, origin, NULL, target, attributes);

	(void)snprintf(step->size, sizeof(step->size), "%" PRIu64, size_bytes);
	(void)snprintf(step->inodes, sizeof(step->inodes), "%" PRIu64, inodes);
	(void)snprintf(step->mode, sizeof(step->mode), "%s", mode);
}

static const char *joined(struct mount_plan *plan, const char *directory, const char *name,
	char buffer[static PATH_MAX])
{
	if (snprintf(buffer, PATH_MAX, "%s/%s", directory, name) >= PATH_MAX)
		plan->error = ENAMETOOLONG;
	return buffer;
}

static void add_below(struct mount_plan *plan, enum mount_action action, int origin,
	const char *source, const char *directory, const char *name, uint64_t attributes)
{
	char target[PATH_MAX];

	(void)add(plan, action, origin, source, joined(plan, directory, name, target), attributes);
}

static void add_proc(struct mount_plan *plan, int origin, const char *target)
{
	(void)add(plan, MAKE_PROC, origin, NULL, target, DATA_ONLY);
	for (size_t i = 0; i < sizeof(covered) / sizeof(*covered); i++)
		add_below(plan, MAKE_COVER, origin, NULL, target, covered[i],
			DATA_ONLY | MOUNT_ATTR_RDONLY);
	for (size_t i = 0; i < sizeof(unwritable) / sizeof(*unwritable); i++)
		add_below(plan, MAKE_UNWRITABLE, origin, NULL, target, unwritable[i],
			DATA_ONLY | MOUNT_ATTR_RDONLY);
}

/* Device nodes cannot be made in a user namespace; the host's can be lent. */
static void add_dev(struct mount_plan *plan, int origin, const struct isolation_mount *mount)
{
	const char *target = mount->target;
	char path[PATH_MAX];

	add_tmpfs(
		plan, origin, target, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 64 * KIB, 64, "0755");
	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++) {
		add_below(plan, MAKE_BIND, origin, joined(plan, "/dev", devices[i], path), target,
			devices[i], MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	}
	for (size_t i = 0; i < sizeof(device_links) / sizeof(*device_links); i++)
		add_below(plan, MAKE_LINK, origin, device_links[i].target, target,
			device_links[i].name, 0);
	add_below(plan, MAKE_DEVPTS, origin, NULL, target, "pts",
		MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	add_tmpfs(plan, origin, joined(plan, target, "shm", path), DATA_ONLY, mount->size_bytes,
		mount->inodes, "1777");
	if (plan->own_queues)
		add_below(plan, MAKE_MQUEUE, origin, NULL, target, "mqueue", DATA_ONLY);
	(void)add(plan, MAKE_READ_ONLY, origin, NULL, target, 0);
}

/* ---- a policy's mounts ---- */

/* Where a path of a policy leads on the host. */
static const char *resolved(struct mount_plan *plan, const char *path,
	const char *working_directory, char buffer[static PATH_MAX])
{
	if (path[0] == '/')
		return path;
	return strcmp(path, ".") == 0 ? working_directory
				      : joined(plan, working_directory, path, buffer);
}

static int add_bind(struct mount_plan *plan, int origin, const struct isolation_mount *mount,
	const char *working_directory, struct memcage_failure *failure)
{
	const char *wanted = mount->source != NULL ? mount->source : mount->target;
	uint64_t attributes = SAFE;
	char from[PATH_MAX], to[PATH_MAX];
	const char *source = resolved(plan, wanted, working_directory, from);
	struct stat facts;

	if (stat(source, &facts) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		if (mount->optional)
			return 0;
		return failure_set(failure, ENOENT,
			"the policy mounts %s, which does not exist; create it, or mark the mount "
			"as optional",
			source);
	}
	if (mount->kind == MOUNT_READ_ONLY)
		attributes |= MOUNT_ATTR_RDONLY;
	else if (!mount->executable)
		attributes |= MOUNT_ATTR_NOEXEC;
	(void)add(plan, MAKE_BIND, origin, source,
		resolved(plan, mount->target, working_directory, to), attributes);
	return 0;
}

static int add_mount(struct mount_plan *plan, int origin, const struct isolation_mount *mount,
	const char *working_directory, struct memcage_failure *failure)
{
	char path[PATH_MAX];
	const char *target = resolved(plan, mount->target, working_directory, path);

	switch (mount->kind) {
	case MOUNT_READ_ONLY:
	case MOUNT_READ_WRITE:
		return add_bind(plan, origin, mount, working_directory, failure);
	case MOUNT_TMPFS:
		add_tmpfs(plan, origin, target, mount->executable ? SAFE : DATA_ONLY,
			mount->size_bytes, mount->inodes, "1777");
		return 0;
	case MOUNT_DEV:
		add_dev(plan, origin, mount);
		return 0;
	case MOUNT_PROC:
		add_proc(plan, origin, target);
		return 0;
	case MOUNT_LINK:
		(void)add(plan, MAKE_LINK, origin, mount->source, target, 0);
		return 0;
	}
	return failure_set(failure, EINVAL, "a mount at %s of no known kind", mount->target);
}

static int answer(const struct mount_plan *plan, int result, struct memcage_failure *failure)
{
	if (result == 0 && plan->error != 0)
		result = failure_errno(failure, plan->error, "plan the mounts");
	return result;
}

int mounts_plan(const struct isolation *isolation, bool own_queues, const char *working_directory,
	const struct mount_share *shares, struct mount_plan *ret_plan,
	struct memcage_failure *reterr_failure)
{
	int result = 0;

	*ret_plan = (struct mount_plan){ .own_queues = own_queues };
	for (size_t i = 0; i < isolation->mount_count && result == 0; i++)
		result = add_mount(
			ret_plan, (int)i, &isolation->mounts[i], working_directory, reterr_failure);
	for (size_t i = 0; i < ret_plan->count && result == 0 && ret_plan->error == 0; i++)
		if (ret_plan->steps[i].target[0] == '\0')
			result = failure_set(reterr_failure, EINVAL,
				"the policy mounts over / itself; start from another directory, or "
				"name what is needed of it");
	for (; shares->source != NULL; shares++)
		(void)add(ret_plan, MAKE_BIND, MOUNT_ORIGIN_OURS, shares->source, shares->target,
			SAFE | (shares->writable ? MOUNT_ATTR_NOEXEC : MOUNT_ATTR_RDONLY));
	return answer(ret_plan, result, reterr_failure);
}

int mounts_plan_proc(struct mount_plan *ret_plan)
{
	*ret_plan = (struct mount_plan){ 0 };
	add_proc(ret_plan, MOUNT_ORIGIN_OURS, "/proc");
	return -ret_plan->error;
}

void mounts_free(struct mount_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->steps[i].source);
		free(plan->steps[i].target);
	}
	free(plan->steps);
	*plan = (struct mount_plan){ 0 };
}
