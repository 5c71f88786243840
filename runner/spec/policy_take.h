/* SPDX-License-Identifier: MIT
 *
 * policy_take.h - from what a policy file says (policy_file.h) to what it means (policy.h). Each
 * function takes one part, returns 0 or a negative errno, and fills the failure with
 * "file:line:column: what is wrong; what to do".
 */
#ifndef MEMCAGE_SPEC_POLICY_TAKE_H
#define MEMCAGE_SPEC_POLICY_TAKE_H

#include "spec/policy.h"
#include "spec/policy_file.h"
#include "spec/yaml_places.h"

struct policy_source {
	const struct policy_file *file;
	const struct yaml_places *places; /* of file, or of its last child */
};

/* policy_take_limits.c */
int policy_take_limits(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure);
int policy_take_rlimits(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure);

/* policy_take.c */
int policy_take_names(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure);
int policy_take_environment(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure);

/* policy_take_mounts.c */
int policy_take_mounts(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure);

/* policy_take_seccomp.c: behind policy_take_names(), because profiles depend on capabilities. */
int policy_take_seccomp(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure);

/* policy_take_guarantees.c: what all of it promises, and what is preferred. */
int policy_take_guarantees(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure);

/* How the parts go together; only for a policy with everything that it extends. */
int policy_check_whole(const struct policy_source *source, const struct memcage_policy *policy,
	struct memcage_failure *failure);

#endif
