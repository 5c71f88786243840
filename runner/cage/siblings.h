/* SPDX-License-Identifier: MIT
 *
 * siblings.h - children of ours that we did not start: the command can clone a sibling of itself
 * (CLONE_PARENT). The first process of a pid namespace ends only when all in it are reaped, and
 * those have nobody but us.
 */
#ifndef MEMCAGE_CAGE_SIBLINGS_H
#define MEMCAGE_CAGE_SIBLINGS_H

#include <sys/types.h>

/* Reaps our dead children in the pid namespace of that process, which may be dying; never itself.
 */
void siblings_reap(pid_t init);

#endif
