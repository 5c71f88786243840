/* SPDX-License-Identifier: MIT
 *
 * span.h - a part of a line, and taking it to pieces. It need not end with NUL and may hold any
 * byte.
 */
#ifndef MEMCAGE_WITNESS_SPAN_H
#define MEMCAGE_WITNESS_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *at;
	size_t length;
};

/* If text starts so, moves text behind it. Otherwise text stays as it is. */
bool span_take_prefix(struct span *text, const char *prefix);
bool span_take_number(struct span *text, uint64_t *ret_number);

/* NULL where there is none. */
const char *span_find_first(struct span text, const char *needle);
const char *span_find_last(struct span text, const char *needle);

/* Everything from here to the end of text. */
struct span span_from(struct span text, const char *here);
struct span span_between(const char *begin, const char *end);

#endif
