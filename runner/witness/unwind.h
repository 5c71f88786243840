/* SPDX-License-Identifier: MIT
 *
 * unwind.h - unwinding a snapshot, and names and lines of addresses, with libdw. Reads what the
 * workload wrote and the files that it ran: to be called in a process that may come to grief.
 */
#ifndef MEMCAGE_WITNESS_UNWIND_H
#define MEMCAGE_WITNESS_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "witness/backtrace.h"
#include "witness/modules.h"

/* One unwinding at a time. The modules are borrowed. */
struct unwinder {
	const struct libdw *libdw;
	struct Dwfl *dwfl;
	const struct page_snapshot *snapshot;
	struct module *modules;
	size_t module_count;
	uint64_t calls[BACKTRACE_FRAMES]; /* addresses inside the calls, innermost first */
	size_t call_count;
	bool reached_caller;                                      /* of the library */
	bool stack_ended;                                         /* what was kept of it */
	char *(*demangle)(const char *, char *, size_t *, int *); /* or NULL */
};

/* Loads libdw and opens the files of the modules that the stack may have return addresses into, and
 * their debug files by build id. Returns 0, or -errno with *ret_why, a static text. From then on no
 * file is opened. */
int unwind_begin(struct unwinder *unwinder, const struct page_snapshot *snapshot,
	struct module *modules, size_t module_count, const char **ret_why);

/* Fills calls, from the caller of the interposed function outwards. */
void unwind_calls(struct unwinder *unwinder);

/* Tells of one call: frames of what was inlined first, the function itself last. */
void unwind_describe(struct unwinder *unwinder, uint64_t call,
	void (*tell)(void *data, const struct backtrace_frame *frame, bool is_last), void *data);

#endif
