/* SPDX-License-Identifier: MIT */
#include "base/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 4, 0))) static int fill(struct memcage_failure *failure,
	int error_number, bool with_errno, const char *format, va_list arguments)
{
	size_t length = 0;
	int written;

	failure->error_number = error_number;
	written = vsnprintf(failure->detail, sizeof(failure->detail), format, arguments);
	if (written > 0)
		length = (size_t)written < sizeof(failure->detail) ? (size_t)written
								   : sizeof(failure->detail) - 1;
	if (with_errno && error_number != 0)
		(void)snprintf(failure->detail + length, sizeof(failure->detail) - length, ": %s",
			strerrordesc_np(error_number) ? strerrordesc_np(error_number)
						      : "unknown error");
	return error_number != 0 ? -error_number : -EINVAL;
}

int failure_set(struct memcage_failure *failure, int error_number, const char *format, ...)
{
	va_list arguments;
	int result;

	va_start(arguments, format);
	result = fill(failure, error_number, false, format, arguments);
	va_end(arguments);
	return result;
}

int failure_errno(struct memcage_failure *failure, int error_number, const char *format, ...)
{
	va_list arguments;
	int result;

	va_start(arguments, format);
	result = fill(failure, error_number, true, format, arguments);
	va_end(arguments);
	return result;
}
