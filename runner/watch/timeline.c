/* SPDX-License-Identifier: MIT */
#include "watch/timeline.h"

void timeline_start(struct timeline *timeline)
{
	timeline->count = 0;
	timeline->interval_us = TIMELINE_FIRST_INTERVAL_US;
	timeline->next_us = 0;
}

void timeline_add(struct timeline *timeline, uint64_t since_start_us, uint64_t memory_bytes)
{
	if (since_start_us < timeline->next_us)
		return;
	if (timeline->count == TIMELINE_MAX) {
		for (size_t i = 0; 2 * i < TIMELINE_MAX; i++)
			timeline->points[i] = timeline->points[2 * i];
		timeline->count = TIMELINE_MAX / 2;
		timeline->interval_us *= 2;
	}
	timeline->points[timeline->count++] = (struct timeline_point){
		.at_ms = since_start_us / 1000, .memory_bytes = memory_bytes
	};
	timeline->next_us = since_start_us + timeline->interval_us;
}
