/* SPDX-License-Identifier: MIT */
#include "commands/commands.h"

#include <stdarg.h>
#include <stdio.h>

int complain(const char *format, ...)
{
	va_list arguments;

	(void)fputs("memcage: ", stderr);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
	return EXIT_STATUS_ERROR;
}
