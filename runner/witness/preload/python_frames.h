/* SPDX-License-Identifier: MIT
 *
 * python_frames.h - the running frame of a CPython that hides the function that would tell: 3.9,
 * 3.10 and 3.13.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_PYTHON_FRAMES_H
#define MEMCAGE_WITNESS_PRELOAD_PYTHON_FRAMES_H

#include <stddef.h>

/* Writes `File "FILE", line N` of the innermost frame of this thread, which holds the interpreter,
 * or "" where that cannot be told: a file name that is not ASCII, a free-threaded build, another
 * version. */
void python_frames_describe(const void *thread, char *to, size_t size);

#endif
