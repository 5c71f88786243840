/* SPDX-License-Identifier: MIT
 *
 * log_prefix.h - what stands before the kernel's own words in a log that somebody kept: dmesg in
 * all its forms, /dev/kmsg, journalctl, syslog, and what container runtimes put around them.
 *
 * A program can print any sentence of the kernel's into a journal. What it cannot do is to get it
 * there without its own name before it: so the prefix decides whether a line is believed.
 */
#ifndef MEMCAGE_WITNESS_LOG_PREFIX_H
#define MEMCAGE_WITNESS_LOG_PREFIX_H

#include <stdbool.h>
#include <stddef.h>

#include "witness/span.h"

enum log_origin {
	LOG_UNMARKED,  /* nothing says who wrote it: taken for the kernel's */
	LOG_KERNEL,    /* the prefix says that it is the kernel's */
	LOG_CONTAINER, /* the kernel's, if what a container wrote into its log is true */
	LOG_FOREIGN,   /* the prefix names another writer: not believed */
};

/* One line taken to pieces. Everything points into the line. */
struct log_line {
	enum log_origin origin;
	bool bare;          /* no prefix at all */
	bool escaped;       /* of /dev/kmsg: not printable bytes are written \xNN */
	bool continues;     /* of /dev/kmsg: goes on with the record before */
	struct span at;     /* when, as it is printed; may be empty */
	struct span host;   /* may be empty */
	struct span caller; /* "T123" or "C0" where the kernel prints it; may be empty */
	struct span writer; /* who wrote a LOG_FOREIGN line; may be empty */
	struct span text;
};

/* Pure; every line has a reading. The line has no newline; a carriage return at its end is left out
 * of the text. */
void log_prefix_read(const char *line, size_t length, struct log_line *ret_line);

#endif
