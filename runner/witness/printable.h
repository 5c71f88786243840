/* SPDX-License-Identifier: MIT
 *
 * printable.h - bytes that others chose (command names, group paths, output lines) made fit for a
 * terminal and for JSON.
 */
#ifndef MEMCAGE_WITNESS_PRINTABLE_H
#define MEMCAGE_WITNESS_PRINTABLE_H

#include <stddef.h>

/* Copies length bytes of text into to (size bytes, size > 0) and ends it with NUL: valid UTF-8
 * stays, control characters and every byte of anything else become '?'. What does not fit is cut,
 * never inside a character. Returns the length of what was stored. */
size_t printable_copy(char *to, size_t size, const char *text, size_t length);

#endif
