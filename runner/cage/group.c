/* SPDX-License-Identifier: MIT */
#include "cage/group.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"

int group_open(struct group *group, const char *path)
{
	int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return -errno;
	group->directory = directory;
	text_copy(group->path, sizeof(group->path), path);
	return 0;
}

int group_make(struct group *group, const struct group *parent, const char *name)
{
	int length = snprintf(group->path, sizeof(group->path), "%s/%s", parent->path, name);
	int result;

	if (length < 0 || (size_t)length >= sizeof(group->path))
		return -ENAMETOOLONG;
	if (mkdirat(parent->directory, name, 0755) < 0)
		return -errno;
	group->directory = openat(
		parent->directory, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (group->directory >= 0)
		return 0;
	result = -errno;
	(void)rmdir(group->path); /* nobody else would ever take it away */
	return result;
}

void group_close(struct group *group)
{
	fd_close(&group->directory);
}

struct counter group_counter(const struct group *group, const char *file, const char *key)
{
	char text[8192];
	uint64_t value;

	if (file_read(group->directory, file, text, sizeof(text)) < 0)
		return (struct counter){ 0 };
	if (key != NULL)
		return keyed_value(text, key, &value) ? counter_of(value) : (struct counter){ 0 };
	text[strcspn(text, "\n")] = '\0';
	if (strcmp(text, "max") == 0)
		return counter_of(UINT64_MAX);
	return parse_number(text, &value) == 0 ? counter_of(value) : (struct counter){ 0 };
}

int group_write(const struct group *group, const char *file, const char *text)
{
	return file_write(group->directory, file, text);
}

int group_set_bytes(const struct group *group, const char *file, uint64_t bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	char text[TEXT_NUMBER_SIZE] = "max";
	struct counter back;
	int result;

	if (bytes != UINT64_MAX)
		(void)snprintf(text, sizeof(text), "%" PRIu64, bytes);
	result = group_write(group, file, text);
	if (result < 0)
		return result;
	back = group_counter(group, file, NULL);
	return back.known && back.value / page == bytes / page ? 0 : -ERANGE;
}

bool group_lists(const struct group *group, const char *file, const char *word)
{
	char text[4096], *state, *item;

	if (file_read(group->directory, file, text, sizeof(text)) < 0)
		return false;
	for (item = strtok_r(text, " \n", &state); item != NULL;
		item = strtok_r(NULL, " \n", &state))
		if (strcmp(item, word) == 0)
			return true;
	return false;
}
