/* SPDX-License-Identifier: MIT
 *
 * policy.h - a policy: limits and isolation under a name, read from a YAML file with everything
 * that it extends merged in.
 */
#ifndef MEMCAGE_SPEC_POLICY_H
#define MEMCAGE_SPEC_POLICY_H

#include "memcage/memcage.h"
#include "spec/isolation.h"

/* Opaque to users of memcage.h. Owns all that it points to. */
struct memcage_policy {
	char *name; /* "untrusted", or the file's path */
	char *summary;
	struct memcage_spec limits; /* only its limits; 0: the policy says nothing of it */
	struct isolation isolation;
	bool clear_environment;
	char **kept_environment; /* names, NULL-terminated; with clear_environment */
	char **set_environment;  /* "K=V", NULL-terminated */
};

#endif
