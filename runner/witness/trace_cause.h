/* SPDX-License-Identifier: MIT
 *
 * trace_cause.h - why the kernel refused a request of a process that the tracer holds at the end of
 * that call, asked from outside.
 */
#ifndef MEMCAGE_WITNESS_TRACE_CAUSE_H
#define MEMCAGE_WITNESS_TRACE_CAUSE_H

#include "witness/refusals.h"

struct trace_cause {
	enum refusal_cause name;
	uint64_t limit_bytes; /* RLIMIT_DATA, where that was it */
	char detail[160];     /* the numbers behind it, or "" */
};

struct trace_cause trace_cause_find(int pid, uint64_t request_bytes);

#endif
