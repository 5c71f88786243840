/* SPDX-License-Identifier: MIT
 *
 * elf_functions.h - where functions begin in an ELF file. The file may be the workload's own:
 * nothing in it is believed, it is read and never mapped, and only so much of it.
 */
#ifndef MEMCAGE_WITNESS_ELF_FUNCTIONS_H
#define MEMCAGE_WITNESS_ELF_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_function {
	const char *pattern; /* of the name in the file's symbol table; * stands for any bytes */
	size_t plain_length; /* filled in: of the pattern before its first * */
	bool is_data;        /* a variable is looked for instead */
	uint64_t address;    /* filled in: in the file's own terms; 0: not found */
	uint64_t offset;     /* filled in: of a function's code in the file; 0: not found */
};

/* Fills in the offsets of functions that the file itself defines: from its dynamic symbols, and
 * from the full table (where it was not stripped) when those have none. Returns how many were
 * found, -ENOEXEC where it is no 64-bit ELF file of this machine, or another -errno. */
int elf_functions_find(int fd, struct elf_function *functions, size_t count);

#endif
