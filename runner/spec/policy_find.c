/* SPDX-License-Identifier: MIT */
#include "spec/policy_find.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/text.h"

#define SUFFIX ".yaml"
#define DIRECTORIES_MAX 16
#define NAMES_MAX 256

struct directories {
	size_t count;
	char paths[DIRECTORIES_MAX][PATH_MAX];
};

__attribute__((format(printf, 2, 3))) static void add(
	struct directories *directories, const char *format, ...)
{
	va_list arguments;
	int length;

	if (directories->count == DIRECTORIES_MAX)
		return;
	va_start(arguments, format);
	length = vsnprintf(directories->paths[directories->count], PATH_MAX, format, arguments);
	va_end(arguments);
	directories->count += length > 0 && length < PATH_MAX;
}

static void add_from_environment(struct directories *directories)
{
	const char *list = getenv("MEMCAGE_POLICY_PATH");

	while (list != NULL && *list != '\0') {
		size_t length = strcspn(list, ":");

		if (length > 0)
			add(directories, "%.*s", (int)length, list);
		list += length;
		list += *list == ':';
	}
}

static void add_trusted(struct directories *directories, const char *path, uid_t owner)
{
	struct stat facts;

	if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode) &&
		(facts.st_uid == 0 || facts.st_uid == geteuid() || facts.st_uid == owner))
		add(directories, "%s", path);
}

static void add_from_program(struct directories *directories)
{
	static const char *const places[] = { "policies", "../share/memcage/policies" };
	char self[PATH_MAX], path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct stat facts;

	if (length <= 0 || stat("/proc/self/exe", &facts) < 0)
		return;
	self[length] = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (policy_path_beside(self, places[i], path) == 0)
			add_trusted(directories, path, facts.st_uid);
}

static struct directories *directories_make(void)
{
	struct directories *directories = calloc(1, sizeof(*directories));

	if (directories == NULL)
		return NULL;
	add_from_environment(directories);
	add_from_program(directories);
	add(directories, "%s", MEMCAGE_DATADIR "/policies");
	return directories;
}

int policy_path_beside(const char *file, const char *path, char ret_path[static PATH_MAX])
{
	const char *slash = strrchr(file, '/');
	int length = path[0] == '/' || slash == NULL ? snprintf(ret_path, PATH_MAX, "%s", path)
						     : snprintf(ret_path, PATH_MAX, "%.*s/%s",
							       (int)(slash - file), file, path);

	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static bool ends_in_suffix(const char *name)
{
	size_t length = strlen(name);

	return length > sizeof(SUFFIX) - 1 &&
	       strcmp(name + length - (sizeof(SUFFIX) - 1), SUFFIX) == 0;
}

static int unknown_policy(const char *name, struct memcage_failure *failure)
{
	char **names = policy_names(), all[400] = "";
	const char *near = names != NULL ? nearest_word(name, (const char *const *)names) : NULL;

	for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
		(void)strncat(all, i > 0 ? ", " : "", sizeof(all) - strlen(all) - 1);
		(void)strncat(all, names[i], sizeof(all) - strlen(all) - 1);
	}
	if (near != NULL)
		(void)failure_set(
			failure, ENOENT, "no policy '%s'; did you mean '%s'?", name, near);
	else if (all[0] != '\0')
		(void)failure_set(failure, ENOENT,
			"no policy '%s'; there are %s, or say the path of a file", name, all);
	else
		(void)failure_set(failure, ENOENT,
			"no policy '%s', and none at all: set MEMCAGE_POLICY_PATH to the directory "
			"that they are in, or say the path of a file",
			name);
	text_to_one_line(failure->detail);
	policy_names_free(names);
	return -ENOENT;
}

int policy_find(const char *name, const char *beside, char ret_path[static PATH_MAX],
	struct memcage_failure *reterr_failure)
{
	struct directories *directories;
	bool found = false;

	if (strchr(name, '/') != NULL || ends_in_suffix(name)) {
		if (policy_path_beside(beside != NULL ? beside : "", name, ret_path) < 0)
			return failure_set(
				reterr_failure, ENAMETOOLONG, "a policy's path is too long");
		return 0;
	}
	directories = directories_make();
	if (directories == NULL)
		return failure_set(reterr_failure, ENOMEM, "no memory to look for policies");
	for (size_t i = 0; i < directories->count && !found; i++) {
		int length = snprintf(
			ret_path, PATH_MAX, "%s/%s" SUFFIX, directories->paths[i], name);

		found = length < PATH_MAX && access(ret_path, F_OK) == 0;
	}
	free(directories);
	return found ? 0 : unknown_policy(name, reterr_failure);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_names(const char *path, char **names, size_t *count)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory != NULL && *count < NAMES_MAX && (entry = readdir(directory)) != NULL) {
		size_t length = strlen(entry->d_name), known = 0;
		char *name;

		if (!ends_in_suffix(entry->d_name) || entry->d_name[0] == '.')
			continue;
		name = strndup(entry->d_name, length - (sizeof(SUFFIX) - 1));
		if (name == NULL)
			break;
		while (known < *count && strcmp(names[known], name) != 0)
			known++;
		if (known == *count)
			names[(*count)++] = name;
		else
			free(name);
	}
	if (directory != NULL)
		(void)closedir(directory);
}

char **policy_names(void)
{
	struct directories *directories = directories_make();
	char **names = calloc(NAMES_MAX + 1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; names != NULL && directories != NULL && i < directories->count; i++)
		add_names(directories->paths[i], names, &count);
	free(directories);
	if (names != NULL)
		qsort(names, count, sizeof(*names), by_name);
	return names;
}

void policy_names_free(char **names)
{
	for (size_t i = 0; names != NULL && names[i] != NULL; i++)
		free(names[i]);
	free(names);
}
