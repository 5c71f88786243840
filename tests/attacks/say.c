/* SPDX-License-Identifier: MIT
 *
 * say.c - what an attack says of itself.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attacks.h"
#include "base/text.h"

/* In one write: several processes may speak. */
static int say(enum outcome outcome, const char *format, va_list arguments)
{
	char line[300];
	int length = vsnprintf(line, sizeof(line) - 1, format, arguments);

	if (length > (int)sizeof(line) - 2)
		length = (int)sizeof(line) - 2;
	line[length] = '\n';
	(void)!write(STDOUT_FILENO, line, (size_t)length + 1);
	return outcome;
}

#define SAY(outcome)                                                                               \
	va_list arguments;                                                                         \
	int result;                                                                                \
                                                                                                   \
	va_start(arguments, format);                                                               \
	result = say(outcome, format, arguments);                                                  \
	va_end(arguments);                                                                         \
	return result

int worked(const char *format, ...)
{
	SAY(WORKED);
}

int held(const char *format, ...)
{
	SAY(HELD);
}

int not_here(const char *format, ...)
{
	SAY(NOT_HERE);
}

int tried(long result, const char *what)
{
	const char *name;

	if (result >= 0)
		return worked("%s", what);
	name = strerrorname_np(errno);
	return held("%s: %s", what, name != NULL ? name : "an error of no name");
}

long number_of(const char *text)
{
	uint64_t number;

	return parse_number(text, &number) == 0 ? (long)number : -1;
}

void say_ready(void)
{
	(void)!write(STDOUT_FILENO, "ready\n", 6);
}
