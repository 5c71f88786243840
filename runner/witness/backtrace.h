/* SPDX-License-Identifier: MIT
 *
 * backtrace.h - by which calls a refused request came about: from the registers, the stack and the
 * list of mappings that the preloaded witness kept (struct page_snapshot), after everything ended.
 *
 * All of that is the workload's statement about itself, and so are its files. A child process does
 * the work, loads libdw for it, and has a second of processor time, little memory and, once the
 * mapped files are open, no way to open any other; a run without refusals has no such child.
 */
#ifndef MEMCAGE_WITNESS_BACKTRACE_H
#define MEMCAGE_WITNESS_BACKTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "witness/preload/page.h"

#define BACKTRACE_FRAMES 24

/* One call, or one that was inlined into the next. Texts are fit for terminals; "": not known. */
struct backtrace_frame {
	char module[256]; /* the file */
	bool offset_known;
	uint64_t offset; /* inside the call instruction, in the file's own terms: as addr2line takes
			    it */
	char function[128];
	char source[256]; /* "dir/file.c:12" */
};

struct backtrace {
	size_t count; /* innermost first */
	struct backtrace_frame frames[BACKTRACE_FRAMES];
	char note[96]; /* why there may be more to know; "": there is not */
};

/* Reads the snapshot from the file and fills *ret_backtrace. Returns 0, -ENOENT where there is no
 * snapshot of that sequence, or another -errno; then there are no frames. Takes no longer than
 * three seconds. */
int backtrace_find(int page_file, size_t index, uint64_t sequence, struct backtrace *ret_backtrace);

/* The same from a snapshot that is in memory already; it is used up. Its caller is where the thread
 * was, when it was stopped from outside. */
int backtrace_of(struct page_snapshot *snapshot, struct backtrace *ret_backtrace);

/* Whether the file is one of the system's libraries, by its place. */
bool backtrace_is_system_module(const char *path);

/* The line of the program itself that asked: of the innermost frame that is known by line, belongs
 * to no compiler's or system's headers and is no common wrapper such as xmalloc(). "" where there
 * is none. */
const char *backtrace_source_line(const struct backtrace *backtrace);

#endif
