/* SPDX-License-Identifier: MIT
 *
 * room.h - what the second look of --at-limit fail asks: RLIMIT_DATA has refused a request, but is
 * the cage really that full? The same question inside the process (preload/second_look.c) and in
 * the tracer (trace_second_look.c).
 *
 * What was granted is not in use before it is touched. So each grant is a promise that counts, for
 * everybody, until there was time to touch it: threads and processes that ask at the same moment
 * are not all promised the same room. Who finds only promises in his way waits for that time; what
 * is in use is an answer at once.
 */
#ifndef MEMCAGE_WITNESS_ROOM_H
#define MEMCAGE_WITNESS_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#define ROOM_PATH_SIZE 1024

#define ROOM_WAIT_US 2000    /* between two looks of who waits for promises */
#define ROOM_WAITS_MAX 500   /* so often at the most */
#define ROOM_PERIOD_US 65536 /* a promise counts for one or two of these */
#define ROOM_PAGE UINT64_C(4096)

/* What an allocator asks the kernel for besides what it was asked for itself: first the usual rest
 * of a heap, then a new region of it. */
#define ROOM_SLACK (UINT64_C(256) << 10)
#define ROOM_REGION (UINT64_C(2) << 20)

struct room {
	uint64_t start_bytes; /* the RLIMIT_DATA that processes start with; so much of the cage may
				 be in use. 0: no --at-limit fail */
	uint32_t is_v2;
	char directory[ROOM_PATH_SIZE]; /* of the cage's memory group; "": no second look */
	uint64_t promises[2];           /* of this period and the one before: period and pages */
};

#define ROOM_PAGES_BITS 40
#define ROOM_PAGES_MASK ((UINT64_C(1) << ROOM_PAGES_BITS) - 1)
#define ROOM_PERIODS_MASK ((UINT64_C(1) << (64 - ROOM_PAGES_BITS)) - 1)

/* Promises bytes at a time (CLOCK_BOOTTIME), or takes them back. */
static inline void room_promise(struct room *room, uint64_t now_us, uint64_t bytes, bool back)
{
	uint64_t period = (now_us / ROOM_PERIOD_US) & ROOM_PERIODS_MASK;
	uint64_t pages = (bytes + ROOM_PAGE - 1) / ROOM_PAGE;
	uint64_t *slot = &room->promises[period % 2];
	uint64_t before = __atomic_load_n(slot, __ATOMIC_RELAXED), after;

	do {
		uint64_t had = before >> ROOM_PAGES_BITS == period ? before & ROOM_PAGES_MASK : 0;

		if (back && had == 0)
			return; /* it is forgotten already */
		if (!back)
			had += pages;
		else
			had = had > pages ? had - pages : 0;
		after = period << ROOM_PAGES_BITS | (had & ROOM_PAGES_MASK);
	} while (!__atomic_compare_exchange_n(
		slot, &before, after, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

/* What is promised and may not have been touched yet, in bytes. */
static inline uint64_t room_promised(const struct room *room, uint64_t now_us)
{
	uint64_t period = (now_us / ROOM_PERIOD_US) & ROOM_PERIODS_MASK, pages = 0;

	for (int i = 0; i < 2; i++) {
		uint64_t slot = __atomic_load_n(&room->promises[i], __ATOMIC_RELAXED);

		if (((period - (slot >> ROOM_PAGES_BITS)) & ROOM_PERIODS_MASK) <= 1)
			pages += slot & ROOM_PAGES_MASK;
	}
	return pages * ROOM_PAGE;
}

enum room_answer { ROOM_NONE, ROOM_WAIT, ROOM_GRANTED };

/* bytes have been promised already; in_use was read after that. */
static inline enum room_answer room_answer(
	const struct room *room, uint64_t now_us, uint64_t in_use, uint64_t bytes)
{
	if (in_use > room->start_bytes || bytes > room->start_bytes - in_use)
		return ROOM_NONE;
	return room_promised(room, now_us) <= room->start_bytes - in_use ? ROOM_GRANTED : ROOM_WAIT;
}

#endif
