/* SPDX-License-Identifier: MIT
 *
 * timeline.h - memory use over time, bounded in length: when the list is full every other point
 * goes and the interval doubles. A run of any length costs the same memory.
 */
#ifndef MEMCAGE_WATCH_TIMELINE_H
#define MEMCAGE_WATCH_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/lists.h"

#define TIMELINE_MAX 256
#define TIMELINE_FIRST_INTERVAL_US 4000

struct timeline {
	size_t count;
	uint64_t interval_us;
	uint64_t next_us; /* since start */
	struct timeline_point points[TIMELINE_MAX];
};

void timeline_start(struct timeline *timeline);

/* Adds a point when one is due; points must come in order of time. */
void timeline_add(struct timeline *timeline, uint64_t since_start_us, uint64_t memory_bytes);

#endif
