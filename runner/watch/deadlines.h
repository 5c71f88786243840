/* SPDX-License-Identifier: MIT
 *
 * deadlines.h - the few moments a run waits for, on one timer descriptor.
 */
#ifndef MEMCAGE_WATCH_DEADLINES_H
#define MEMCAGE_WATCH_DEADLINES_H

#include <stdbool.h>
#include <stdint.h>

enum deadline {
	DEADLINE_WALL,       /* the wall-time limit */
	DEADLINE_CPU,        /* the earliest moment at which the CPU limit can be reached */
	DEADLINE_GRACE,      /* SIGTERM was sent; now the cage is killed */
	DEADLINE_SAMPLE,     /* the timeline's next point */
	DEADLINE_STALL,      /* look whether the cage hangs at its limit */
	DEADLINE_SQUEEZE,    /* look whether --at-limit fail has to act */
	DEADLINE_NEAR_LIMIT, /* look how near the limit is, and at who is there */
	DEADLINE_HELD,       /* v1, --last-words: look whether somebody waits unseen */
	DEADLINE_GROUP,      /* v1: look whether the OOM event became a kill */
	DEADLINE_EMPTY,      /* look again whether the cage is empty */
	DEADLINE_COUNT
};

struct deadlines {
	int timer;
	uint64_t at_us[DEADLINE_COUNT]; /* CLOCK_BOOTTIME; 0: not set */
	uint64_t armed_us;              /* what the timer is set to */
};

/* Returns 0 or -errno. */
int deadlines_open(struct deadlines *deadlines);
void deadlines_close(struct deadlines *deadlines);

void deadline_set(struct deadlines *deadlines, enum deadline deadline, uint64_t at_us);
void deadline_clear(struct deadlines *deadlines, enum deadline deadline);

/* Whether it is set and past; a deadline that is due is cleared. */
bool deadline_due(struct deadlines *deadlines, enum deadline deadline, uint64_t now_us);

/* Sets the timer to the nearest one. Call after changes, before waiting. */
void deadlines_arm(struct deadlines *deadlines);

#endif
