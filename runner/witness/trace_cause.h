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
	char detail[160]; /* the numbers behind it, or "" */
};

/* at_limit_fail_bytes: the RLIMIT_DATA that memcage set itself, UINT64_MAX where it set none. */
struct trace_cause trace_cause_find(int pid, uint64_t request_bytes, uint64_t at_limit_fail_bytes);

#endif
