/* SPDX-License-Identifier: MIT
 *
 * check.h - whether a specification makes sense before anything is touched.
 */
#ifndef MEMCAGE_SPEC_CHECK_H
#define MEMCAGE_SPEC_CHECK_H

#include "memcage/memcage.h"

/* Returns 0, or -EINVAL with what does not go together and what to do. Used for the command line
 * and for library callers alike. */
int spec_check(const struct memcage_spec *spec, struct memcage_failure *reterr_failure);

/* The caller's specification as one of this library's version, with the policy's limits: members
 * behind its struct_size are zero. -EINVAL when struct_size cannot be right. */
int spec_adopt(const struct memcage_spec *spec, struct memcage_spec *ret_spec,
	struct memcage_failure *reterr_failure);

/* Whether the memory limit is one. */
bool spec_has_limit(const struct memcage_spec *spec);

#endif
