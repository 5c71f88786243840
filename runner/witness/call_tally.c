/* SPDX-License-Identifier: MIT */
#include "witness/call_tally.h"

#include <string.h>

/* A library goes from one way to the next at once; but the clock may be a coarse one, or the
 * host's. Two requests of the program's own are told apart by the order of the ways, however fast
 * they follow each other. */
#define SERIES_US 50000

/* For a grant there is no such order: what comes later may be another request, but for what comes
 * after a heap that could not grow. */
#define ANOTHER_WAY_US 10000
#define HEAP_STEP 3
#define LAST_STEP 4

/* Allocators round up and ask for some room besides, and the arena they grow is not what they were
 * asked for. */
#define SLACK_BYTES (UINT64_C(2) << 20)

/* What malloc() keeps free at the end of its heap. */
#define HEAP_END_BYTES (UINT64_C(128) << 10)

/* What malloc() asks of the heap; more than this it maps first. */
#define HEAP_BYTES (UINT64_C(32) << 20)

/* The ways of a library in their order: grow in place, map, grow the heap, map instead of it. */
static uint32_t step_of(enum memory_function function, uint32_t before)
{
	switch (function) {
	case CALL_MREMAP:
	case CALL_MPROTECT:
		return 1;
	case CALL_MMAP:
		return before >= HEAP_STEP ? LAST_STEP : 2;
	case CALL_BRK:
		return HEAP_STEP;
	case CALL_MMAP_FIXED:
		break;
	}
	return LAST_STEP; /* there is no other way */
}

/* Whether a grant at this time may have been had in another way than what was refused. */
static bool is_in_time(const struct call_series *series, uint64_t now_us)
{
	bool heap_alone = series->of_heap && series->step == HEAP_STEP;

	return now_us - series->last_us <= (heap_alone ? SERIES_US : ANOTHER_WAY_US);
}

/* The smallest is nearest to what the program asked for. */
static uint64_t size_of(const struct call_series *series)
{
	uint64_t smallest = UINT64_MAX;

	for (uint32_t i = 0; i < series->size_count; i++)
		if (series->sizes[i] < smallest)
			smallest = series->sizes[i];
	return smallest;
}

bool call_tally_continues(
	struct call_thread *thread, enum memory_function function, uint64_t size, uint64_t now_us)
{
	struct call_series *last;
	uint32_t step;

	if (thread->series_count == 0 || function == CALL_MMAP_FIXED)
		return false;
	last = &thread->series[thread->series_count - 1];
	step = step_of(function, last->step);
	if (step <= last->step || now_us - last->last_us > SERIES_US || last->size_count == 4 ||
		size + SLACK_BYTES < size_of(last))
		return false;
	last->sizes[last->size_count++] = size;
	last->step = step;
	last->last_us = now_us;
	return true;
}

static void count(struct call_tally *tally, const struct call_series *series, uint64_t change)
{
	struct call_counts *counts = &tally->counts[series->by_library];

	counts->hard += change;
	counts->by_cause[series->cause] += change;
	if (series->in_main)
		counts->main_hard += change;
}

static void keep(struct call_tally *tally, const struct call_record *record)
{
	if (tally->record_count == CALL_RECORDS_MAX)
		tally->record_count--; /* the first ones and the last */
	tally->records[tally->record_count++] = *record;
}

static void remove_record(struct call_tally *tally, uint64_t sequence)
{
	for (uint32_t i = 0; i < tally->record_count; i++) {
		if (tally->records[i].sequence != sequence)
			continue;
		tally->record_count--;
		memmove(&tally->records[i], &tally->records[i + 1],
			(tally->record_count - i) * sizeof(tally->records[0]));
		return;
	}
}

static void forget(struct call_thread *thread, uint32_t index)
{
	thread->series_count--;
	memmove(&thread->series[index], &thread->series[index + 1],
		(thread->series_count - index) * sizeof(thread->series[0]));
}

static bool asked_for(const struct call_series *series, uint64_t size)
{
	for (uint32_t i = 0; i < series->size_count; i++)
		if (series->sizes[i] == size)
			return true;
	return false;
}

/* Only the next attempt can settle a refusal: another one refused ends its chance. But not of a
 * growing heap: there the next attempt may have been granted what was freed meanwhile, which is no
 * system call. */
