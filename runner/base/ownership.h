/* SPDX-License-Identifier: MIT
 *
 * ownership.h - the names of directories that memcage makes for itself, and the lock by which one
 * in use is told from one that a crash left behind, in whatever pid namespace its owner lived.
 */
#ifndef MEMCAGE_BASE_OWNERSHIP_H
#define MEMCAGE_BASE_OWNERSHIP_H

#include <stdbool.h>
#include <stddef.h>

#define OWN_NAME_PREFIX "memcage-"
#define OWN_NAME_SIZE 64

/* "memcage-PID-RANDOM". Returns 0 or -errno. */
int own_name_make(char ret_name[static OWN_NAME_SIZE]);

/* Exactly of that form: others may like names that begin so. */
bool is_own_name(const char *name);

/* The lock of a directory that nobody uses, to be closed after it was removed; or -1. */
int lock_abandoned(const char *directory);

#endif
