/* SPDX-License-Identifier: MIT
 *
 * trace_inject.h - --fail-alloc at the kernel's door, for programs that the preloaded witness does
 * not get into: here the requests are the system calls that ask for private writable memory. Their
 * C library asks again in other ways when it is refused one.
 */
#ifndef MEMCAGE_WITNESS_TRACE_INJECT_H
#define MEMCAGE_WITNESS_TRACE_INJECT_H

#include <stdbool.h>

#include "witness/trace_loop.h"
#include "witness/trace_task.h"

/* The process has executed a program: which rules are for it. */
void trace_inject_begin(const struct trace_page *page, struct trace_process *process);

/* At the begin of the task's call: counts it, and refuses it where the plan says so. brk, which
 * never fails, is answered with the end of the heap as it is. */
bool trace_inject_call(struct trace_page *page, struct trace_task *task);

#endif
