/* SPDX-License-Identifier: MIT
 *
 * utf8.h - what a workload wrote or is called may be any bytes; a report is UTF-8, and a terminal
 * must not obey it.
 */
#ifndef MEMCAGE_REPORT_UTF8_H
#define MEMCAGE_REPORT_UTF8_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A JSON string of size bytes: every byte that is not part of valid UTF-8 becomes U+FFFD, and so
 * does NUL, which many JSON readers cannot hold. NULL only when memory ran out. */
json_t *utf8_json(const char *bytes, size_t size);

/* The length of the character that text (NUL-terminated, not at its end) starts with; 1 where it
 * is not valid UTF-8. *ret_harmless: it can be shown as it is; false for control characters, for
 * those that turn the direction of the text around, and for invalid bytes. */
size_t utf8_character(const char *text, bool *ret_harmless);

#endif
