/* SPDX-License-Identifier: MIT
 *
 * policy_find.h - where policies are. A path (with a slash, or ending in .yaml) is taken as it is.
 * A name is looked for, as NAME.yaml, in
 *
 *     $MEMCAGE_POLICY_PATH    directories, with colons between them
 *     policies/ beside the program (a build), or ../share/memcage/policies from there
 *     where `cmake --install` put the policies
 *
 * The directories found from the program's place count only where root, the caller or the program's
 * own owner owns them: a program in /tmp must not be given a stranger's policy.
 */
#ifndef MEMCAGE_SPEC_POLICY_FIND_H
#define MEMCAGE_SPEC_POLICY_FIND_H

#include <limits.h>

#include "memcage/memcage.h"

/* The file of a policy. beside: the file in which the name stands, where relative paths begin;
 * NULL: the working directory. Returns 0, or -errno with a failure that knows a similar name. */
int policy_find(const char *name, const char *beside, char ret_path[static PATH_MAX],
	struct memcage_failure *reterr_failure);

/* The names of all policies that can be found, sorted, each once: NULL-terminated, for
 * policy_names_free(); NULL where there is no memory. */
char **policy_names(void);
void policy_names_free(char **names);

/* A path that stands in a file: relative ones begin where the file lies. -ENAMETOOLONG. */
int policy_path_beside(const char *file, const char *path, char ret_path[static PATH_MAX]);

#endif
