/* SPDX-License-Identifier: MIT */
#include "spec/json_place.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* Behind the string whose first quote is at. */
static const char *skip_string(const char *at)
{
	for (at++; *at != '"' && *at != '\0'; at++)
		if (*at == '\\' && at[1] != '\0')
			at++;
	return *at == '"' ? at + 1 : at;
}

/* Behind the value that begins at. */
static const char *skip_value(const char *at)
{
	size_t depth = 0;

	do {
		at = skip_blanks(at);
		if (*at == '"') {
			at = skip_string(at);
		} else if (*at == '{' || *at == '[') {
			depth++;
			at++;
		} else if (*at == '}' || *at == ']') {
			depth--;
			at++;
		} else if (*at == ',' || *at == ':') {
			at++;
		} else {
			at += strcspn(at, " \t\r\n,:{}[]\"");
		}
	} while (depth > 0 && *at != '\0');
	return at;
}

/* The member or item of the value at that a path's first word names; NULL where there is none. */
static const char *step(const char *at, const char *word, size_t length)
{
	bool is_object = *at == '{';
	uint64_t wanted = 0, index = 0;
	char number[24];

	if ((!is_object && *at != '[') || length >= sizeof(number))
		return NULL;
	memcpy(number, word, length);
	number[length] = '\0';
	if (!is_object && parse_number(number, &wanted) < 0)
		return NULL;
	for (at = skip_blanks(at + 1); *at != '\0' && *at != '}' && *at != ']'; index++) {
		bool found = index == wanted;

		if (is_object) {
			const char *key = at + 1;

			at = skip_string(at);
			found = (size_t)(at - 1 - key) == length && memcmp(key, word, length) == 0;
			at = skip_blanks(at);
			at = skip_blanks(at + (*at == ':'));
		}
		if (found)
			return at;
		at = skip_blanks(skip_value(at));
		at = skip_blanks(at + (*at == ','));
	}
	return NULL;
}

void json_place(const char *text, const char *path, size_t *ret_line, size_t *ret_column)
{
	const char *place = skip_blanks(text);

	while (*path != '\0') {
		size_t length = strcspn(path, "/");
		const char *next = step(place, path, length);

		if (next == NULL)
			break;
		place = next;
		path += length;
		path += *path == '/';
	}
	*ret_line = *ret_column = 1;
	for (; text < place; text++) {
		if (*text == '\n') {
			++*ret_line;
			*ret_column = 1;
		} else if (((unsigned char)*text & 0xc0) != 0x80) {
			++*ret_column;
		}
	}
}
