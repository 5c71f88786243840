/* SPDX-License-Identifier: MIT
 *
 * The small parsers, with any text: what they accept means what it says, what they refuse leaves no
 * trace. The first line of the input is the text; the rest is a flat-keyed file.
 */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNTOUCHED UINT64_C(0x5eed)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_result(int result, uint64_t value)
{
	if (result != 0 && result != -EINVAL && result != -ERANGE)
		abort();
	if (result != 0 && value != UNTOUCHED)
		abort();
}

static void check_parsers(const char *text)
{
	uint64_t number = UNTOUCHED, size = UNTOUCHED, duration = UNTOUCHED;
	int result = parse_number(text, &number);
	char again[32];

	check_result(result, number);
	if (result == 0) {
		(void)snprintf(again, sizeof(again), "%" PRIu64, number);
		while (*text == '0' && text[1] != '\0')
			text++;
		if (strcmp(again, text) != 0)
			abort();
	}
	result = parse_size(text, &size);
	check_result(result, size);
	if (result == 0 && strcmp(text, "max") != 0 && !isdigit((unsigned char)*text))
		abort();
	if (number != UNTOUCHED && result == 0 && size != number) /* a plain number is bytes */
		abort();
	result = parse_duration(text, &duration);
	check_result(result, duration);
	if (result == 0 && !isdigit((unsigned char)*text))
		abort();
}

static void check_formats(uint64_t value)
{
	char text[TEXT_NUMBER_SIZE];

	if (strlen(format_size(value, text)) + 1 > sizeof(text) || strncmp(text, "1024 ", 5) == 0)
		abort();
	if (strlen(format_duration(value, text)) + 1 > sizeof(text))
		abort();
}

/* The same as looking at every line. */
static void check_keyed(const char *text, const char *key)
{
	uint64_t value = UNTOUCHED, expected = UNTOUCHED;
	bool found = keyed_value(text, key, &value);
	size_t length = strlen(key);

	for (const char *line = text; *line != '\0';
		line += strcspn(line, "\n"), line += *line == '\n') {
		size_t end = strcspn(line, "\n");
		char digits[64];

		if (strncmp(line, key, length) != 0 || line[length] != ' ' || length >= end)
			continue;
		if (line[end] == '\n' && end - length - 1 < sizeof(digits)) {
			memcpy(digits, line + length + 1, end - length - 1);
			digits[end - length - 1] = '\0';
			(void)parse_number(digits, &expected);
		} else if (found) {
			return; /* more digits than fit: leading zeros */
		}
		break;
	}
	if (value != expected || found != (expected != UNTOUCHED))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const words[] = { "memory", "memory-high", "swap", "oom_kill", NULL };
	char *text = strndup((const char *)data, size), *rest, copy[16];
	uint64_t value = 0;

	if (text == NULL)
		return 0;
	rest = strchr(text, '\n');
	if (rest != NULL)
		*rest++ = '\0';
	memcpy(&value, data, size < sizeof(value) ? size : sizeof(value));
	check_parsers(text);
	check_formats(value);
	for (size_t i = 0; rest != NULL && words[i] != NULL; i++)
		check_keyed(rest, words[i]);
	if (rest != NULL && *text != '\0' && strchr(text, ' ') == NULL)
		check_keyed(rest, text);
	(void)nearest_word(text, words);
	if (strstr(text, base_name(text)) == NULL)
		abort();
	text_copy(copy, sizeof(copy), text);
	if (strncmp(copy, text, strlen(copy)) != 0)
		abort();
	free(text);
	return 0;
}
