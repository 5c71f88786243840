/* SPDX-License-Identifier: MIT
 *
 * policy.h - a policy: limits and isolation under a name, read from a YAML file with everything
 * that it extends merged in.
 *
 *     policy_find.c      a name becomes a file
 *     policy_read.c      files become one, parents merged in (policy_merge.c)
 *     yaml_places.c      where things stand in a file, and (yaml_check.c) whether the schema has
 * them policy_schema.c    the schema; policy_file.h is what it fills policy_take*.c     what was
 * written becomes what is meant; oci_profile.c for Docker's profiles policy.c           all of that
 * together, for memcage.h
 */
#ifndef MEMCAGE_SPEC_POLICY_H
#define MEMCAGE_SPEC_POLICY_H

#include "memcage/memcage.h"
#include "spec/isolation.h"

struct policy_file;

/* Opaque to users of memcage.h. Owns all that it points to. */
struct memcage_policy {
	char *name; /* "untrusted", or the file's path */
	char *summary;
	struct memcage_spec limits; /* only its limits; 0: the policy says nothing of it */
	struct isolation isolation;
	bool clear_environment;
	char **kept_environment; /* names, NULL-terminated; with clear_environment */
	char **set_environment;  /* "K=V", NULL-terminated */

	struct policy_file *file; /* what was read, merged; most of the strings above are its */
};

/* One file by itself, from its text: all of its values are checked, a parent that it extends is not
 * looked at. For fuzzers and tests. */
int policy_check_text(
	const char *name, const char *text, size_t length, struct memcage_failure *reterr_failure);

/* The caller's environment as the policy wants it: NULL-terminated, to free(), the strings are
 * borrowed; *ret_envp is NULL where the policy says nothing of it. Returns 0 or -ENOMEM. */
int policy_environment(
	const struct memcage_policy *policy, char *const *environment, const char ***ret_envp);

/* The policy's limits into those members of the specification that are 0. */
void policy_fill_limits(const struct memcage_policy *policy, struct memcage_spec *spec);

#endif
