/* SPDX-License-Identifier: MIT
 *
 * text_file.h - a file that somebody wrote, whole.
 */
#ifndef MEMCAGE_SPEC_TEXT_FILE_H
#define MEMCAGE_SPEC_TEXT_FILE_H

#include <stddef.h>

#include "memcage/memcage.h"

#define TEXT_FILE_MAX ((size_t)1 << 20)

/* Reads a regular file of at most TEXT_FILE_MAX bytes; a device or a FIFO is neither waited for nor
 * read. Returns 0 and a text to free(), with a NUL behind it that the length does not count; or
 * -errno with "path: why". */
int text_file_read(const char *path, char **ret_text, size_t *ret_length,
	struct memcage_failure *reterr_failure);

#endif
