/* SPDX-License-Identifier: MIT
 *
 * modules.h - the program files that a process had mapped, from a list of its mappings that it may
 * have made up itself: no file is believed, or even opened for reading, before it is a regular one.
 */
#ifndef MEMCAGE_WITNESS_MODULES_H
#define MEMCAGE_WITNESS_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "witness/backtrace.h"

#define MODULES_MAX 256

struct module {
	uint64_t start, end;   /* addresses of an executable mapping; end is behind it */
	uint64_t position;     /* in the file, of start */
	uint32_t major, minor; /* the file's device and inode, as the kernel lists them */
	uint64_t inode;
	const char *path; /* borrowed from the text */

	/* by module_open() */
	bool known;    /* the file is there, and bias was found */
	uint64_t bias; /* address - bias is the address in the file's own terms */
};

/* Parses size bytes of lines of /proc/PID/maps, of any content; lines that are none are left out.
 * Ends each path with NUL in the text, which must be kept. Returns how many there are. */
size_t modules_parse(char *text, size_t size, struct module modules[static MODULES_MAX]);

/* The one that has the address, or NULL. */
struct module *modules_find(struct module *modules, size_t count, uint64_t address);

/* Fills module and offset of the frame for an address inside a call. */
void modules_describe(
	struct module *modules, size_t count, uint64_t call, struct backtrace_frame *ret_frame);

/* Opens the module's file for reading, when it is the one that was mapped, a regular ELF file of
 * this kind of machine, and finds its bias. Returns a descriptor or -errno; -ESTALE: another file
 * has that name here. May block where the file system does. */
int module_open(struct module *module);

/* Opens a regular file; nothing else is touched by that. Returns a descriptor or -errno. */
int regular_file_open(const char *path);

#endif
