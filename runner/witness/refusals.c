/* SPDX-License-Identifier: MIT */
#include "witness/refusals.h"

#include <stddef.h>

#include "base/text.h"
#include "cage/data_limit.h"
#include "witness/room.h"

static const char *const names[CAUSE_COUNT] = {
	[CAUSE_UNKNOWN] = "unknown",
	[CAUSE_AT_LIMIT_FAIL] = "at_limit_fail",
	[CAUSE_RLIMIT_DATA] = "rlimit_data",
	[CAUSE_RLIMIT_AS] = "rlimit_as",
	[CAUSE_OVERCOMMIT] = "overcommit",
	[CAUSE_MAX_MAP_COUNT] = "max_map_count",
	[CAUSE_IMPOSSIBLE_SIZE] = "impossible_size",
	[CAUSE_CALLOC_OVERFLOW] = "calloc_overflow",
	[CAUSE_SECCOMP] = "seccomp",
	[CAUSE_KERNEL_OBJECT] = "kernel_object",
	[CAUSE_INJECTED] = "injected",
};

_Static_assert(
	CAUSE_COUNT <= REFUSAL_CAUSES_MAX, "the page of the preloaded witness has no more room");

const char *refusal_cause_name(enum refusal_cause cause)
{
	size_t index = (size_t)cause;

	return index < CAUSE_COUNT ? names[index] : names[CAUSE_UNKNOWN];
}

void refusal_set_mechanism(struct refusal *refusal, const struct room *room, uint64_t limit_bytes,
	struct counter cage_bytes)
{
	const char *name = "second_look";

	if (refusal->cause != CAUSE_AT_LIMIT_FAIL)
		return;
	/* More than the cage may ever have in use needs no second look. */
	if (!cage_bytes.known || refusal->request_bytes > room->start_bytes)
		name = "RLIMIT_DATA";
	else if (data_limit_of(limit_bytes) == DATA_LIMIT_SQUEEZED)
		name = "squeeze";
	text_copy(refusal->refused_by, sizeof(refusal->refused_by), name);
	refusal->cage_bytes = cage_bytes;
}

void refusals_add_process(struct refusals *refusals, int pid, uint64_t calls)
{
	if (refusals->process_count < REFUSAL_PROCESSES_MAX)
		refusals->processes[refusals->process_count++] = (struct request_count){ pid,
			calls };
}

static void add_counts(struct refusals *to, const struct refusals *from)
{
	to->hard += from->hard;
	to->main_hard += from->main_hard;
	to->retried += from->retried;
	to->impossible += from->impossible;
	to->injected += from->injected;
	to->counted |= from->counted;
	for (uint32_t i = 0; i < from->process_count; i++)
		refusals_add_process(to, from->processes[i].pid, from->processes[i].calls);
	to->kernel_side += from->kernel_side;
	if (from->largest_bytes > to->largest_bytes)
		to->largest_bytes = from->largest_bytes;
	for (size_t i = 0; i < CAUSE_COUNT; i++)
		to->by_cause[i] += from->by_cause[i];
}

void refusals_add_calls(struct refusals *refusals, const struct refusals *calls)
{
	bool both = refusals->hard > 0 && calls->hard > 0;

	if (!refusals->watched) {
		*refusals = *calls;
		return;
	}
	/* Which of the two last ones was the very last is not known. */
	refusals->hard_was_last = both ? refusals->hard_was_last && calls->hard_was_last
				       : refusals->hard_was_last || calls->hard_was_last;
	if (calls->first_known && (!refusals->first_known ||
					  calls->first.boottime_us < refusals->first.boottime_us)) {
		refusals->first_known = true;
		refusals->first = calls->first;
	}
	add_counts(refusals, calls);
	refusals->calls_by = calls->calls_by;
	refusals->calls_lost = calls->calls_lost;
	refusals->calls_unwatched = calls->calls_unwatched;
	refusals->covered = calls->covered;
}
