/* SPDX-License-Identifier: MIT
 *
 * trace_loop.h - the tracer process, and what it shares with the supervisor.
 */
#ifndef MEMCAGE_WITNESS_TRACE_LOOP_H
#define MEMCAGE_WITNESS_TRACE_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "witness/call_tally.h"
#include "witness/injection.h"
#include "witness/room.h"

/* Shared memory of the supervisor, the tracer, and the child until it executes the command: the
 * workload never has it. */
struct trace_page {
	/* before the start */
	char library_page[64];
	struct room room;
	struct injection_plan injection;

	/* news */
	int32_t loaded;     /* by the child: 1, or -errno; 0: it did not get there */
	int32_t blind;      /* errno of looking into a stopped call, 0 as long as that works */
	bool main_executed; /* the command was executed under the filter */
	uint32_t processes; /* different ones, the main process included */
	struct call_tally tally;
	uint64_t injected; /* refused on purpose */
	uint32_t counted_processes;
	struct request_count counted[REFUSAL_PROCESSES_MAX];
};

/* Takes hold of the child that tells its pid on the socket, follows it and all that come from it,
 * and exits when the last has ended. */
_Noreturn void trace_loop(struct trace_page *page, int socket_fd);

#endif
