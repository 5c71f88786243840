/* SPDX-License-Identifier: MIT
 *
 * inherit.h - what this process was started with, for the programs that it starts: a program that
 * is given an environment without the witness gets our two variables back.
 *
 * A file /etc/ld.so.preload, in a mount namespace of the run's own, would need no variables; but an
 * /etc that only looks like the host's would lose what the workload writes there. That way is left
 * to cages which have a root of their own.
 *
 * Nothing here takes a lock, allocates, or changes errno: a program may call exec in a signal
 * handler, and in the child of vfork().
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_INHERIT_H
#define MEMCAGE_WITNESS_PRELOAD_INHERIT_H

#include "witness/preload/environment.h"

extern char **environ __attribute__((weak));

/* The variable itself may be missing. */
static inline char **inherit_environ(void)
{
	return &environ != NULL ? environ : NULL;
}

/* Once: where the library and the page are. Both texts have to stay. */
void inherit_begin(const char *library, const char *page_path);

/* What envp lacks for a program; nothing (size 0) where the loader would not put the library into
 * it: it would complain of a program for another machine, or of a library that this user or root
 * directory cannot reach. */
struct environment_plan inherit_plan(char *const *envp, int directory, const char *path);

/* The same for a name that is looked for in PATH, and for files that a shell reads if the kernel
 * does not. */
struct environment_plan inherit_plan_for_name(char *const *envp, const char *name);

/* The copy that plan asks for, in memory of plan->size bytes. */
char **inherit_extend(const struct environment_plan *plan, char *const *envp, void *memory);

#endif
