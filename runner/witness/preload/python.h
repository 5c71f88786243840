/* SPDX-License-Identifier: MIT
 *
 * python.h - where in a Python program the refused allocation was asked for.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_PYTHON_H
#define MEMCAGE_WITNESS_PRELOAD_PYTHON_H

#include <stdbool.h>
#include <stddef.h>

/* Whether this process is a CPython. */
bool python_present(void);

/* Writes "file.py:2" of this thread's innermost Python frame, or "" where this thread does not hold
 * the interpreter or it is a CPython that does not tell. Neither allocates nor locks.
 * May change errno. */
void python_source_line(char *to, size_t size);

#endif
