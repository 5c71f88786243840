/* SPDX-License-Identifier: MIT
 *
 * Who gets the library: which programs, and which users may read it.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/text.h"
#include "witness/preload.h"
#include "witness/preload/target.h"

bool preload_possible_for(const char *executable, const char **ret_why)
{
	return target_takes_library(AT_FDCWD, executable, ret_why);
}

static bool allowed(const struct stat *facts, uint32_t user, uint32_t group, mode_t right)
{
	if (user == 0)
		return true;
	if (facts->st_uid == user)
		return (facts->st_mode & (right << 6)) != 0;
	return (facts->st_mode & (facts->st_gid == group ? right << 3 : right)) != 0;
}

bool preload_readable_for(const char *library, uint32_t user, uint32_t group)
{
	char part[PRELOAD_PATH_SIZE];
	struct stat facts;

	for (size_t end = 1; library[end - 1] != '\0'; end++) {
		if (library[end] != '/' && library[end] != '\0')
			continue;
		text_copy(part, end + 1, library);
		if (stat(part, &facts) < 0 ||
			!allowed(&facts, user, group, S_ISDIR(facts.st_mode) ? 1 : 4))
			return false;
		if (library[end] == '\0')
			break;
	}
	return true;
}
