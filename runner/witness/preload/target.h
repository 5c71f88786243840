/* SPDX-License-Identifier: MIT
 *
 * target.h - whether the dynamic loader would put the library into a program, read from its file
 * before it runs. memcage asks for the main program, the library itself for what its process
 * executes: so this needs neither a C library nor much stack, and leaves errno alone.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_TARGET_H
#define MEMCAGE_WITNESS_PRELOAD_TARGET_H

#include <stdbool.h>

/* Why not, for a file that the kernel cannot execute by itself; a shell would read it. */
extern const char target_has_no_format[];

/* path is relative to the open directory (AT_FDCWD: the current one). Of a script, its interpreter
 * counts. Where the answer is no, *ret_why says why in a few words; a static string. */
bool target_takes_library(int directory, const char *path, const char **ret_why);

#endif
