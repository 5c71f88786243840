/* SPDX-License-Identifier: MIT
 *
 * failure.h - the one way an error travels upwards: set once where it happens, passed on untouched.
 */
#ifndef MEMCAGE_BASE_FAILURE_H
#define MEMCAGE_BASE_FAILURE_H

#include "memcage/memcage.h"

/* Fill *failure and return -error_number (or -EINVAL where error_number is 0), so that a caller can
 * write `return failure_set(...)`. The text is the format; error_number is not appended. */
int failure_set(struct memcage_failure *failure, int error_number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, with ": <strerror>" appended: for a system call on a named object. */
int failure_errno(struct memcage_failure *failure, int error_number, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
