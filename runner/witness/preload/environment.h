/* SPDX-License-Identifier: MIT
 *
 * environment.h - what a program's environment lacks for the witness to be in it, and a copy that
 * has it. Pure: needs neither a C library nor memory of its own.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_ENVIRONMENT_H
#define MEMCAGE_WITNESS_PRELOAD_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* An environment of more entries, or a longer LD_PRELOAD, stays as it is: the copy lies on a stack
 * that may be small. */
#define ENVIRONMENT_ENTRIES_MAX 1024
#define ENVIRONMENT_VALUE_MAX 4096

/* What the process itself was started with. */
struct environment_ours {
	const char *library; /* its path */
	const char *page;    /* of MEMCAGE_WITNESS */
};

/* What to add. */
struct environment_plan {
	size_t size;        /* of the copy in bytes; 0: nothing is to be added */
	size_t count;       /* entries that are there */
	const char *before; /* the LD_PRELOAD that counts, without its name; NULL: none */
	bool library, page; /* to be added */
};

/* envp may be NULL: Linux takes that for an empty one. An environment that names another page is
 * that of another memcage: nothing is added. */
struct environment_plan environment_plan(const struct environment_ours *ours, char *const *envp);

/* The copy, made in memory of plan->size bytes that is aligned for pointers. Its strings are those
 * of envp but for ours, which come last; the library comes behind what LD_PRELOAD has. */
char **environment_extend(const struct environment_plan *plan, const struct environment_ours *ours,
	char *const *envp, void *memory);

#endif
