/* SPDX-License-Identifier: MIT
 *
 * A stream of any bytes, cut in any way: the same answer as in one piece, and the same as from a
 * matcher that looks at every line in the simplest way.
 */
#include "witness/signature.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct signature *match_simply(const char *line, size_t length)
{
	for (size_t i = 0; i < signature_count; i++) {
		const char *start = signatures[i].start != NULL ? signatures[i].start : "";
		const char *holds = signatures[i].holds != NULL ? signatures[i].holds : "";
		size_t skip = strlen(start);

		if (length >= skip && memcmp(line, start, skip) == 0 &&
			memmem(line + skip, length - skip, holds, strlen(holds)) != NULL)
			return &signatures[i];
	}
	return NULL;
}

static const struct signature *first_simply(const char *text, size_t size)
{
	while (size > 0) {
		char line[SIGNATURE_LINE_MAX];
		const char *newline = memchr(text, '\n', size);
		size_t length = newline != NULL ? (size_t)(newline - text) : size;
		size_t kept = length < sizeof(line) ? length : sizeof(line);
		const struct signature *found;

		memcpy(line, text, kept);
		if (kept < sizeof(line))
			line[kept++] = '\n';
		found = match_simply(line, kept);
		if (found != NULL)
			return found;
		text += newline != NULL ? length + 1 : length;
		size -= newline != NULL ? length + 1 : length;
	}
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct signature_matcher whole = { 0 }, pieces = { 0 };
	unsigned int random = size > 0 ? data[0] : 0;

	signature_feed(&whole, text, size);
	signature_end(&whole);
	for (size_t at = 0; at < size;) {
		size_t length;

		random = random * 1103515245u + 12345u;
		length = (random >> 16) % 97;
		if (length > size - at)
			length = size - at;
		signature_feed(&pieces, text + at, length);
		at += length;
	}
	signature_end(&pieces);
	if (whole.first != pieces.first || whole.first != first_simply(text, size) ||
		strcmp(whole.text, pieces.text) != 0)
		abort();
	for (const char *at = whole.text; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			abort();
	return 0;
}
