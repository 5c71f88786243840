/* SPDX-License-Identifier: MIT */
#include "witness/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
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

/* Whether this code is linked into the program that runs: its headers are where the kernel says. */
static bool is_program(const Dl_info *us)
{
	const ElfW(Ehdr) *header = us->dli_fbase;

	return (uintptr_t)header + header->e_phoff == getauxval(AT_PHDR);
}

/* The file that holds this code. What the loader knows of the program is only its argv[0]. */
static bool own_file(char ret_path[static PATH_MAX])
{
	ssize_t length;
	Dl_info us;

	if (dladdr((const void *)(uintptr_t)library_find, &us) == 0 || us.dli_fname == NULL)
		return false;
	if (!is_program(&us) && strchr(us.dli_fname, '/') != NULL)
		return realpath(us.dli_fname, ret_path) != NULL;
	length = readlink("/proc/self/exe", ret_path, PATH_MAX - 1);
	ret_path[length > 0 ? length : 0] = '\0';
	return length > 0;
}

/* Near whatever file holds this code, the program or libmemcage.so. */
static bool take_near_us(const char *name, char *ret_path, size_t size)
{
	static const char *const near[] = { "", "/..", "/memcage",
		"/../" MEMCAGE_LIBDIR_NAME "/memcage" };
	char directory[PATH_MAX], path[PATH_MAX + 128];

	if (!own_file(directory))
		return false;
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
