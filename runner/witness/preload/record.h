/* SPDX-License-Identifier: MIT
 *
 * record.h - what the interposed functions tell: a refusal, and a grant that may settle one.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_RECORD_H
#define MEMCAGE_WITNESS_PRELOAD_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "witness/preload/page.h"

#define RECORD_PENDING 4

/* A refusal of this thread that its next attempt of that size may still settle. */
struct pending {
	uint64_t size;
	uint64_t sequence;
	uint32_t cause;
	int32_t record; /* index, or -1 */
	int32_t pid;
};

struct thread_state {
	const char *inside; /* the stack where an interposed function was entered; NULL: none */
	bool busy;          /* telling a refusal: what happens meanwhile is our own doing */
	uint32_t pending_count;
	struct pending pending[RECORD_PENDING];
};

extern _Thread_local struct thread_state record_thread __attribute__((tls_model("initial-exec")));

/* Grants of less than this need no attention. */
extern uint64_t record_watch;

/* errno is kept by all of these. */
void record_refused(enum page_function function, uint64_t size);
void record_injected(enum page_function function, uint64_t size); /* once attached */
void record_overflow(enum page_function function);
void record_soft(void);
void record_granted(uint64_t size);

#endif
