/* SPDX-License-Identifier: MIT
 *
 * wide_library.c - a shared library with 64 MiB of variables: below that much memory a program that
 * needs it cannot be loaded.
 */
#include "wide_library.h"

static char wide[64 << 20];

char *wide_place(size_t at)
{
	return &wide[at % sizeof(wide)];
}
