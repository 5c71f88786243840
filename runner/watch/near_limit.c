/* SPDX-License-Identifier: MIT */
#include "watch/near_limit.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/processors.h"
#include "watch/watch.h"

#define MIB (UINT64_C(1) << 20)
#define BYTES_PER_US 8192 /* faster than a processor fills pages: no need to look earlier */
#define LOOK_MIN_US 1000
#define LOOK_STEADY_US 4000 /* while usage does not grow */
#define LOOK_MAX_US 1000000
#define COST_PART 200              /* of time, one part in so many, once there is a snapshot */
#define CLOSELY_BYTES_PER_US 50000 /* so fast it is seen what is resident */
#define HIGH_AGAIN_US 1000000
#define LATE_AGAIN_US 50000
#define HELD_LOOK_US 250000

static uint64_t between(uint64_t low, uint64_t value, uint64_t high)
{
	return value < low ? low : value > high ? high : value;
}

/* ---- memory.high ---- */

static void set_high(struct watch *watch, uint64_t bytes)
{
	if (group_set_bytes(&watch->cage->memory, "memory.high", bytes != 0 ? bytes : UINT64_MAX) ==
		0)
		watch->near_limit.high_bytes = bytes;
	else
		(void)group_write(&watch->cage->memory, "memory.high", "max");
}

/* Only where somebody wants to ask: it makes the kernel take page cache back before the limit,
 * which a run that is only looked at would not have met. And not where usage is above it already.
 */
static void arm_high(struct watch *watch, uint64_t usage)
{
	struct near_limit *near = &watch->near_limit;
	bool is_users = watch->spec->memory_high_bytes != 0 &&
			watch->spec->memory_high_bytes != MEMCAGE_UNLIMITED;

	if (near->ask != NULL && watch->cage->kind == CAGE_V2 && !is_users &&
		usage < near->close_bytes)
		set_high(watch, near->close_bytes);
}

void near_limit_let_go(struct watch *watch)
{
	struct near_limit *near = &watch->near_limit;

	if (near->high_bytes != 0)
		set_high(watch, 0);
	if (near->holds)
		(void)group_write_all(&watch->cage->memory, "memory.oom_control", "0");
	near->holds = false;
	deadline_clear(&watch->deadlines, DEADLINE_HELD);
}

/* ---- looking ---- */

/* Usage has come so far, and not by page cache. The kernel counts what memory is used for a while
 * later than that it is used. */
static bool has_come(const struct near_limit *near, uint64_t in_use, uint64_t bytes)
{
	return in_use + near->limit_bytes / 16 >= bytes;
}

/* Whether there is something new to see. */
static bool is_due(const struct near_limit *near, uint64_t in_use, bool closely)
{
	const struct snapshot *last = near->snapshot;
	uint64_t step = near->limit_bytes / 16;

	return last == NULL || (closely && !last->closely) || in_use > last->in_use + step ||
	       in_use + 2 * step < last->in_use;
}

static void keep(struct near_limit *near, const struct snapshot *snapshot)
{
	if (near->snapshot == NULL)
		near->snapshot = malloc(sizeof(*near->snapshot));
	if (near->snapshot != NULL)
		*near->snapshot = *snapshot;
}

void near_limit_end(struct watch *watch)
{
	free(watch->near_limit.snapshot);
	watch->near_limit.snapshot = NULL;
}

/* Who is there; in_use of it is the larger of two sums: files in memory are in the kernel's, what
 * was touched just now in that over the processes. */
static void list(const struct watch *watch, uint64_t now_us, struct snapshot *ret_snapshot)
{
	struct counter_source source = cage_counters(watch->cage);
	uint64_t in_use = memory_in_use(&source);

	(void)snapshot_take(&watch->cage->memory, now_us, ret_snapshot);
	if (ret_snapshot->in_use < in_use)
		ret_snapshot->in_use = in_use;
}

