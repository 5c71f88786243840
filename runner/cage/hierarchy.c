/* SPDX-License-Identifier: MIT */
#include "cage/hierarchy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "base/text.h"

#define READ_MAX (1u << 24) /* of bytes: a host can have very many mounts */

/* mountinfo writes blanks, tabs, newlines and backslashes as \ooo. */
static void unescape(const char *from, size_t length, char *to, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < length && used + 1 < size; i++) {
		if (from[i] == '\\' && i + 3 < length) {
			to[used++] = (char)((from[i + 1] - '0') * 64 + (from[i + 2] - '0') * 8 +
					    (from[i + 3] - '0'));
			i += 3;
		} else {
			to[used++] = from[i];
		}
	}
	to[used] = '\0';
}

/* One line: "35 31 0:32 /root /mount rw,relatime opt... - cgroup source rw,memory". */
static bool mount_line_parse(const char *line, size_t length, struct mount_facts *facts)
{
	const char *field[6], *end = line + length, *at = line, *type, *options;
	size_t size[6];

	for (size_t i = 0; i < 6; i++) {
		field[i] = at;
		while (at < end && *at != ' ')
			at++;
		size[i] = (size_t)(at - field[i]);
		if (at == end)
			return false;
		at++;
	}
	type = memmem(at - 1, (size_t)(end - at) + 1, " - ", 3);
	if (type == NULL || end - type < 10)
		return false;
	type += 3;
	if (strncmp(type, "cgroup2 ", 8) == 0)
		facts->is_v2 = true;
	else if (strncmp(type, "cgroup ", 7) == 0)
		facts->is_v2 = false;
	else
		return false;
	facts->read_only = size[5] >= 2 && strncmp(field[5], "ro", 2) == 0 &&
			   (size[5] == 2 || field[5][2] == ',');
	unescape(field[3], size[3], facts->root, sizeof(facts->root));
	unescape(field[4], size[4], facts->mount, sizeof(facts->mount));
	type = (const char *)memchr(type, ' ', (size_t)(end - type)) + 1;
	options = memrchr(type, ' ', (size_t)(end - type));
	facts->options = options != NULL ? options + 1 : end;
	facts->options_length = (size_t)(end - facts->options);
	return true;
}

/* Calls take for each cgroup mount; stops when it returns false. */
static void for_each_mount(
	const char *mountinfo, bool (*take)(const struct mount_facts *, void *), void *data)
{
	while (*mountinfo != '\0') {
		size_t length = strcspn(mountinfo, "\n");
		struct mount_facts facts;

		if (mount_line_parse(mountinfo, length, &facts) && !take(&facts, data))
			return;
		mountinfo += length;
		mountinfo += *mountinfo == '\n';
	}
}

/* Whether a comma-separated list of `length` bytes holds word. */
static bool list_holds(const char *list, size_t length, const char *word)
{
	size_t word_length = strlen(word);

	for (size_t at = 0; at <= length;) {
		size_t end = at;

		while (end < length && list[end] != ',')
			end++;
		if (end - at == word_length && strncmp(list + at, word, word_length) == 0)
			return true;
		at = end + 1;
	}
	return false;
}

struct mount_search {
	const char *mount_point; /* NULL: any of the controller's */
	const char *controller;  /* "": cgroup2 */
	bool found;
	struct mount_facts facts;
};

static bool take_match(const struct mount_facts *facts, void *data)
{
	struct mount_search *search = data;
	bool better;

	if (search->mount_point != NULL) {
		if (strcmp(facts->mount, search->mount_point) == 0) {
			search->facts = *facts;
			search->found = true;
		}
		return true; /* a later mount covers an earlier one */
	}
	if (*search->controller == '\0'
			? !facts->is_v2
			: facts->is_v2 || !list_holds(facts->options, facts->options_length,
						  search->controller))
		return true;
	better = !search->found || strcmp(search->facts.mount, facts->mount) == 0 ||
		 (strcmp(search->facts.root, "/") != 0 && strcmp(facts->root, "/") == 0);
	if (better)
		search->facts = *facts;
	search->found = true;
	return true;
}

bool mountinfo_parse(const char *mountinfo, const char *mount_point, struct mount_facts *ret_facts)
{
	struct mount_search search = { .mount_point = mount_point };

	for_each_mount(mountinfo, take_match, &search);
	if (search.found)
		*ret_facts = search.facts;
	return search.found;
}

bool mountinfo_find(const char *mountinfo, const char *controller, struct mount_facts *ret_facts)
{
	struct mount_search search = { .controller = controller };

	for_each_mount(mountinfo, take_match, &search);
	if (search.found)
		*ret_facts = search.facts;
	return search.found;
}

