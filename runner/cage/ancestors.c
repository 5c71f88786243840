/* SPDX-License-Identifier: MIT */
#include "cage/ancestors.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/text.h"
#include "cage/place.h"

/* v1 has no "max": it shows the largest page-aligned number; and the peak says nothing then. */
#define V1_UNLIMITED (UINT64_C(1) << 62)

struct counter oomd_kills_of(const char *path)
{
	char text[TEXT_NUMBER_SIZE];
	ssize_t length = getxattr(path, "user.oomd_kill", text, sizeof(text) - 1);
	uint64_t value;

	if (length < 0)
		return errno == ENODATA || errno == ENOTSUP ? counter_of(0) : (struct counter){ 0 };
	text[length] = '\0';
	return parse_number(text, &value) == 0 ? counter_of(value) : (struct counter){ 0 };
}

/* By its path: to open the directory first would be one call more for most of them. */
static struct counter counter_in(const char *path, const char *file, const char *key)
{
	const struct group above = { .directory = AT_FDCWD };
	char name[GROUP_PATH_SIZE + 32];

	(void)snprintf(name, sizeof(name), "%s/%s", path, file);
	return group_counter(&above, name, key);
}

static bool is_missing(const char *path, const char *file)
{
	char name[GROUP_PATH_SIZE + 32];

	(void)snprintf(name, sizeof(name), "%s/%s", path, file);
	return access(name, F_OK) < 0 && errno == ENOENT;
}

static bool is_root_v2(const char *path)
{
	return is_missing(path, "cgroup.type") && is_missing(path, "memory.max") &&
	       access(path, F_OK) == 0;
}

/* The counters that rise when a group acts. The root has none: it has no limit whose events they
 * could be. */
static void read_acts(const struct hierarchy *memory, const char *path, struct ancestor *ancestor)
{
	if (memory->is_v2) {
		ancestor->ooms = ancestor->is_root ? counter_of(0)
						   : counter_in(path, "memory.events.local", "oom");
		ancestor->oomd_kills = oomd_kills_of(path);
		return;
	}
	if (!ancestor->limit_bytes.known || ancestor->limit_bytes.value != UINT64_MAX)
		ancestor->peak_bytes = counter_in(path, "memory.max_usage_in_bytes", NULL);
	/* systemd-oomd kills in groups of v2 that have the memory controller, and in no others. */
	ancestor->oomd_kills = counter_of(0);
}

static void read_limit(const struct hierarchy *memory, const char *path, struct ancestor *ancestor)
{
	struct counter limit = counter_of(UINT64_MAX);

	ancestor->is_root = ancestor->is_root || (memory->is_v2 && is_root_v2(path));
	if (!ancestor->is_root)
		limit = counter_in(
			path, memory->is_v2 ? "memory.max" : "memory.limit_in_bytes", NULL);
	if (!memory->is_v2 && limit.known && limit.value >= V1_UNLIMITED)
		limit.value = UINT64_MAX;
	ancestor->limit_bytes = limit;
}

void ancestors_read_again(const struct hierarchies *hierarchies, const char *leaf,
	const struct ancestors *before, struct ancestors *ret_ancestors)
{
	char group[GROUP_PATH_SIZE], path[GROUP_PATH_SIZE];

	ret_ancestors->count = before->count;
	ret_ancestors->all_visible = before->all_visible;
	text_copy(group, sizeof(group), leaf);
	for (int i = 0; i < before->count; i++) {
		struct ancestor *ancestor = &ret_ancestors->groups[i];

		*strrchr(group, '/') = '\0';
		place_path(&hierarchies->memory, group, path, sizeof(path));
		ancestor->path = before->groups[i].path;
		ancestor->is_root = before->groups[i].is_root;
		ancestor->limit_bytes = before->groups[i].limit_bytes;
		ancestor->ooms = ancestor->peak_bytes = (struct counter){ 0 };
		read_acts(&hierarchies->memory, path, ancestor);
	}
}

/* As /proc/PID/cgroup has it. */
static void name_it(
	struct ancestors *ancestors, struct ancestor *ancestor, const char *root, const char *group)
{
	char *path = ancestors->paths + ancestors->paths_size;

	text_copy(path, ANCESTOR_PATH_SIZE, strcmp(root, "/") == 0 ? "" : root);
	text_copy(path + strlen(path), ANCESTOR_PATH_SIZE - strlen(path), group);
	if (path[0] == '\0')
		text_copy(path, ANCESTOR_PATH_SIZE, "/");
	ancestors->paths_size += strlen(path) + 1;
	ancestor->path = path;
}

const struct ancestors *ancestors_keep(const struct ancestors *ancestors)
{
	size_t size = offsetof(struct ancestors, groups) +
		      (size_t)ancestors->count * sizeof(*ancestors->groups);
	struct ancestors *kept = malloc(size + ancestors->paths_size);

	if (kept == NULL)
		return NULL;
	memcpy(kept, ancestors, size);
	memcpy((char *)kept + size, ancestors->paths, ancestors->paths_size);
	for (int i = 0; i < kept->count; i++)
		kept->groups[i].path = (char *)kept + size +
				       (ancestors->groups[i].path - ancestors->paths);
	return kept;
}

void ancestors_read(
	const struct hierarchies *hierarchies, const char *leaf, struct ancestors *ret_ancestors)
{
	const struct hierarchy *memory = &hierarchies->memory;
	char group[GROUP_PATH_SIZE], path[GROUP_PATH_SIZE];
	bool at_mount_root = false;

	ret_ancestors->count = 0; /* the others are not touched */
	ret_ancestors->paths_size = 0;
	text_copy(group, sizeof(group), leaf);
	while (!at_mount_root && ret_ancestors->count < ANCESTORS_MAX) {
		struct ancestor *ancestor = &ret_ancestors->groups[ret_ancestors->count];
		char *slash = strrchr(group, '/');

		if (slash == NULL)
			break;
		*slash = '\0';
		*ancestor = (struct ancestor){ 0 };
		at_mount_root = group[0] == '\0';
		place_path(memory, group, path, sizeof(path));
		/* On v1 even the root has the file, and no limit ever. */
		ancestor->is_root = at_mount_root && !memory->is_v2 &&
				    strcmp(memory->root, "/") == 0 && !hierarchies->namespaced;
		read_limit(memory, path, ancestor);
		read_acts(memory, path, ancestor);
		name_it(ret_ancestors, ancestor, memory->root, group);
		ret_ancestors->count++;
	}
	ret_ancestors->all_visible = at_mount_root && strcmp(memory->root, "/") == 0 &&
				     !hierarchies->namespaced;
}
