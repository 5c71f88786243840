/* SPDX-License-Identifier: MIT
 *
 * mappings.h - what a process has mapped, by name and by how much of it is resident: from the text
 * of /proc/PID/smaps.
 */
#ifndef MEMCAGE_WATCH_MAPPINGS_H
#define MEMCAGE_WATCH_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAPPINGS_MAX 64 /* names that are told apart */
#define MAPPING_NAME_SIZE 128

/* All mappings of one name: a file's path, "[heap]", "[stack]", "[anon]" for what has no name. */
struct mapping {
	char name[MAPPING_NAME_SIZE]; /* the process's own bytes; of a longer one the last part */
	uint64_t count;
	uint64_t size_bytes, rss_bytes;
};

struct mappings {
	int count;
	struct mapping *current; /* the one that the next lines tell of; NULL: none */
	bool cut;                /* there was more than is told */
	struct mapping list[MAPPINGS_MAX];
};

/* Adds a text of the form of /proc/PID/smaps, in whole lines; lines that are none are passed over.
 * mappings starts as all zero. Pure. */
void mappings_add(struct mappings *mappings, const char *text, size_t length);

/* Those that hold the most memory, the largest first. Returns how many. */
int mappings_largest(const struct mappings *mappings, struct mapping *ret_list, int size);

#endif
