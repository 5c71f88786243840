/* SPDX-License-Identifier: MIT
 *
 * confine.h - programs that load a seccomp filter. What the library asks of the kernel to explain a
 * refusal may be what ends the program then: so the filter is tried out on these calls before it is
 * loaded, and where one of them would be the end, refusals are counted from then on and not
 * explained. A filter that answers with an error is in nobody's way.
 *
 * Filters of a program that executed this one are not known, but let the loader open and read.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_CONFINE_H
#define MEMCAGE_WITNESS_PRELOAD_CONFINE_H

#include <linux/filter.h>
#include <stdbool.h>

extern bool confined;

/* No more system calls of our own. */
static inline bool confine_is_on(void)
{
	return __builtin_expect(__atomic_load_n(&confined, __ATOMIC_RELAXED), false);
}

/* A filter that is about to be loaded: what the program gave the kernel for it, good or not. */
void confine_by(const struct sock_fprog *program);

/* Our process, as it was when the filter came: for its children, too, since nobody may ask. */
int confine_pid(void);

#endif
