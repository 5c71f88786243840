/* SPDX-License-Identifier: MIT
 *
 * call_tally.h - from refused calls to refused allocations. A C library that is refused one way
 * tries others: remapping or growing an arena, a mapping, the heap, a mapping again. Such a series
 * of one thread is one refusal; it counts as retried when the last way, or the same request later,
 * is granted: the next one of that size, or, of a heap that would not grow, any; what malloc()
 * found in freed blocks meanwhile cannot be seen. Pure; times are the thread's own processor time,
 * as the caller knows it: a busy host, or who holds the thread, may let it wait for long.
 */
#ifndef MEMCAGE_WITNESS_CALL_TALLY_H
#define MEMCAGE_WITNESS_CALL_TALLY_H

#include "witness/call_attempt.h"
#include "witness/refusals.h"

#define CALL_SERIES_MAX 8   /* unsettled ones of a thread; older ones stay hard */
#define CALL_RECORDS_MAX 32 /* the first, and always the last */

/* One refusal: the calls of a series. */
struct call_series {
	uint64_t sequence; /* over the whole run, from 1 */
	uint64_t sizes[4];
	uint32_t size_count;
	uint32_t step;    /* how far the library's ways are through */
	uint64_t last_us; /* own time of the thread at its last call */
	enum refusal_cause cause;
	bool of_heap;    /* it began with the heap not growing */
	bool by_library; /* the preloaded witness is in this process: it counts better */
	bool in_main;
};

struct call_thread {
	struct call_series series[CALL_SERIES_MAX];
	uint32_t series_count;
};

struct call_record {
	uint64_t sequence, size;
	int32_t pid;
	bool by_library;
	bool outlived; /* its process got as much or more later */
	struct refusal refusal;
};

struct call_counts {
	uint64_t hard, main_hard, retried, impossible, largest_bytes;
	uint64_t by_cause[CAUSE_COUNT];
};

struct call_tally {
	uint64_t sequence;
	uint64_t soft;
	struct call_counts counts[2]; /* [1]: of processes with the preloaded witness */
	uint32_t record_count;
	struct call_record records[CALL_RECORDS_MAX];
};

/* Whether a refused call goes on with the thread's last series (then it is part of it, and counted)
 * or begins a new one. */
bool call_tally_continues(
	struct call_thread *thread, enum memory_function function, uint64_t size, uint64_t now_us);

/* A refusal that began; refusal is complete, but for its impossible sizes, which only count. */
void call_tally_refused(struct call_tally *tally, struct call_thread *thread,
	enum memory_function function, const struct refusal *refusal, bool by_library, bool in_main,
	uint64_t now_us);

/* The thread, of process pid, was granted size writable bytes by that call. */
void call_tally_granted(struct call_tally *tally, struct call_thread *thread, int pid,
	enum memory_function function, uint64_t size, uint64_t now_us);

/* What it comes to; with_library: counts of processes that the preloaded witness is in, too. */
void call_tally_sum(
	const struct call_tally *tally, bool with_library, struct refusals *ret_refusals);

#endif
