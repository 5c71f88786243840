/* SPDX-License-Identifier: MIT */
#include "commands/batch_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

void record_lines_begin(struct record_lines *lines, int fd)
{
	*lines = (struct record_lines){ .fd = fd, .is_file = fd_is_file(fd) };
}

void record_lines_add(struct record_lines *lines, const char *text)
{
	size_t length = strlen(text), wanted;
	char *grown;

	if (lines->error_number != 0)
		return;
	if (lines->from > 0) {
		memmove(lines->pending, lines->pending + lines->from, lines->size);
		lines->from = 0;
	}
	wanted = lines->size + length;
	if (wanted > lines->room) {
		grown = realloc(lines->pending, wanted * 2);
		if (grown == NULL) {
			lines->error_number = ENOMEM;
			return;
		}
		lines->pending = grown;
		lines->room = wanted * 2;
	}
	memcpy(lines->pending + lines->size, text, length);
	lines->size = wanted;
}

void record_lines_end(struct record_lines *lines)
{
	record_lines_add(lines, "\n");
	record_lines_flush(lines);
}

void record_lines_flush(struct record_lines *lines)
{
	while (lines->size > 0 && lines->error_number == 0) {
		ssize_t written = fd_write_what_fits(
			lines->fd, lines->is_file, lines->pending + lines->from, lines->size);

		if (written == 0)
			return;
		if (written < 0) {
			lines->error_number = (int)-written;
			return;
		}
		lines->from += (size_t)written;
		lines->size -= (size_t)written;
	}
	lines->from = 0;
}

bool record_lines_wait(const struct record_lines *lines)
{
	return lines->size > 0 && lines->error_number == 0;
}

void record_lines_done(struct record_lines *lines)
{
	free(lines->pending);
	lines->pending = NULL;
}
