/* SPDX-License-Identifier: MIT */
#include "witness/signature.h"

#include <stdint.h>
#include <string.h>

#include "witness/printable.h"

#define KEY_SIZE 4
#define BLOCK 64

/* Whether a key starts in the BLOCK bytes at data; BLOCK + KEY_SIZE - 1 bytes are read. No branch
 * inside, so that compilers make vector code of it. */
static bool block_holds_key(const char *data)
{
	unsigned char hit = 0;

	for (const char *const *key = signature_keys; *key != NULL; key++) {
		const char a = (*key)[0], b = (*key)[1], c = (*key)[2], d = (*key)[3];

		for (size_t i = 0; i < BLOCK; i++)
			hit |= (unsigned char)((data[i] == a) & (data[i + 1] == b) &
					       (data[i + 2] == c) & (data[i + 3] == d));
	}
	return hit != 0;
}

static bool is_key(const char *at)
{
	for (const char *const *key = signature_keys; *key != NULL; key++)
		if (memcmp(at, *key, KEY_SIZE) == 0)
			return true;
	return false;
}

/* The first place at or behind data where a key begins, or NULL. */
static const char *find_key(const char *data, size_t size)
{
	size_t at = 0;

	while (at + KEY_SIZE <= size) {
		size_t end = size - KEY_SIZE + 1;

		if (size - at >= BLOCK + KEY_SIZE - 1) {
			end = at + BLOCK;
			if (!block_holds_key(data + at)) {
				at = end;
				continue;
			}
		}
		for (; at < end; at++)
			if (is_key(data + at))
				return data + at;
	}
	return NULL;
}

/* length > 0 */
static bool line_matches(const struct signature *signature, const char *line, size_t length)
{
	if (signature->start != NULL) {
		size_t start;

		if (line[0] != signature->start[0])
			return false;
		start = strlen(signature->start);
		if (length < start || memcmp(line, signature->start, start) != 0)
			return false;
		line += start;
		length -= start;
	}
	return signature->holds == NULL ||
	       memmem(line, length, signature->holds, strlen(signature->holds)) != NULL;
}

/* length counts the newline. */
static void match_line(struct signature_matcher *matcher, const char *line, size_t length)
{
	if (length > SIGNATURE_LINE_MAX)
		length = SIGNATURE_LINE_MAX;
	if (find_key(line, length) == NULL)
		return;
	for (size_t i = 0; i < signature_count && matcher->first == NULL; i++)
		if (line_matches(&signatures[i], line, length))
			matcher->first = &signatures[i];
	if (matcher->first == NULL)
		return;
	if (line[length - 1] == '\n')
		length--;
	(void)printable_copy(matcher->text, sizeof(matcher->text), line, length);
}

/* Adds to the line that an earlier feed began; what is beyond the first bytes is not kept. */
static void keep_line(struct signature_matcher *matcher, const char *data, size_t size)
{
	size_t room = sizeof(matcher->line) - matcher->length;

	if (size > room)
		size = room;
	memcpy(matcher->line + matcher->length, data, size);
	matcher->length += size;
}

/* Whole lines only: data ends with a newline. */
static void match_lines(struct signature_matcher *matcher, const char *data, size_t size)
{
	const char *end = data + size, *key;

	while (matcher->first == NULL && (key = find_key(data, (size_t)(end - data))) != NULL) {
		const char *before = memrchr(data, '\n', (size_t)(key - data));
		const char *newline = memchr(key, '\n', (size_t)(end - key));

		if (before != NULL)
			data = before + 1;
		match_line(matcher, data, (size_t)(newline + 1 - data));
		data = newline + 1;
	}
}

void signature_feed(struct signature_matcher *matcher, const char *data, size_t size)
{
	const char *newline;

	if (matcher->first != NULL || size == 0)
		return;
	if (matcher->length > 0) {
		size_t length;

		newline = memchr(data, '\n', size);
		length = newline != NULL ? (size_t)(newline + 1 - data) : size;
		keep_line(matcher, data, length);
		if (newline == NULL)
			return;
		match_line(matcher, matcher->line, matcher->length);
		matcher->length = 0;
		data += length;
		size -= length;
	}
	newline = memrchr(data, '\n', size);
	if (newline != NULL) {
		size_t lines = (size_t)(newline + 1 - data);

		match_lines(matcher, data, lines);
		data += lines;
		size -= lines;
	}
	keep_line(matcher, data, size);
}

void signature_end(struct signature_matcher *matcher)
{
	if (matcher->first != NULL || matcher->length == 0)
		return;
	keep_line(matcher, "\n", 1);
	match_line(matcher, matcher->line, matcher->length);
	matcher->length = 0;
}

/* Whether a 0-terminated or full list has the number. */
static bool is_listed(const int *list, size_t size, int number)
{
	for (size_t i = 0; i < size && list[i] != 0; i++)
		if (list[i] == number)
			return true;
	return false;
}

bool signature_image_fits(const struct signature *signature, const char *name)
{
	const char *image = signature->images;

	while (image != NULL && *image != '\0') {
		size_t length = strcspn(image, " ");

		if (strncmp(name, image, length) == 0 &&
			name[length + strspn(name + length, "0123456789.")] == '\0')
			return true;
		image += length + strspn(image + length, " ");
	}
	return false;
}

bool signature_status_matches(const struct signature *signature, bool signaled, int status)
{
	if (signaled)
		return is_listed(signature->signals,
			sizeof(signature->signals) / sizeof(*signature->signals), status);
	return is_listed(signature->exit_codes,
		sizeof(signature->exit_codes) / sizeof(*signature->exit_codes), status);
}

bool signature_runtime_ends(const char *runtime, bool signaled, int status)
{
	for (size_t i = 0; i < signature_count; i++)
		if (strcmp(signatures[i].runtime, runtime) == 0 &&
			signature_status_matches(&signatures[i], signaled, status))
			return true;
	return false;
}