/* A run that fits shall not pay for it: no more than a part of what it took so far. */
static bool can_afford_to_look_closely(const struct watch *watch, uint64_t in_use, uint64_t now_us)
{
	uint64_t age_us = now_us - watch->seen.started_us;

	return age_us >= in_use / CLOSELY_BYTES_PER_US * COST_PART;
}

/* they_wait: at the limit, where all that is left to them is to be killed. */
static void look_around(struct watch *watch, uint64_t now_us, bool they_wait)
{
	struct near_limit *near = &watch->near_limit;
	struct snapshot snapshot;
	uint64_t end_us;
	bool closely;

	list(watch, now_us, &snapshot);
	closely = has_come(near, snapshot.in_use, near->close_bytes) &&
		  (they_wait || can_afford_to_look_closely(watch, snapshot.in_use, now_us));
	if (snapshot.taken && has_come(near, snapshot.in_use, near->mark_bytes) &&
		is_due(near, snapshot.in_use, closely)) {
		if (closely)
			snapshot_look_closely(&snapshot);
		keep(near, &snapshot);
	}
	end_us = clock_us();
	near->quiet_until_us = end_us + (end_us - now_us) * COST_PART;
}

static void ask(struct watch *watch)
{
	struct near_limit *near = &watch->near_limit;
	near_limit_ask *question = near->ask;

	near->ask = NULL;
	if (question != NULL)
		question(near->ask_data, near_limit_let_go, watch);
	near_limit_let_go(watch);
}

/* The last moment for it. To look closely would take too long now. */
static bool ask_if_near(struct watch *watch, uint64_t now_us)
{
	struct near_limit *near = &watch->near_limit;
	struct snapshot snapshot;

	list(watch, now_us, &snapshot);
	if (!snapshot.taken || !has_come(near, snapshot.in_use, near->last_bytes))
		return false;
	if (near->snapshot == NULL)
		keep(near, &snapshot);
	ask(watch);
	return true;
}

/* Usage has come to where memory.high stands, or passed it. */
static void met_high(struct watch *watch, uint64_t usage, uint64_t now_us)
{
	struct near_limit *near = &watch->near_limit;
	bool is_last = near->high_bytes == near->last_bytes || usage >= near->last_bytes;

	near->high_again_us = now_us + HIGH_AGAIN_US;
	if (near->ask != NULL && !is_last)
		set_high(watch, near->last_bytes);
	else if (near->ask == NULL || !ask_if_near(watch, now_us))
		near_limit_let_go(watch);
}

/* Page cache had filled the cage when memory.high was met, and nobody was asked. It makes room for
 * what the program takes, which comes so far without meeting a mark again. */
static void ask_late(struct watch *watch, uint64_t usage, uint64_t now_us)
{
	struct near_limit *near = &watch->near_limit;

	if (near->ask == NULL || near->holds || near->high_bytes != 0 || usage < near->last_bytes ||
		now_us < near->high_again_us)
		return;
	near->high_again_us = now_us + LATE_AGAIN_US;
	(void)ask_if_near(watch, now_us);
}

/* Returns after how long to look again. */
static uint64_t look(struct watch *watch, uint64_t now_us)
{
	struct near_limit *near = &watch->near_limit;
	struct counter_source source = cage_counters(watch->cage);
	struct counter usage = memory_current(&source);
	uint64_t wait_us;
	bool grew = usage.value > near->looked_bytes, urgent;

	if (!usage.known)
		return LOOK_MAX_US;
	near->looked_bytes = usage.value;
	if (near->high_bytes != 0 && usage.value >= near->high_bytes)
		met_high(watch, usage.value, now_us);
	ask_late(watch, usage.value, now_us);
	if (usage.value < near->mark_bytes) {
		near->was_close = false;
		if (near->high_bytes == 0 && now_us >= near->high_again_us)
			arm_high(watch, usage.value);
		wait_us = (near->mark_bytes - usage.value) / near->rate;
		if (near->high_bytes != 0)
			return LOOK_MAX_US; /* we are told */
		return between(grew ? LOOK_MIN_US : LOOK_STEADY_US, wait_us, LOOK_MAX_US);
	}
	/* The first time that close it is worth more than it may cost otherwise. */
	urgent = usage.value >= near->close_bytes && !near->was_close;
	near->was_close = near->was_close || urgent;
	if (now_us >= near->quiet_until_us || urgent)
		look_around(watch, now_us, false);
	wait_us = near->quiet_until_us > now_us ? near->quiet_until_us - now_us : 0;
	if (usage.value < near->close_bytes && !near->was_close && near->high_bytes == 0)
		wait_us = (near->close_bytes - usage.value) / near->rate;
	return between(grew ? LOOK_MIN_US : LOOK_STEADY_US, wait_us, LOOK_MAX_US);
}

