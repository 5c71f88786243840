/* SPDX-License-Identifier: MIT
 *
 * runtime_failure.h - that a language runtime found no memory, as seen inside it: plain data.
 */
#ifndef MEMCAGE_WITNESS_RUNTIME_FAILURE_H
#define MEMCAGE_WITNESS_RUNTIME_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

/* One process in which a runtime failed. */
struct runtime_failure {
	int pid;              /* as we see it */
	uint64_t hits;        /* how often it came to its out-of-memory function */
	char runtime[16];     /* of the last hit, as in signature.h; and so below */
	char text[96];        /* in the runtime's words: "Java heap space"; "" not known */
	char command[64];     /* comm; "" not known */
	bool is_thread;       /* it was gone before its process could be known: pid is its own */
	bool is_heap_cap;     /* the runtime's own limit, not the system's refusal */
	uint64_t boottime_us; /* when we learned of it, CLOCK_BOOTTIME */
};

#endif