bool own_group_parse(const char *proc_self_cgroup, const char *controller, char *path, size_t size)
{
	const char *line = proc_self_cgroup;

	while (*line != '\0') {
		size_t length = strcspn(line, "\n");
		const char *list = memchr(line, ':', length);
		const char *group = list ? memchr(list + 1, ':', length - (size_t)(list + 1 - line))
					 : NULL;

		/* v2 is the line "0::/path", its controller list empty. */
		if (group != NULL && list_holds(list + 1, (size_t)(group - list - 1), controller) &&
			(*controller != '\0' || strncmp(line, "0::", 3) == 0)) {
			size_t group_length = length - (size_t)(group + 1 - line);

			if (group_length >= size)
				return false;
			memcpy(path, group + 1, group_length);
			path[group_length] = '\0';
			return true;
		}
		line += length;
		line += *line == '\n';
	}
	return false;
}

/* Our group as seen through a mount that shows `root`: the part below it. */
static bool below_root(const char *group, const char *root, char *own, size_t size)
{
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strcmp(group, "/..") == 0 || strncmp(group, "/../", 4) == 0 ||
		strncmp(group, root, length) != 0 ||
		(group[length] != '/' && group[length] != '\0'))
		return false;
	text_copy(own, size, strcmp(group + length, "/") == 0 ? "" : group + length);
	return true;
}

static void hierarchy_fill(struct hierarchy *hierarchy, const struct mount_facts *facts,
	const char *controller, const char *proc_self_cgroup)
{
	char group[GROUP_PATH_SIZE];

	hierarchy->found = true;
	hierarchy->controller = controller;
	hierarchy->is_v2 = facts->is_v2;
	hierarchy->read_only = facts->read_only;
	text_copy(hierarchy->mount, sizeof(hierarchy->mount), facts->mount);
	text_copy(hierarchy->root, sizeof(hierarchy->root), facts->root);
	hierarchy->own_visible = own_group_parse(proc_self_cgroup, facts->is_v2 ? "" : controller,
					 group, sizeof(group)) &&
				 below_root(group, facts->root, hierarchy->own,
					 sizeof(hierarchy->own));
}

/* The first cgroup namespace has a fixed inode number. */
static bool in_cgroup_namespace(void)
{
	struct stat facts;

	return stat("/proc/self/ns/cgroup", &facts) == 0 && facts.st_ino != 0xEFFFFFFBu;
}

/* A whole /proc file that may be long; the caller frees it. */
static char *read_long(const char *path)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 8192, length = 0;
	char *text = fd < 0 ? NULL : malloc(size);

	while (text != NULL) {
		ssize_t got = read(fd, text + length, size - 1 - length);
		char *more;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		if (got == 0) {
			text[length] = '\0';
			return text;
		}
		length += (size_t)got;
		if (length + 1 < size)
			continue;
		more = size < READ_MAX ? realloc(text, size *= 2) : NULL;
		if (more == NULL)
			break;
		text = more;
	}
	free(text);
	return NULL;
}

/* One after the other into the caller's: it is large, and most of it is never touched. */
static void find_in(const char *mountinfo, const char *own, struct hierarchies *hierarchies)
{
	const struct {
		const char *controller;
		struct hierarchy *hierarchy;
	} rows[] = { { "", &hierarchies->unified }, { "memory", &hierarchies->memory },
		{ "pids", &hierarchies->pids } };
	struct mount_facts facts;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		rows[i].hierarchy->found = rows[i].hierarchy->own_visible = false;
		if (mountinfo_find(mountinfo, rows[i].controller, &facts))
			hierarchy_fill(rows[i].hierarchy, &facts, rows[i].controller, own);
	}
	/* There is one v2 tree, and we have its best mount. */
	if (!hierarchies->memory.found && hierarchies->unified.found) {
		hierarchies->memory = hierarchies->unified;
		hierarchies->memory.controller = "memory";
	}
	if (!hierarchies->memory.found || hierarchies->memory.is_v2)
		hierarchies->pids.found = false;
}

int hierarchies_find(struct hierarchies *ret_hierarchies, struct memcage_failure *reterr_failure)
{
	char *mountinfo = read_long("/proc/self/mountinfo"), *own = read_long("/proc/self/cgroup");
	int result = 0;

	if (mountinfo == NULL || own == NULL) {
		result = failure_set(reterr_failure, ENOTSUP,
			"cannot read /proc/self/mountinfo and /proc/self/cgroup; mount /proc");
	} else {
		ret_hierarchies->namespaced = in_cgroup_namespace();
		find_in(mountinfo, own, ret_hierarchies);
	}
	free(mountinfo);
	free(own);
	return result;
}

const char *hierarchies_mode(const struct hierarchies *hierarchies)
{
	if (!hierarchies->memory.found)
		return hierarchies->unified.found ? "v2" : "none";
	if (hierarchies->memory.is_v2)
		return "v2";
	return hierarchies->unified.found ? "hybrid" : "v1";
}
