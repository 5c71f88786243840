/* SPDX-License-Identifier: MIT */
#include "report/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
#define REPLACEMENT_LENGTH (sizeof(replacement) - 1)

/* Well-formed sequences: the range of the first byte, the length, the range of the second byte.
 * All others are 80..BF. */
static const struct sequence {
	unsigned char first_low, first_high;
	unsigned char length;
	unsigned char second_low, second_high;
} sequences[] = {
	{ 0x00, 0x7f, 1, 0, 0 }, { 0xc2, 0xdf, 2, 0x80, 0xbf }, { 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf }, { 0xed, 0xed, 3, 0x80, 0x9f }, /* no surrogates */
	{ 0xee, 0xef, 3, 0x80, 0xbf }, { 0xf0, 0xf0, 4, 0x90, 0xbf }, { 0xf1, 0xf3, 4, 0x80, 0xbf },
	{ 0xf4, 0xf4, 4, 0x80, 0x8f }, /* up to U+10FFFF */
};

/* The length of the well-formed sequence at bytes, or 0. */
static size_t sequence_length(const unsigned char *bytes, size_t left)
{
	const struct sequence *sequence = sequences;
	const struct sequence *end = sequences + sizeof(sequences) / sizeof(*sequences);

	while (sequence < end && (*bytes < sequence->first_low || *bytes > sequence->first_high))
		sequence++;
	if (sequence == end || sequence->length > left)
		return 0;
	if (sequence->length > 1 &&
		(bytes[1] < sequence->second_low || bytes[1] > sequence->second_high))
		return 0;
	for (size_t i = 2; i < sequence->length; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	return sequence->length;
}

json_t *utf8_json(const char *bytes, size_t size)
{
	char *text = size < SIZE_MAX / REPLACEMENT_LENGTH ? malloc(size * REPLACEMENT_LENGTH + 1)
							  : NULL;
	size_t length = 0;
	json_t *json;

	if (text == NULL)
		return NULL;
	for (size_t at = 0; at < size;) {
		size_t step = sequence_length((const unsigned char *)bytes + at, size - at);

		if (step == 0 || bytes[at] == '\0') {
			memcpy(text + length, replacement, REPLACEMENT_LENGTH);
			length += REPLACEMENT_LENGTH;
			at++;
		} else {
			memcpy(text + length, bytes + at, step);
			length += step;
			at += step;
		}
	}
	json = json_stringn(text, length);
	free(text);
	return json;
}

/* Characters that change what a terminal does or how the rest of the line is read. */
static const struct {
	uint32_t low, high;
} harmful[] = {
	{ 0x0000, 0x001f }, /* control characters */
	{ 0x007f, 0x009f }, /* and the second set of them */
	{ 0x200e, 0x200f }, /* direction marks */
	{ 0x2028, 0x202e }, /* line and paragraph separators, direction embeddings and overrides */
	{ 0x2066, 0x2069 }, /* direction isolates */
};

static bool is_harmful(uint32_t character)
{
	for (size_t i = 0; i < sizeof(harmful) / sizeof(*harmful); i++)
		if (character >= harmful[i].low && character <= harmful[i].high)
			return true;
	return false;
}

size_t utf8_character(const char *text, bool *ret_harmless)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t length = sequence_length(bytes, strnlen(text, 4));
	uint32_t character;

	if (length == 0) {
		*ret_harmless = false;
		return 1;
	}
	/* the first byte of a sequence of n > 1 bytes holds 7 - n bits of the character */
	character = length == 1 ? *bytes : *bytes & (0x7fu >> length);
	for (size_t i = 1; i < length; i++)
		character = character << 6 | (bytes[i] & 0x3fu);
	*ret_harmless = !is_harmful(character);
	return length;
}
