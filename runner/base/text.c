/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 63 /* longer candidates are near to nothing */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at *text; moves *text behind them. */
static int take_number(const char **text, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!is_digit(**text))
		return -EINVAL;
	for (; is_digit(**text); (*text)++) {
		if (__builtin_mul_overflow(number, 10u, &number) ||
			__builtin_add_overflow(number, (uint64_t)(**text - '0'), &number))
			return -ERANGE;
	}
	*ret_number = number;
	return 0;
}

int parse_number(const char *text, uint64_t *ret_number)
{
	uint64_t number;
	int result = take_number(&text, &number);

	if (result < 0)
		return result;
	if (*text != '\0')
		return -EINVAL;
	*ret_number = number;
	return 0;
}

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = { { "", 1 }, { "B", 1 }, { "K", UINT64_C(1) << 10 },
	{ "KB", UINT64_C(1) << 10 }, { "KiB", UINT64_C(1) << 10 }, { "Ki", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 }, { "MB", UINT64_C(1) << 20 }, { "MiB", UINT64_C(1) << 20 },
	{ "Mi", UINT64_C(1) << 20 }, { "G", UINT64_C(1) << 30 }, { "GB", UINT64_C(1) << 30 },
	{ "GiB", UINT64_C(1) << 30 }, { "Gi", UINT64_C(1) << 30 }, { "T", UINT64_C(1) << 40 },
	{ "TB", UINT64_C(1) << 40 }, { "TiB", UINT64_C(1) << 40 }, { "Ti", UINT64_C(1) << 40 },
	{ NULL, 0 } };

static const struct unit duration_units[] = { { "", 1000 }, { "ms", 1 }, { "s", 1000 },
	{ "sec", 1000 }, { "m", 60000 }, { "min", 60000 }, { "h", 3600000 }, { NULL, 0 } };

static bool same_unit(const char *a, const char *b)
{
	for (; *a != '\0' && (*a | 0x20) == (*b | 0x20); a++, b++)
		;
	return *a == *b;
}

/* NUMBER[.FRACTION]UNIT, in the units of the table. */
static int parse_with_unit(const char *text, const struct unit *units, uint64_t *ret_value)
{
	uint64_t whole, fraction = 0, scale = 1, value;
	int result = take_number(&text, &whole);

	if (result < 0)
		return result;
	if (*text == '.') {
		if (!is_digit(*++text))
			return -EINVAL;
		for (; is_digit(*text); text++) {
			if (scale >= 1000000) /* more digits than any unit resolves */
				continue;
			fraction = fraction * 10 + (uint64_t)(*text - '0');
			scale *= 10;
		}
	}
	for (; units->name != NULL; units++)
		if (same_unit(units->name, text))
			break;
	if (units->name == NULL)
		return -EINVAL;
	if (__builtin_mul_overflow(whole, units->factor, &value) ||
		__builtin_add_overflow(
			value, fraction * units->factor / scale, &value)) /* < 2^60 */
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int parse_size(const char *text, uint64_t *ret_bytes)
{
	if (strcmp(text, "max") == 0) {
		*ret_bytes = UINT64_MAX;
		return 0;
	}
	return parse_with_unit(text, size_units, ret_bytes);
}

int parse_duration(const char *text, uint64_t *ret_ms)
{
	return parse_with_unit(text, duration_units, ret_ms);
}

const char *format_size(uint64_t bytes, char buffer[static TEXT_NUMBER_SIZE])
{
	static const char *const names[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double)bytes;
	size_t unit = 0;

	/* 1023.5 would be shown as 1024 of this unit. */
	while (value >= 1023.5 && unit + 1 < sizeof(names) / sizeof(*names)) {
		value /= 1024;
		unit++;
	}
	if (value >= 99.95 || value == (double)(uint64_t)value)
		(void)snprintf(buffer, TEXT_NUMBER_SIZE, "%.0f %s", value, names[unit]);
	else
		(void)snprintf(buffer, TEXT_NUMBER_SIZE, "%.1f %s", value, names[unit]);
	return buffer;
}

const char *format_duration(uint64_t ms, char buffer[static TEXT_NUMBER_SIZE])
{
	if (ms < 100)
		(void)snprintf(buffer, TEXT_NUMBER_SIZE, "%" PRIu64 " ms", ms);
	else if (ms < 10000)
		(void)snprintf(buffer, TEXT_NUMBER_SIZE, "%.1f s", (double)ms / 1000);
	else if (ms < 120000)
		(void)snprintf(buffer, TEXT_NUMBER_SIZE, "%" PRIu64 " s", ms / 1000);
	else
		(void)snprintf(buffer, TEXT_NUMBER_SIZE, "%" PRIu64 " min %" PRIu64 " s",
			ms / 60000, ms / 1000 % 60);
	return buffer;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits from a to b (insert, delete, replace, exchange two neighbours), for short words. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1], *now = rows[0], *above = rows[1], *twice_above = rows[2];
	size_t length = strlen(b);

	if (length > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= length; j++)
		now[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t *free_row = twice_above;

		twice_above = above;
		above = now;
		now = free_row;
		now[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			now[j + 1] = smaller(
				above[j] + (a[i] != b[j]), smaller(now[j], above[j + 1]) + 1);
			if (i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j])
				now[j + 1] = smaller(now[j + 1], twice_above[j - 1] + 1);
		}
	}
	return now[length];
}

const char *nearest_word(const char *word, const char *const *candidates)
{
	size_t limit = strlen(word) / 3 + 1, best = SIZE_MAX;
	const char *nearest = NULL;

	for (; *candidates != NULL; candidates++) {
		size_t distance = edit_distance(word, *candidates);

		if (distance <= limit && distance < best) {
			best = distance;
			nearest = *candidates;
		}
	}
	return nearest;
}

const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

void text_copy(char *to, size_t size, const char *text)
{
	size_t length = strnlen(text, size - 1);

	memcpy(to, text, length);
	to[length] = '\0';
}

void text_format(char *to, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(to, size, format, arguments);
	va_end(arguments);
}

void text_to_one_line(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

bool keyed_value(const char *text, const char *key, uint64_t *ret_value)
{
	size_t length = strlen(key);

	while (text != NULL && *text != '\0') {
		if (strncmp(text, key, length) == 0 && text[length] == ' ') {
			const char *digits = text + length + 1;
			uint64_t value;

			/* Without its newline the number may have been cut. */
			if (take_number(&digits, &value) < 0 || *digits != '\n')
				return false;
			*ret_value = value;
			return true;
		}
		text = strchr(text, '\n');
		if (text != NULL)
			text++;
	}
	return false;
}
