/* SPDX-License-Identifier: MIT
 *
 * fixture.h - texts that were recorded from the kernel (tests/fixtures/DIRECTORY/NAME.txt):
 * sections
 * "== path/of/file", each followed by the file as it was. They can be taken one by one or unpacked
 * into a directory of their own.
 */
#ifndef MEMCAGE_TESTS_FIXTURE_H
#define MEMCAGE_TESTS_FIXTURE_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIXTURE_PATH_SIZE 512

/* The whole text; the caller frees it. */
static inline char *fixture_load(const char *name)
{
	char path[FIXTURE_PATH_SIZE], *text = calloc(1, 1 << 17);
	FILE *file;
	size_t length = 0;

	(void)snprintf(path, sizeof(path), MEMCAGE_SOURCE_DIR "/tests/fixtures/%s.txt", name);
	file = fopen(path, "r");
	if (file == NULL || text == NULL)
		fail_msg("cannot read %s", path);
	else
		length = fread(text, 1, (1 << 17) - 1, file);
	if (length == 0 || length == (1 << 17) - 1 || fclose(file) != 0)
		fail_msg("%s is empty or too long", path);
	return text;
}

/* The next section behind at (the text's start at first): its name and its lines. */
static inline bool fixture_next(
	const char **at, char name[FIXTURE_PATH_SIZE], const char **ret_start, size_t *ret_size)
{
	const char *head = strncmp(*at, "== ", 3) == 0 ? *at : strstr(*at, "\n== "), *end;
	size_t length;

	if (head == NULL)
		return false;
	head += *head == '\n' ? 4 : 3;
	length = strcspn(head, "\n");
	assert_true(length > 0 && length < FIXTURE_PATH_SIZE && head[length] == '\n');
	memcpy(name, head, length);
	name[length] = '\0';
	*ret_start = head + length + 1;
	end = strncmp(*ret_start, "== ", 3) == 0 ? *ret_start : strstr(*ret_start, "\n== ");
	*ret_size = end == NULL ? strlen(*ret_start) : (size_t)(end - *ret_start) + (*end == '\n');
	*at = end == NULL ? *ret_start + *ret_size : end;
	return true;
}

/* One section as a text of its own; the caller frees it. */
static inline char *fixture_section(const char *text, const char *wanted)
{
	char name[FIXTURE_PATH_SIZE], *copy = NULL;
	const char *start;
	size_t size;

	while (copy == NULL && fixture_next(&text, name, &start, &size))
		if (strcmp(name, wanted) == 0)
			copy = strndup(start, size);
	if (copy == NULL)
		fail_msg("no section %s", wanted);
	return copy;
}

static inline void fixture_write(const char *path, const char *start, size_t size)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fwrite(start, 1, size, file) != size || fclose(file) != 0)
		fail_msg("cannot write %s", path);
}

/* Makes the directories above a path. */
static inline void fixture_directories(const char *path)
{
	char above[FIXTURE_PATH_SIZE * 2];

	for (const char *slash = strchr(path + 1, '/'); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		(void)snprintf(above, sizeof(above), "%.*s", (int)(slash - path), path);
		(void)mkdir(above, 0755); /* there already is as good; writing tells */
	}
}

/* Makes a directory and writes every section below it. directory is a template of mkdtemp(3). */
static inline void fixture_unpack(const char *name, char *directory)
{
	char *text = fixture_load(name), section[FIXTURE_PATH_SIZE], path[FIXTURE_PATH_SIZE * 2];
	const char *at = text, *start;
	size_t size;

	assert_non_null(mkdtemp(directory));
	while (fixture_next(&at, section, &start, &size)) {
		(void)snprintf(path, sizeof(path), "%s/%s", directory, section);
		fixture_directories(path);
		fixture_write(path, start, size);
	}
	free(text);
}

static inline int fixture_remove_one(
	const char *path, const struct stat *facts, int type, struct FTW *where)
{
	(void)facts;
	(void)type;
	(void)where;
	return remove(path);
}

static inline void fixture_remove(const char *directory)
{
	assert_int_equal(nftw(directory, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
