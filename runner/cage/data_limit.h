/* SPDX-License-Identifier: MIT
 *
 * data_limit.h - how an RLIMIT_DATA of --at-limit fail tells whose it is. The kernel counts whole
 * pages, so the bits below a page are free for a mark: whoever reads a limit, inside the process or
 * outside, knows whether memcage set it and how, or whether it is one that the program (or its
 * caller) wants to live under and that must be left alone.
 */
#ifndef MEMCAGE_CAGE_DATA_LIMIT_H
#define MEMCAGE_CAGE_DATA_LIMIT_H

#include <stdint.h>

#define DATA_LIMIT_BITS UINT64_C(0xfff) /* below a page on every machine */
#define DATA_LIMIT_MARK UINT64_C(0x2a0) /* below a KiB, in which shells show limits */

enum data_limit {
	DATA_LIMIT_FOREIGN,  /* not ours */
	DATA_LIMIT_START,    /* what a process starts with */
	DATA_LIMIT_RAISED,   /* more, because the cage had room */
	DATA_LIMIT_SQUEEZED, /* what it had already, because the cage had none */
};

/* bytes rounded down to what the mark leaves free; kind is one of ours. */
static inline uint64_t data_limit_make(uint64_t bytes, enum data_limit kind)
{
	return (bytes & ~DATA_LIMIT_BITS) | DATA_LIMIT_MARK | (uint64_t)kind;
}

static inline enum data_limit data_limit_of(uint64_t bytes)
{
	uint64_t kind = (bytes & DATA_LIMIT_BITS) - DATA_LIMIT_MARK;

	if (bytes == UINT64_MAX || kind < DATA_LIMIT_START || kind > DATA_LIMIT_SQUEEZED)
		return DATA_LIMIT_FOREIGN;
	return (enum data_limit)kind;
}

/* What it comes to without the mark. */
static inline uint64_t data_limit_bytes(uint64_t bytes)
{
	return data_limit_of(bytes) == DATA_LIMIT_FOREIGN ? bytes : bytes & ~DATA_LIMIT_BITS;
}

#endif
