/* SPDX-License-Identifier: MIT
 *
 * builtins.c - what compilers call by themselves. Hidden: the program's own stay its own.
 */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	char *target = to;
	const char *source = from;

	while (size-- > 0)
		*target++ = *source++;
	return to;
}

void *memset(void *to, int value, size_t size)
{
	char *target = to;

	while (size-- > 0)
		*target++ = (char)value;
	return to;
}
