/* SPDX-License-Identifier: MIT
 *
 * batch_output.h - lines on their way to a reader who may be slow. Every line is written whole, and
 * what the reader has not taken is kept; who adds lines has to stop while that is too much.
 */
#ifndef MEMCAGE_COMMANDS_BATCH_OUTPUT_H
#define MEMCAGE_COMMANDS_BATCH_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct record_lines {
	int fd; /* borrowed */
	bool is_file;
	int error_number; /* it takes no more: why; 0: it does */
	char *pending;
	size_t from, size, room;
};

void record_lines_begin(struct record_lines *lines, int fd);

/* Adds text to the line that is being made, or ends it and writes what can be written now. */
void record_lines_add(struct record_lines *lines, const char *text);
void record_lines_end(struct record_lines *lines);

/* The reader has room again. */
void record_lines_flush(struct record_lines *lines);

/* Lines are waiting for their reader. */
bool record_lines_wait(const struct record_lines *lines);

void record_lines_done(struct record_lines *lines);

#endif