/* A group that the workload made inside has inherited that nobody is killed there, and does not
 * tell us when somebody waits at its limit. */
static void look_whether_held(struct watch *watch, uint64_t now_us)
{
	const struct group *group = &watch->cage->memory;

	if (!watch->near_limit.holds)
		return;
	if (counter_some(group_counter(group, "memory.oom_control", "under_oom")) ||
		counter_some(group_sum_below(group, "memory.oom_control", "under_oom")))
		ask(watch);
	else
		deadline_set(&watch->deadlines, DEADLINE_HELD, now_us + HELD_LOOK_US);
}

/* ---- from the event loop ---- */

void near_limit_begin(struct watch *watch, uint64_t now_us)
{
	struct near_limit *near = &watch->near_limit;
	uint64_t limit = watch->cage->limit_bytes.value, room;

	if (watch->cage->kind == CAGE_RLIMIT || !watch->cage->limit_bytes.known ||
		limit == UINT64_MAX)
		return;
	/* Absolute, where a part of the limit is filled faster than anybody can look. */
	room = limit / 10 > 16 * MIB ? limit / 10 : 16 * MIB;
	room = room > limit / 4 ? limit / 4 : room;
	near->limit_bytes = limit;
	near->rate = BYTES_PER_US * processors_online();
	near->close_bytes = limit - room;
	near->mark_bytes = limit - between(limit / 4, 4 * room, limit / 2);
	near->last_bytes = limit - between(limit / 32, MIB, limit / 8);
	deadline_set(&watch->deadlines, DEADLINE_NEAR_LIMIT, now_us + LOOK_MIN_US);
}

int near_limit_ask_at_limit(struct watch *watch, near_limit_ask *question, void *data)
{
	struct near_limit *near = &watch->near_limit;
	int result = 0;

	if (near->close_bytes == 0)
		return -EOPNOTSUPP;
	if (watch->cage->kind == CAGE_V1)
		result = group_write(&watch->cage->memory, "memory.oom_control", "1");
	if (result < 0)
		return result;
	near->holds = watch->cage->kind == CAGE_V1;
	near->ask = question;
	near->ask_data = data;
	arm_high(watch, 0);
	if (near->holds)
		deadline_set(&watch->deadlines, DEADLINE_HELD, clock_us() + HELD_LOOK_US);
	deadlines_arm(&watch->deadlines);
	return 0;
}

void near_limit_on_time(struct watch *watch, uint64_t now_us)
{
	if (deadline_due(&watch->deadlines, DEADLINE_NEAR_LIMIT, now_us))
		deadline_set(&watch->deadlines, DEADLINE_NEAR_LIMIT, now_us + look(watch, now_us));
	if (deadline_due(&watch->deadlines, DEADLINE_HELD, now_us))
		look_whether_held(watch, now_us);
}

void near_limit_on_event(struct watch *watch, uint64_t now_us)
{
	struct near_limit *near = &watch->near_limit;

	if (near->close_bytes == 0)
		return;
	if (near->holds) {
		/* They wait for us: nothing they hold can be gone. */
		look_around(watch, now_us, true);
		ask(watch);
	} else if (watch->cage->kind == CAGE_V2 && near->high_bytes != 0) {
		deadline_set(&watch->deadlines, DEADLINE_NEAR_LIMIT, now_us + look(watch, now_us));
	}
}
