/* SPDX-License-Identifier: MIT
 *
 * bytes.h - the few pieces of a C library that the witness needs: it has none of its own, and must
 * run beside any.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_BYTES_H
#define MEMCAGE_WITNESS_PRELOAD_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool bytes_equal(const char *a, const char *b);
bool bytes_start(const char *text, const char *prefix);

/* Copies text, cut to size - 1 bytes, and ends it with NUL. */
void bytes_copy(char *to, size_t size, const char *text, size_t length);

/* A small file from its start, ended with NUL; returns its length, or -1. */
long bytes_read_file(const char *path, char *buffer, size_t size);

/* The first decimal number behind key in text; UINT64_MAX where there is none. */
uint64_t bytes_number_after(const char *text, const char *key);

#endif
