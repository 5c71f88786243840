/* SPDX-License-Identifier: MIT */
#include "witness/preload/bytes.h"

#include "witness/preload/kernel.h"

bool bytes_equal(const char *a, const char *b)
{
	for (; *a != '\0' && *a == *b; a++, b++)
		;
	return *a == *b;
}

bool bytes_start(const char *text, const char *prefix)
{
	for (; *prefix != '\0' && *text == *prefix; text++, prefix++)
		;
	return *prefix == '\0';
}

void bytes_copy(char *to, size_t size, const char *text, size_t length)
{
	size_t at = 0;

	for (; at < length && at + 1 < size && text[at] != '\0'; at++)
		to[at] = text[at];
	to[at] = '\0';
}

long bytes_read_file(const char *path, char *buffer, size_t size)
{
	int fd = kernel_open(path, O_RDONLY);
	size_t length = 0;

	if (fd < 0)
		return -1;
	while (length + 1 < size) {
		long got = kernel_read(fd, buffer + length, size - 1 - length);

		if (got <= 0)
			break;
		length += (size_t)got;
	}
	kernel_close(fd);
	buffer[length] = '\0';
	return (long)length;
}

uint64_t bytes_number_after(const char *text, const char *key)
{
	uint64_t number = 0;

	while (*text != '\0' && !bytes_start(text, key))
		text++;
	if (*text == '\0' && *key != '\0')
		return UINT64_MAX;
	for (; *key != '\0'; key++)
		text++;
	while (*text == ' ' || *text == '\t')
		text++;
	if (*text < '0' || *text > '9')
		return UINT64_MAX;
	for (; *text >= '0' && *text <= '9'; text++)
		number = number * 10 + (uint64_t)(*text - '0');
	return number;
}
