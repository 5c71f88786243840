/* SPDX-License-Identifier: MIT */
#include "witness/printable.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The lead bytes of UTF-8: how many bytes follow, and the smallest code point that needs them all.
 */
static const struct lead {
	uint8_t mask, value;
	uint8_t following;
	uint32_t smallest;
} leads[] = {
	{ 0x80, 0x00, 0, 0 },
	{ 0xe0, 0xc0, 1, 0x80 },
	{ 0xf0, 0xe0, 2, 0x800 },
	{ 0xf8, 0xf0, 3, 0x10000 },
};

static bool is_printable(uint32_t point)
{
	if (point < 0x20 || (point >= 0x7f && point < 0xa0))
		return false;
	return (point < 0xd800 || point > 0xdfff) && point <= 0x10ffff;
}

/* The bytes of the printable character that text starts with, or 0 where there is none. */
static size_t character_length(const uint8_t *text, size_t length)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(*leads); i++) {
		const struct lead *lead = &leads[i];
		uint32_t point = text[0] & (uint8_t)~lead->mask;

		if ((text[0] & lead->mask) != lead->value)
			continue;
		if (length <= lead->following)
			return 0;
		for (size_t j = 1; j <= lead->following; j++) {
			if ((text[j] & 0xc0) != 0x80)
				return 0;
			point = point << 6 | (text[j] & 0x3f);
		}
		return point >= lead->smallest && is_printable(point) ? lead->following + 1u : 0;
	}
	return 0;
}

size_t printable_copy(char *to, size_t size, const char *text, size_t length)
{
	size_t stored = 0;

	for (size_t at = 0; at < length;) {
		size_t bytes = character_length((const uint8_t *)text + at, length - at);

		if (stored + (bytes > 0 ? bytes : 1) >= size)
			break;
		if (bytes > 0) {
			memcpy(to + stored, text + at, bytes);
		} else {
			to[stored] = '?';
			bytes = 1;
		}
		stored += bytes;
		at += bytes;
	}
	to[stored] = '\0';
	return stored;
}
