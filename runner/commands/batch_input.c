/* SPDX-License-Identifier: MIT */
#include "commands/batch_input.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES 65536

static bool is_readable(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, 0) != 0; /* an error shows when it is read */
}

/* Room for a block behind what waits. */
static bool make_room(struct job_lines *lines)
{
	char *grown;

	if (lines->from > 0) {
		memmove(lines->buffer, lines->buffer + lines->from, lines->size);
		lines->from = 0;
	}
	if (lines->room - lines->size >= BLOCK_BYTES)
		return true;
	grown = realloc(lines->buffer, lines->size + BLOCK_BYTES);
	if (grown == NULL)
		return false;
	lines->buffer = grown;
	lines->room = lines->size + BLOCK_BYTES;
	return true;
}

/* One block more. LINE_READY: there is more to look at. */
static enum line_kind read_block(struct job_lines *lines)
{
	ssize_t got;

	if (lines->ended)
		return LINE_END;
	if (!is_readable(lines->fd))
		return LINE_WAIT;
	if (!make_room(lines)) {
		errno = ENOMEM;
		return LINE_FAILED;
	}
	got = read(lines->fd, lines->buffer + lines->size, BLOCK_BYTES);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? LINE_WAIT : LINE_FAILED;
	lines->ended = got == 0;
	lines->size += (size_t)got;
	lines->read_bytes += (uint64_t)got;
	return LINE_READY;
}

/* The next line, blank ones too, as far as the buffer has it. *ret_length is without the newline.
 */
static bool cut_line(struct job_lines *lines, const char **ret_text, size_t *ret_length)
{
	char *start = lines->buffer + lines->from;
	char *newline = lines->size > 0 ? memchr(start, '\n', lines->size) : NULL;
	size_t length = newline != NULL ? (size_t)(newline - start) : lines->size;

	if (newline == NULL && !(lines->ended && lines->size > 0))
		return false;
	*ret_text = start;
	*ret_length = length;
	lines->from += length + (newline != NULL);
	lines->size -= length + (newline != NULL);
	return true;
}

static bool is_blank(const char *text, size_t length)
{
	while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL && text[length - 1] != '\0')
		length--;
	return length == 0;
}

enum line_kind job_lines_next(struct job_lines *lines, const char **ret_text, size_t *ret_length)
{
	for (;;) {
		enum line_kind kind;

		if (cut_line(lines, ret_text, ret_length)) {
			bool rest = lines->passing_over;

			lines->passing_over = false;
			if (rest)
				return LINE_TOO_LONG;
			lines->number++;
			if (*ret_length > JOB_LINE_MAX)
				return LINE_TOO_LONG;
			if (!is_blank(*ret_text, *ret_length))
				return LINE_READY;
			continue;
		}
		if (lines->size > JOB_LINE_MAX) {
			lines->number += !lines->passing_over;
			lines->passing_over = true;
			lines->from = lines->size = 0;
		}
		if (lines->ended && lines->passing_over) { /* it ended there */
			lines->passing_over = false;
			return LINE_TOO_LONG;
		}
		kind = read_block(lines);
		if (kind != LINE_READY)
			return kind;
	}
}

void job_lines_done(struct job_lines *lines)
{
	free(lines->buffer);
	lines->buffer = NULL;
	lines->from = lines->size = lines->room = 0;
}
