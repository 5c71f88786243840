/* SPDX-License-Identifier: MIT
 *
 * trace_task.h - the threads and processes that the tracer holds.
 */
#ifndef MEMCAGE_WITNESS_TRACE_TASK_H
#define MEMCAGE_WITNESS_TRACE_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "witness/call_tally.h"
#include "witness/injection.h"

struct trace_process {
	pid_t pid;
	uint64_t heap_end;  /* 0: not seen yet */
	bool has_library;   /* the preloaded witness is in it; once seen, until exec */
	uint32_t looked;    /* how often that was looked for in vain */
	uint32_t explained; /* refusals whose cause was looked for */
	uint32_t rules;     /* of the plan of --fail-alloc: those for this program */
	struct injection_count count;
	uint32_t references; /* threads that we know of */
};

struct trace_task {
	pid_t tid;
	struct trace_process *process;
	bool in_call;   /* stopped at its begin, and not yet at its end */
	bool denied;    /* that call: refused by us, not by the kernel */
	bool injected;  /* and on purpose */
	uint32_t looks; /* second ones at one call */
	struct memory_call call;
	struct call_thread thread;
	struct trace_task *next;
};

/* Finds it, or makes it; *ret_new_process: a process not seen before. NULL without memory. */
struct trace_task *trace_task_get(pid_t tid, bool *ret_new_process);

/* It has ended, or never was. */
void trace_task_remove(pid_t tid);

#endif
