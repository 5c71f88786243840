/* SPDX-License-Identifier: MIT
 *
 * executable.c - the paths that PATH makes of a command's name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cage/spawn.h"

#define PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin"

static const char *variable(const char *const *envp, const char *name)
{
	size_t length = strlen(name);

	for (; *envp != NULL; envp++)
		if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=')
			return *envp + length + 1;
	return NULL;
}

/* A name with a slash is a path; an empty one is nowhere in PATH, and not PATH's directories. */
static bool is_path(const char *name)
{
	return *name == '\0' || strchr(name, '/') != NULL;
}

/* One allocation: pointers, then texts. */
const char **executable_candidates(const char *name, const char *const *envp)
{
	const char *path = is_path(name) ? NULL : variable(envp, "PATH");
	size_t count = 2, name_length = strlen(name) + 2, size;
	const char **candidates;
	char *text;

	if (path == NULL)
		path = is_path(name) ? "" : PATH_DEFAULT;
	for (const char *at = path; *at != '\0'; at++)
		count += *at == ':';
	size = count * sizeof(*candidates) + strlen(path) + count * (name_length + 2);
	candidates = malloc(size);
	if (candidates == NULL)
		return NULL;
	text = (char *)(candidates + count);
	if (*path == '\0') {
		candidates[0] =
			name; /* taken as it is; of an empty PATH that is the directory we are in */
		candidates[1] = NULL;
		return candidates;
	}
	count = 0;
	for (;; path++) {
		int length = (int)strcspn(path, ":");

		candidates[count++] = text;
		text += snprintf(text, name_length + (size_t)length + 2, "%.*s/%s",
				length > 0 ? length : 1, length > 0 ? path : ".", name) +
			1;
		path += length;
		if (*path == '\0')
			break;
	}
	candidates[count] = NULL;
	return candidates;
}

int executable_find(const struct memcage_spec *spec, char *path, size_t size)
{
	const char *const *envp = spec->envp ? spec->envp : (const char *const *)environ;
	const char **candidates = executable_candidates(spec->argv[0], envp);
	int result = -ENOENT;

	for (size_t i = 0; candidates != NULL && candidates[i] != NULL && result < 0; i++) {
		if (access(candidates[i], X_OK) < 0)
			continue;
		text_copy(path, size, candidates[i]);
		result = 0;
	}
	free(candidates);
	return result;
}
