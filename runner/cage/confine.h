/* SPDX-License-Identifier: MIT
 *
 * confine.h - what the process that becomes the command gives up before exec, in an isolated run.
 * Between clone and exec: async-signal-safe calls, failures are told by child_fail().
 */
#ifndef MEMCAGE_CAGE_CONFINE_H
#define MEMCAGE_CAGE_CONFINE_H

#include "cage/child.h"
#include "cage/identity.h"
#include "cage/landlock.h"
#include "cage/seccomp_filter.h"

struct confinement {
	uint32_t given; /* bits 1 << enum guarantee: what shall hold */
	const struct isolation *isolation;
	struct identity identity; /* with GUARANTEE_USER or GUARANTEE_USER_NAMESPACE */
	int root;                 /* the new one, with GUARANTEE_PRIVATE_ROOT */
	const char *directory;    /* where to be in the new root, or at its top where that is not
				     there; a plan's working_directory has to be there */
	struct landlock_rules landlock;
	struct seccomp_filter seccomp; /* empty where neither of its guarantees is given */
};

static inline bool is_given(uint32_t given, enum guarantee guarantee)
{
	return (given >> guarantee & 1) != 0;
}

/* While the old root is still there: the cgroup namespace, whose top the cage becomes. */
void confine_kernel(const struct child_plan *plan);

/* Everything else but the system calls. */
void confine(const struct child_plan *plan);

/* The last step: the policy's system call filter. Without no_new_privs it was loaded before the
 * privilege went that this takes, and has to let the steps between through. */
void confine_calls(const struct child_plan *plan);

#endif
