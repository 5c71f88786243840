/* SPDX-License-Identifier: MIT
 *
 * counter.h - a number that may not be known. Unknown is never zero.
 */
#ifndef MEMCAGE_BASE_COUNTER_H
#define MEMCAGE_BASE_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

struct counter {
	bool known;
	uint64_t value;
};

static inline struct counter counter_of(uint64_t value)
{
	return (struct counter){ .known = true, .value = value };
}

/* Known to be greater than zero. */
static inline bool counter_some(struct counter counter)
{
	return counter.known && counter.value > 0;
}

/* Known to be zero. */
static inline bool counter_none(struct counter counter)
{
	return counter.known && counter.value == 0;
}

/* after - before; unknown unless both are known. A counter that went back (a group made anew under
 * the same name) is unknown too. */
static inline struct counter counter_rise(struct counter before, struct counter after)
{
	if (!before.known || !after.known || after.value < before.value)
		return (struct counter){ 0 };
	return counter_of(after.value - before.value);
}

#endif
