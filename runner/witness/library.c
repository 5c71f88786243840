/* SPDX-License-Identifier: MIT */
#include "witness/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

bool library_take(const char *path, char *ret_path, size_t size)
{
	struct stat facts;

	if (path == NULL || strlen(path) >= size || stat(path, &facts) < 0 ||
		!S_ISREG(facts.st_mode) || access(path, R_OK) < 0)
		return false;
	text_copy(ret_path, size, path);
	return true;
}

/* Near whatever file holds this code, the program or libmemcage.so. */
static bool take_near_us(const char *name, char *ret_path, size_t size)
{
	static const char *const near[] = { "", "/..", "/memcage",
		"/../" MEMCAGE_LIBDIR_NAME "/memcage" };
	char directory[PATH_MAX], path[PATH_MAX + 128];
	Dl_info us;

	if (dladdr((const void *)(uintptr_t)library_find, &us) == 0 || us.dli_fname == NULL)
		return false;
	if (strchr(us.dli_fname, '/') == NULL || realpath(us.dli_fname, path) == NULL) {
		ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

		if (length < 0)
			return false;
		path[length] = '\0';
	}
	text_copy(directory, sizeof(directory), path);
	*strrchr(directory, '/') = '\0';
	for (size_t i = 0; i < sizeof(near) / sizeof(*near); i++) {
		(void)snprintf(path, sizeof(path), "%s%s/%s", directory, near[i], name);
		if (library_take(path, ret_path, size))
			return true;
	}
	return false;
}

int library_find(const char *name, char *ret_path, size_t size)
{
	char path[PATH_MAX];

	if (take_near_us(name, ret_path, size))
		return 0;
	(void)snprintf(path, sizeof(path), "%s/%s", MEMCAGE_LIBDIR, name);
	return library_take(path, ret_path, size) ? 0 : -ENOENT;
}
