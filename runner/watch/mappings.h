/* SPDX-License-Identifier: MIT
 *
 * mappings.h - what a process has mapped, by name and by how much of it is resident: from the text
 * of /proc/PID/smaps, or of /proc/PID/maps, which has the sizes only.
 */
#ifndef MEMCAGE_WATCH_MAPPINGS_H
#define MEMCAGE_WATCH_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counter.h"

#define MAPPINGS_MAX 64 /* names that are told apart */
#define MAPPING_NAME_SIZE 128

/* All mappings of one name: a file's path, "[heap]", "[stack]", "[anon]" for what has no name. */
struct mapping {
	char name[MAPPING_NAME_SIZE]; /* the process's own bytes; of a longer one the last part */
	uint64_t count;
	uint64_t size_bytes;
	struct counter rss_bytes; /* unknown from maps */
};

struct mappings {
	int count;
	struct mapping *current; /* the one that the next lines tell of; NULL: none */
	bool cut;                /* there was more than is told */
	struct mapping list[MAPPINGS_MAX];
};

/* Adds a text of the form of these files, in whole lines; lines that are none are passed over.
 * mappings starts as all zero. Pure. */
void mappings_add(struct mappings *mappings, const char *text, size_t length);

/* Those that hold the most memory, the largest first; by their sizes where that is not known.
 * Returns how many. */
int mappings_largest(const struct mappings *mappings, struct mapping *ret_list, int size);

/* How much of them is resident in all, as far as that is known. */
uint64_t mappings_resident(const struct mappings *mappings);

#endif
