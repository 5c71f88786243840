/* SPDX-License-Identifier: MIT
 *
 * runtime_line.h - one line of the text that a tracing instance gives out. Pure.
 */
#ifndef MEMCAGE_WITNESS_RUNTIME_LINE_H
#define MEMCAGE_WITNESS_RUNTIME_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A line begins with the name of the process, which may hold any bytes: the kernel pads it. */
#define RUNTIME_COMMAND_WIDTH 16

enum runtime_line_kind {
	RUNTIME_LINE_OTHER, /* of no known form */
	RUNTIME_LINE_HIT,   /* a probe of ours: row, text */
	RUNTIME_LINE_EXEC,  /* a process executed a program */
	RUNTIME_LINE_LOST,  /* the kernel had no room for events */
};

struct runtime_line {
	enum runtime_line_kind kind;
	pid_t thread;
	pid_t process;                           /* 0: the kernel did not know */
	size_t row;                              /* of runtime_probes */
	char command[RUNTIME_COMMAND_WIDTH + 1]; /* printable; "" not known */
	char text[96]; /* what the probe fetched as "text", made printable; "" none */
};

/* length without the newline. */
void runtime_line_read(const char *line, size_t length, struct runtime_line *ret_line);

#endif
