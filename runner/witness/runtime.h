/* SPDX-License-Identifier: MIT
 *
 * runtime.h - the witness inside language runtimes: probes of the kernel on the functions in which
 * they find out that they have no memory. It sees failures that the program catches, those of
 * static programs and of children with another environment, and a runtime's own limit, where no
 * allocation fails at all.
 *
 *     runtime_table.c   the functions
 *     elf_functions.c   where they are in a file
 *     runtime_failure.h what is seen
 *     runtime_images.c  which files get probes, before the start and while programs come
 *     runtime_line.c    a line of what the kernel tells
 *     runtime.c         this interface
 *
 * A probe costs nothing until it is hit, but acts in every process that has the file mapped: only
 * hits of the run's processes are told (the kernel follows the forks of the thread that started the
 * command). A program can call those functions itself: what is seen is its word about itself.
 */
#ifndef MEMCAGE_WITNESS_RUNTIME_H
#define MEMCAGE_WITNESS_RUNTIME_H

#include <stdint.h>

#include "base/tracing.h"
#include "watch/processes.h"
#include "witness/runtime_failure.h"
#include "witness/runtime_images.h"
#include "witness/runtime_line.h"

#define RUNTIME_PROCESSES_MAX 32
#define RUNTIME_LINE_MAX 1024

struct runtime_witness {
	struct tracing tracing;
	int pipe; /* to be waited for; -1: not watching */
	struct runtime_images images;
	size_t line_length; /* of a line that has not ended yet */
	char line[RUNTIME_LINE_MAX];
	bool lost;     /* some events are missing */
	uint64_t hits; /* of all processes */
	size_t failure_count;
	struct runtime_failure failures[RUNTIME_PROCESSES_MAX]; /* in the order of their last hit */
};

#define RUNTIME_NONE ((struct runtime_witness){ .tracing = TRACING_NONE, .pipe = -1 })

/* Whether this process could do it. Returns 0, or -errno with cause and remedy. */
int runtime_possible(struct memcage_failure *reterr_failure);

/* Makes the instance, and plants probes where the runtimes that this host is known to have are.
 * What this thread forks from now on is watched, and so are their descendants. Returns 0 or -errno
 * with cause and remedy. */
int runtime_open(struct runtime_witness *ret_witness, const struct memcage_spec *spec,
	struct memcage_failure *reterr_failure);

/* The command was started by this thread, or could not be: what it forks from now on is not of the
 * run. */
void runtime_started(struct runtime_witness *witness);

/* Reads what has come, and plants probes in programs that were executed. */
void runtime_read(struct runtime_witness *witness);

/* Plants probes in runtimes' libraries that these processes have mapped. */
void runtime_look_at(struct runtime_witness *witness, const struct processes *processes);

/* Removes probes and instance; takes some ten ms. */
void runtime_close(struct runtime_witness *witness);

#endif
