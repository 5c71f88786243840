/* SPDX-License-Identifier: MIT */
#include "cage/ancestors.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/text.h"
#include "cage/place.h"

/* v1 has no "max": it shows the largest page-aligned number. */
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

static void read_one(const struct hierarchy *memory, const char *path, struct ancestor *ancestor)
{
	struct group group = GROUP_NONE;
	bool root;

	if (group_open(&group, path) < 0)
		return;
	if (memory->is_v2) {
		root = faccessat(group.directory, "cgroup.type", F_OK, 0) < 0 && errno == ENOENT &&
		       faccessat(group.directory, "memory.max", F_OK, 0) < 0 && errno == ENOENT;
		ancestor->limit_bytes = root ? counter_of(UINT64_MAX)
					     : group_counter(&group, "memory.max", NULL);
		/* The root has no events: it has no limit whose events they could be. */
		ancestor->ooms = root ? counter_of(0)
				      : group_counter(&group, "memory.events.local", "oom");
	} else {
		ancestor->limit_bytes = group_counter(&group, "memory.limit_in_bytes", NULL);
		if (ancestor->limit_bytes.known && ancestor->limit_bytes.value >= V1_UNLIMITED)
			ancestor->limit_bytes.value = UINT64_MAX;
		ancestor->peak_bytes = group_counter(&group, "memory.max_usage_in_bytes", NULL);
	}
	ancestor->oomd_kills = oomd_kills_of(path);
	group_close(&group);
}

void ancestors_read(
	const struct hierarchies *hierarchies, const char *leaf, struct ancestors *ret_ancestors)
{
	const struct hierarchy *memory = &hierarchies->memory;
	char group[GROUP_PATH_SIZE], path[GROUP_PATH_SIZE];
	bool at_mount_root = false;

	*ret_ancestors = (struct ancestors){ 0 };
	text_copy(group, sizeof(group), leaf);
	while (!at_mount_root && ret_ancestors->count < ANCESTORS_MAX) {
		struct ancestor *ancestor = &ret_ancestors->groups[ret_ancestors->count];
		char *slash = strrchr(group, '/');

		if (slash == NULL)
			break;
		*slash = '\0';
		at_mount_root = group[0] == '\0';
		place_path(memory, group, path, sizeof(path));
		read_one(memory, path, ancestor);
		text_copy(ancestor->path, sizeof(ancestor->path),
			strcmp(memory->root, "/") == 0 ? "" : memory->root);
		text_copy(ancestor->path + strlen(ancestor->path),
			sizeof(ancestor->path) - strlen(ancestor->path), group);
		if (ancestor->path[0] == '\0')
			text_copy(ancestor->path, sizeof(ancestor->path), "/");
		ret_ancestors->count++;
	}
	ret_ancestors->all_visible = at_mount_root && strcmp(memory->root, "/") == 0 &&
				     !hierarchies->namespaced;
}
