/* SPDX-License-Identifier: MIT
 *
 * text.h - strict small parsers, and numbers in people's words. No locale, no allocation.
 */
#ifndef MEMCAGE_BASE_TEXT_H
#define MEMCAGE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Enough for any text below. */
#define TEXT_NUMBER_SIZE 32

/* All parsers take the whole string, refuse signs, blanks and trailing text, return 0, -EINVAL
 * (not of the form) or -ERANGE (too large), and write only on success. */

/* Decimal digits. */
int parse_number(const char *text, uint64_t *ret_number);

/* "64M", "1.5G", "4096", "10KiB", "max" (UINT64_MAX). Powers of 1024. */
int parse_size(const char *text, uint64_t *ret_bytes);

/* "500ms", "5s", "2m", "1.5h", "3" (seconds). "off" is not a duration. */
int parse_duration(const char *text, uint64_t *ret_ms);

/* "256 MiB", "1.5 GiB", "512 bytes": one decimal below 100 of a unit, none for whole numbers. */
const char *format_size(uint64_t bytes, char buffer[static TEXT_NUMBER_SIZE]);

/* "0.4 s", "12 ms", "2 min 5 s". */
const char *format_duration(uint64_t ms, char buffer[static TEXT_NUMBER_SIZE]);

/* The word of candidates (NULL-terminated) nearest to word, or NULL where none is near. */
const char *nearest_word(const char *word, const char *const *candidates);

/* The last path component: "/usr/bin/python3" gives "python3". Points into path. */
const char *base_name(const char *path);

/* Copies text, cut to size - 1 bytes; always ends with NUL. */
void text_copy(char *to, size_t size, const char *text);

/* snprintf(3) where what does not fit may be cut. */
void text_format(char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Replaces what would break a line or a terminal (control characters) by '?'. */
void text_to_one_line(char *text);

/* The value of a line "key N" in a flat-keyed text such as memory.events; false where it is not
 * there, is no number, or was cut (a line without its newline). */
bool keyed_value(const char *text, const char *key, uint64_t *ret_value);

#endif
