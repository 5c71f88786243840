/* SPDX-License-Identifier: MIT */
#ifndef MEMCAGE_TESTS_WIDE_LIBRARY_H
#define MEMCAGE_TESTS_WIDE_LIBRARY_H

#include <stddef.h>

char *wide_place(size_t at);

#endif