static void end_chance(struct call_thread *thread, uint64_t size)
{
	for (uint32_t i = 0; i < thread->series_count; i++)
		if (asked_for(&thread->series[i], size) && !thread->series[i].of_heap) {
			forget(thread, i);
			break;
		}
}

void call_tally_refused(struct call_tally *tally, struct call_thread *thread,
	enum memory_function function, const struct refusal *refusal, bool by_library, bool in_main,
	uint64_t now_us)
{
	struct call_counts *counts = &tally->counts[by_library];
	struct call_series series = { .sizes = { refusal->request_bytes },
		.size_count = 1,
		.step = step_of(function, 0),
		.last_us = now_us,
		.cause = refusal->cause,
		.of_heap = function == CALL_BRK && refusal->request_bytes <= HEAP_BYTES,
		.by_library = by_library,
		.in_main = in_main };
	struct call_record record = { .size = refusal->request_bytes,
		.pid = refusal->pid,
		.by_library = by_library,
		.refusal = *refusal };

	if (refusal->cause == CAUSE_IMPOSSIBLE_SIZE) {
		counts->impossible++;
		return;
	}
	series.sequence = record.sequence = ++tally->sequence;
	count(tally, &series, 1);
	if (refusal->request_bytes > counts->largest_bytes)
		counts->largest_bytes = refusal->request_bytes;
	keep(tally, &record);
	end_chance(thread, refusal->request_bytes);
	if (thread->series_count == CALL_SERIES_MAX)
		forget(thread, 0);
	thread->series[thread->series_count++] = series;
}

/* A heap grows by less than was asked for: what is free at its end serves, too. */
static uint64_t free_at_heap_end(enum memory_function function, uint64_t asked)
{
	if (function != CALL_BRK)
		return 0;
	return asked / 8 < HEAP_END_BYTES ? asked / 8 : HEAP_END_BYTES;
}

void call_tally_granted(struct call_tally *tally, struct call_thread *thread, int pid,
	enum memory_function function, uint64_t size, uint64_t now_us)
{
	for (uint32_t i = thread->series_count; i-- > 0;) {
		struct call_series series = thread->series[i];
		uint64_t asked = size_of(&series);
		bool another_way = i == thread->series_count - 1 && is_in_time(&series, now_us) &&
				   series.step < LAST_STEP && function != CALL_MMAP_FIXED &&
				   size + free_at_heap_end(function, asked) >= asked;

		if (!asked_for(&series, size) && !another_way)
			continue;
		forget(thread, i);
		count(tally, &series, (uint64_t)-1);
		tally->counts[series.by_library].retried++;
		remove_record(tally, series.sequence);
		if (!series.of_heap)
			break; /* there is no other of its size */
	}
	for (uint32_t i = 0; i < tally->record_count; i++)
		if (tally->records[i].pid == pid && tally->records[i].size <= size)
			tally->records[i].outlived = true;
}

static void add_counts(const struct call_counts *counts, struct refusals *refusals)
{
	refusals->hard += counts->hard;
	refusals->main_hard += counts->main_hard;
	refusals->retried += counts->retried;
	refusals->impossible += counts->impossible;
	if (counts->largest_bytes > refusals->largest_bytes)
		refusals->largest_bytes = counts->largest_bytes;
	for (int i = 0; i < CAUSE_COUNT; i++)
		refusals->by_cause[i] += counts->by_cause[i];
}

void call_tally_sum(
	const struct call_tally *tally, bool with_library, struct refusals *ret_refusals)
{
	const struct call_record *first = NULL, *last = NULL;

	*ret_refusals = (struct refusals){ .watched = true, .calls_only = true };
	add_counts(&tally->counts[0], ret_refusals);
	if (with_library)
		add_counts(&tally->counts[1], ret_refusals);
	ret_refusals->kernel_side = ret_refusals->hard;
	for (uint32_t i = 0; i < tally->record_count; i++) {
		if (tally->records[i].by_library && !with_library)
			continue;
		if (first == NULL)
			first = &tally->records[i];
		last = &tally->records[i];
	}
	if (first == NULL || ret_refusals->hard == 0)
		return;
	ret_refusals->first_known = true;
	ret_refusals->first = first->refusal;
	ret_refusals->hard_was_last = !last->outlived;
}
