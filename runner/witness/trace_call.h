/* SPDX-License-Identifier: MIT
 *
 * trace_call.h - what one traced system call says about memory: asked for how much, and granted or
 * not. Pure.
 */
#ifndef MEMCAGE_WITNESS_TRACE_CALL_H
#define MEMCAGE_WITNESS_TRACE_CALL_H

#include <stdint.h>

/* The number that the filter hands to the tracer, so that it need not know call numbers. */
enum trace_function {
	TRACE_MMAP = 1,
	TRACE_MREMAP,
	TRACE_MPROTECT,
	TRACE_BRK,
};

struct trace_call {
	enum trace_function function;
	uint64_t arguments[4];
};

enum trace_outcome {
	OUTCOME_NEITHER, /* not about memory for the program */
	OUTCOME_GRANTED, /* writable memory */
	OUTCOME_REFUSED,
	OUTCOME_SOFT, /* a refused reservation: allocators only try for those */
};

struct trace_attempt {
	enum trace_outcome outcome;
	uint64_t size; /* bytes asked for; 0 where it cannot be known */
};

/* result as the call returned it. *heap_end is the end of the process's heap as last seen, 0 before
 * that; a brk changes it. */
struct trace_attempt trace_call_attempt(
	const struct trace_call *call, int64_t result, uint64_t *heap_end);

/* "mmap", ...; never NULL. */
const char *trace_function_name(enum trace_function function);

#endif
