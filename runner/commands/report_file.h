/* SPDX-License-Identifier: MIT
 *
 * report_file.h - where --report, --junit and --picture go. The target is opened before the command
 * starts, so that a report that cannot be written stops the run and not the other way round. A new
 * name or a regular file is replaced atomically at the end; a device, a FIFO or /dev/fd/N is
 * written and never replaced; a symbolic link or a directory is an error. It goes into the
 * directory that was there at the start, whatever the command makes of the way to it.
 */
#ifndef MEMCAGE_COMMANDS_REPORT_FILE_H
#define MEMCAGE_COMMANDS_REPORT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "memcage/memcage.h"

struct report_file {
	const char *option; /* "--report": in whose name failures are told */
	const char *path;   /* as given; NULL: none is wanted */
	int fd;
	bool replaces; /* fd is a nameless or temporary file that takes the name at the end */
	int directory; /* with replaces: where both names are; or -1 */
	char name[256];
	char temporary[300]; /* its name, or "" while it has none */
};

/* Returns 0 or -errno with a failure. path may be NULL; both texts are borrowed. */
int report_file_open(struct report_file *file, const char *option, const char *path,
	struct memcage_failure *reterr_failure);

/* Writes the text and a newline, and puts the file in place. Returns 0 or -errno with a failure. */
int report_file_write(
	struct report_file *file, const char *text, struct memcage_failure *reterr_failure);

/* The same for bytes as they are. */
int report_file_write_bytes(struct report_file *file, const void *bytes, size_t size,
	struct memcage_failure *reterr_failure);

/* Leaves no trace of a report that was not written. */
void report_file_close(struct report_file *file);

#endif
