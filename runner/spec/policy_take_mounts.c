/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/text.h"
#include "spec/policy_take.h"

#define TMPFS_BYTES (UINT64_C(64) << 20) /* without a size: what Docker gives /dev/shm */
#define TMPFS_INODES 65536
#define PATH_SIZE 64

/* What each kind of mount is called, and what may stand beside it. */
static const struct kind {
	const char *key;
	size_t offset; /* of its value in struct policy_mount */
	enum mount_kind kind;
	bool has_source, has_size, has_exec, needs_at;
} kinds[] = {
	{ "read-only", offsetof(struct policy_mount, read_only), MOUNT_READ_ONLY, true, false,
		false, false },
	{ "read-write", offsetof(struct policy_mount, read_write), MOUNT_READ_WRITE, true, false,
		true, false },
	{ "tmpfs", offsetof(struct policy_mount, tmpfs), MOUNT_TMPFS, false, true, true, false },
	{ "dev", offsetof(struct policy_mount, dev), MOUNT_DEV, false, true, false, false },
	{ "proc", offsetof(struct policy_mount, proc), MOUNT_PROC, false, false, false, false },
	{ "link", offsetof(struct policy_mount, link), MOUNT_LINK, true, false, false, true },
};
#define KIND_COUNT (sizeof(kinds) / sizeof(*kinds))

static const char *value_of(const struct policy_mount *mount, const struct kind *kind)
{
	return *(char *const *)((const char *)mount + kind->offset);
}

/* One file has one name: no way around a check by "..", "//" or a slash at the end. */
static bool is_plain_path(const char *path)
{
	size_t length = strlen(path);

	return path[0] == '/' && length > 1 && length < PATH_MAX && path[length - 1] != '/' &&
	       strstr(path, "//") == NULL && strstr(path, "/./") == NULL &&
	       strstr(path, "/../") == NULL &&
	       (length < 2 || strcmp(path + length - 2, "/.") != 0) &&
	       (length < 3 || strcmp(path + length - 3, "/..") != 0);
}

/* The one kind that a mount says it is; NULL with *ret_count other than 1. */
static const struct kind *kind_of(const struct policy_mount *mount, size_t *ret_count)
{
	const struct kind *found = NULL;

	*ret_count = 0;
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (value_of(mount, &kinds[i]) != NULL && ++*ret_count > 0)
			found = &kinds[i];
	return *ret_count == 1 ? found : NULL;
}

struct taking {
	const struct policy_source *source;
	struct memcage_failure *failure;
	char path[PATH_SIZE]; /* "mounts/3" */
};

__attribute__((format(printf, 3, 4))) static int complain(
	struct taking *taking, const char *key, const char *format, ...)
{
	char path[PATH_SIZE + 32], message[PATH_MAX / 8];
	va_list arguments;

	text_format(path, sizeof(path), "%s/%s", taking->path, key);
	va_start(arguments, format);
	(void)vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	return yaml_places_complain(taking->source->places, path, taking->failure, "%s", message);
}

static int take_paths(struct taking *taking, const struct policy_mount *mount,
	const struct kind *kind, struct isolation_mount *to)
{
	const char *value = value_of(mount, kind), *target = mount->at != NULL ? mount->at : value;
	bool is_link = kind->kind == MOUNT_LINK;

	if (kind->needs_at && mount->at == NULL)
		return complain(
			taking, kind->key, "%s needs 'at', the path that it gets", kind->key);
	if (!kind->has_source && mount->at != NULL)
		return complain(taking, "at", "'at' does not go with %s, whose value is the path",
			kind->key);
	if (!is_link && !is_plain_path(value) && !(kind->has_source && strcmp(value, ".") == 0))
		return complain(taking, kind->key,
			"%s %s: not an absolute path without '..', '//' or a slash at the end",
			kind->key, value);
	if (!is_plain_path(target) && !(kind->has_source && !is_link && strcmp(target, ".") == 0))
		return complain(taking, "at",
			"at %s: not an absolute path without '..', '//' or a slash at the end",
			target);
	to->target = target;
	to->source = kind->has_source && (is_link || mount->at != NULL) ? value : NULL;
	return 0;
}

static int take_sizes(struct taking *taking, const struct policy_mount *mount,
	const struct kind *kind, struct isolation_mount *to)
{
	if (!kind->has_size) {
		if (mount->size != NULL || mount->inodes != NULL)
			return complain(taking, mount->size != NULL ? "size" : "inodes",
				"%s has no size of its own; it goes with tmpfs and dev", kind->key);
		return 0;
	}
	to->size_bytes = TMPFS_BYTES;
	to->inodes = TMPFS_INODES;
	/* 0 and max are no bounds, to tmpfs. */
	if (mount->size != NULL && (parse_size(mount->size, &to->size_bytes) < 0 ||
					   to->size_bytes < 4096 || to->size_bytes > INT64_MAX))
		return complain(taking, "size",
			"size %s: not a size of at least one page; say for example 64M",
			mount->size);
	if (mount->inodes != NULL && (parse_number(mount->inodes, &to->inodes) < 0 ||
					     to->inodes == 0 || to->inodes > INT64_MAX))
		return complain(
			taking, "inodes", "inodes %s: not a number greater than 0", mount->inodes);
	return 0;
}

static int take_flags(struct taking *taking, const struct policy_mount *mount,
	const struct kind *kind, struct isolation_mount *to)
{
	bool is_bind = kind->kind == MOUNT_READ_ONLY || kind->kind == MOUNT_READ_WRITE;

	if (mount->optional != NULL && !is_bind)
		return complain(taking, "optional",
			"optional goes with read-only and read-write: a %s is always there",
			kind->key);
	if (mount->exec != NULL && !kind->has_exec)
		return complain(taking, "exec", "exec goes with tmpfs and read-write, not with %s",
			kind->key);
	to->optional = mount->optional != NULL && *mount->optional;
	to->executable = mount->exec != NULL && *mount->exec;
	return 0;
}

static int take_mount(
	struct taking *taking, const struct policy_mount *mount, struct isolation_mount *to)
{
	size_t count;
	const struct kind *kind = kind_of(mount, &count);
	int result;

	if (kind == NULL)
		return complain(taking, "",
			count == 0 ? "a mount without a kind; it is one of read-only, read-write, "
				     "tmpfs, dev, proc, link"
				   : "a mount of several kinds; give each a list item of its own");
	to->kind = kind->kind;
	result = take_paths(taking, mount, kind, to);
	if (result == 0)
		result = take_sizes(taking, mount, kind, to);
	if (result == 0)
		result = take_flags(taking, mount, kind, to);
	return result;
}

int policy_take_mounts(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure)
{
	struct isolation *isolation = &policy->isolation;
	const struct policy_file *file = source->file;
	struct taking taking = { .source = source, .failure = failure };

	if (file->mounts_count == 0)
		return 0;
	isolation->mounts = calloc(file->mounts_count, sizeof(*isolation->mounts));
	if (isolation->mounts == NULL)
		return failure_set(failure, ENOMEM, "no memory for the policy's mounts");
	for (unsigned i = 0; i < file->mounts_count; i++) {
		int result;

		text_format(taking.path, sizeof(taking.path), "mounts/%u", i);
		result = take_mount(&taking, &file->mounts[i], &isolation->mounts[i]);
		if (result < 0)
			return result;
		for (unsigned before = 0; before < i; before++)
			if (strcmp(isolation->mounts[before].target, isolation->mounts[i].target) ==
				0)
				return complain(&taking, "",
					"%s is mounted twice; drop one of them",
					isolation->mounts[i].target);
		isolation->mount_count++;
	}
	return 0;
}
