/* SPDX-License-Identifier: MIT
 *
 * batch_input.h - the jobs' lines, one by one as they are wanted, from a file or from somebody who
 * is still writing. No more is read ahead than a block, or what a line needs.
 */
#ifndef MEMCAGE_COMMANDS_BATCH_INPUT_H
#define MEMCAGE_COMMANDS_BATCH_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOB_LINE_MAX ((size_t)1 << 20) /* bytes */

enum line_kind {
	LINE_READY,
	LINE_TOO_LONG, /* it was passed over */
	LINE_WAIT,     /* none is there yet: wait until fd is readable */
	LINE_END,
	LINE_FAILED, /* reading failed, with errno */
};

struct job_lines {
	int fd;              /* borrowed */
	bool ended;          /* of the file */
	bool passing_over;   /* the rest of a line that is too long */
	uint64_t number;     /* of the line that was given last, from 1 */
	uint64_t read_bytes; /* of the input, so far */
	char *buffer;
	size_t from, size, room; /* size bytes at from wait in the buffer */
};

/* Gives the next line without its newline; blank lines are passed over. The text is valid until the
 * next call. Never waits. */
enum line_kind job_lines_next(struct job_lines *lines, const char **ret_text, size_t *ret_length);

void job_lines_done(struct job_lines *lines);

#endif
