/* SPDX-License-Identifier: MIT */
#include "witness/span.h"

#include <string.h>

bool span_take_prefix(struct span *text, const char *prefix)
{
	size_t length = strlen(prefix);

	if (text->length < length || memcmp(text->at, prefix, length) != 0)
		return false;
	text->at += length;
	text->length -= length;
	return true;
}

bool span_take_number(struct span *text, uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t digits = 0;

	for (; digits < text->length && text->at[digits] >= '0' && text->at[digits] <= '9';
		digits++)
		if (__builtin_mul_overflow(number, 10u, &number) ||
			__builtin_add_overflow(number, (uint64_t)(text->at[digits] - '0'), &number))
			return false;
	if (digits == 0)
		return false;
	text->at += digits;
	text->length -= digits;
	*ret_number = number;
	return true;
}

const char *span_find_first(struct span text, const char *needle)
{
	return memmem(text.at, text.length, needle, strlen(needle));
}

const char *span_find_last(struct span text, const char *needle)
{
	size_t length = strlen(needle);

	for (size_t at = text.length; at >= length; at--)
		if (memcmp(text.at + at - length, needle, length) == 0)
			return text.at + at - length;
	return NULL;
}

struct span span_from(struct span text, const char *here)
{
	return (struct span){ here, text.length - (size_t)(here - text.at) };
}

struct span span_between(const char *begin, const char *end)
{
	return (struct span){ begin, (size_t)(end - begin) };
}
