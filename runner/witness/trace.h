/* SPDX-License-Identifier: MIT
 *
 * trace.h - the witness at the kernel's door: a tracer, a process of its own outside the cage, that
 * holds every process of the run and looks at the results of the calls that ask for memory. It sees
 * static programs, Go, children with another environment; not programs for another architecture
 * than ours, and not what a library refuses without asking the kernel.
 *
 *     trace.c         this interface, in the supervisor
 *     trace_filter.c  the filter that stops only at those calls
 *     trace_loop.c    the tracer process
 *     trace_task.c    the threads and processes it holds
 *     trace_registers.c  a stopped call
 *     call_attempt.c  what one call says
 *     call_cause.c    why the kernel refused
 *     trace_inject.c  whether it is refused on purpose
 *     trace_second_look.c  whether it has to stay so under --at-limit fail
 *     call_tally.c    from refused calls to refused allocations
 *
 * Under it programs cannot trace each other (strace, gdb), and where memcage has no CAP_SYS_ADMIN
 * set-user-ID programs do not get their user. If the tracer dies, so does everything that it holds.
 */
#ifndef MEMCAGE_WITNESS_TRACE_H
#define MEMCAGE_WITNESS_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "cage/traced.h"
#include "memcage/memcage.h"
#include "witness/injection.h"
#include "witness/refusals.h"
#include "witness/room.h"

struct trace_page;

/* One run's. Before trace_open() set to TRACE_NONE; must stay where it is while the run goes on. */
struct trace_witness {
	struct trace_page *page;    /* shared with the tracer; NULL: none */
	struct child_tracer tracer; /* for the child (cage/traced.h) */
};

#define TRACE_NONE ((struct trace_witness){ .tracer = { .socket = -1 } })

/* Starts the tracer, which waits for the child. library_page: the file that programs with the
 * preloaded witness have mapped, "" for none. room: of the cage, for second looks. Returns 0 or
 * -errno. */
int trace_open(struct trace_witness *ret_witness, const char *library_page, const struct room *room,
	struct memcage_failure *reterr_failure);

/* Which requests the tracer refuses on purpose, in programs that the preloaded witness does not get
 * into. Before the start. */
void trace_inject(struct trace_witness *witness, const struct injection_plan *plan);

/* The child has been started, or will not be: from now on only it keeps the tracer waiting. */
void trace_started(struct trace_witness *witness);

/* What was seen, once everything has ended; waits for the tracer's end, which is due then.
 * with_library: count the processes with the preloaded witness, too. Returns 0, or -errno when the
 * run was not watched: *ret_refusals is zero then, and *ret_why says why (a static string). */
int trace_collect(struct trace_witness *witness, bool with_library, struct refusals *ret_refusals,
	const char **ret_why);

/* Ends the tracer, and with it what it still holds. */
void trace_close(struct trace_witness *witness);

/* The filter for the child: TRACE_* of call_attempt.h for each call that asks for memory. Returns 0
 * and a program to free(), or -errno. */
int trace_filter_make(struct sock_fprog *ret_filter);

#endif
