/* SPDX-License-Identifier: MIT
 *
 * library.h - where the shared objects are that come with memcage: the preloaded witness, and the
 * module of the witness in the kernel.
 */
#ifndef MEMCAGE_WITNESS_LIBRARY_H
#define MEMCAGE_WITNESS_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* Beside the program or libmemcage.so (build tree, its tests), else where an installation puts it
 * from there, else where this one was configured to go. Returns 0, or -ENOENT. */
int library_find(const char *name, char *ret_path, size_t size);

/* Takes path as the answer if it is not NULL, fits, and is a file that can be read. */
bool library_take(const char *path, char *ret_path, size_t size);

#endif
