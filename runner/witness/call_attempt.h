/* SPDX-License-Identifier: MIT
 *
 * call_attempt.h - what one system call says about memory: asked for how much, and granted or
 * not. Pure.
 */
#ifndef MEMCAGE_WITNESS_CALL_ATTEMPT_H
#define MEMCAGE_WITNESS_CALL_ATTEMPT_H

#include <stdint.h>

/* What a call is, whatever its number is on this machine. */
enum memory_function {
	CALL_MMAP = 1,
	CALL_MREMAP,
	CALL_MPROTECT,
	CALL_BRK,
	CALL_MMAP_FIXED, /* only as a way: over a range that is reserved, which no malloc() does */
};

struct memory_call {
	enum memory_function function;
	uint64_t arguments[4];
};

enum call_outcome {
	OUTCOME_NEITHER, /* not about memory for the program */
	OUTCOME_GRANTED, /* writable memory */
	OUTCOME_REFUSED,
	OUTCOME_SOFT, /* a refused reservation: allocators only try for those */
};

struct call_attempt {
	enum call_outcome outcome;
	uint64_t size; /* bytes asked for; 0 where it cannot be known */
	enum memory_function way;
};

/* result as the call returned it. *heap_end is the end of the process's heap as last seen, 0 before
 * that; a brk changes it. */
struct call_attempt call_attempt_of(
	const struct memory_call *call, int64_t result, uint64_t *heap_end);

/* "mmap", ...; never NULL. */
const char *memory_function_name(enum memory_function function);

#endif
