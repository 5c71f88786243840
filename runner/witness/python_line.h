/* SPDX-License-Identifier: MIT
 *
 * python_line.h - the line that a stopped Python program is at, read from outside: no code runs in
 * it. How the interpreter lays out its memory differs between versions: CPython 3.11, as Debian 12
 * has it, on x86-64.
 */
#ifndef MEMCAGE_WITNESS_PYTHON_LINE_H
#define MEMCAGE_WITNESS_PYTHON_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Writes "script.py:2", fit for terminals, of the innermost Python function of a thread, by the id
 * that it has in its own pid namespace; memory is the process's /proc/PID/mem, opened for reading.
 * Returns false, with "", where the program is none that we know, or has no Python function there.
 * All that is read is the process's own statement, bounded and checked. */
bool python_line_of(pid_t pid, pid_t thread, int memory, char *to, size_t size);

/* The line of an instruction, from the code object's table of 3.11 (its Objects/locations.md), in
 * units of two bytes; 0: it has none. Pure. */
int python_line_in_table(
	const unsigned char *table, size_t size, int first_line, uint64_t instruction);

#endif
