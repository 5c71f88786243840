/* SPDX-License-Identifier: MIT
 *
 * pressure.c - the cage under load: samples of memory use, OOM events, hanging at the limit, CPU
 * time. Each look costs a few microseconds and they get rarer as the run gets longer.
 */
#include <unistd.h>

#include "base/clock.h"
#include "base/processors.h"
#include "watch/watch.h"

#define GROUP_LOOK_US 1000
#define GROUP_PATIENCE_US 200000
#define CPU_LOOK_MIN_US 5000 /* no finer than this */

static struct counter cpu_time_us(const struct watch *watch)
{
	struct counter_source source = cage_counters(watch->cage);
	const struct group *group = source.is_v2 ? source.memory : source.twin;
	struct counter user = group_counter(group, "cpu.stat", "usage_usec");
	struct timespec used;
	clockid_t clock;

	if (user.known)
		return user;
	/* No cgroup tells: the main process alone (said in enforcement.degraded). */
	if (watch->seen.main_pid == 0 || clock_getcpuclockid(watch->seen.main_pid, &clock) != 0 ||
		clock_gettime(clock, &used) < 0)
		return (struct counter){ 0 };
	return counter_of((uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000);
}

/* The limit cannot be reached before every processor has worked for the rest of it: no need to look
 * earlier. */
static void look_at_cpu(struct watch *watch, uint64_t now_us)
{
	uint64_t limit_us = watch->spec->cpu_time_max_ms * 1000, wait_us;
	struct counter used = cpu_time_us(watch);

	if (used.known && used.value >= limit_us) {
		watch_act(watch, WATCH_ACT_CPU_TIME, now_us);
		watch_stop(watch, now_us);
		return;
	}
	wait_us = used.known ? (limit_us - used.value) / processors_online() : CPU_LOOK_MIN_US;
	deadline_set(&watch->deadlines, DEADLINE_CPU,
		now_us + (wait_us > CPU_LOOK_MIN_US ? wait_us : CPU_LOOK_MIN_US));
}

static uint64_t stall_us(const struct watch *watch)
{
	return (watch->spec->stall_ms == 0 ? 10000 : watch->spec->stall_ms) * 1000;
}

/* OOM events go on and on and nobody is killed: there is nobody whom the kernel may kill, so it
 * tries for ever, and the process that wants the memory is not let go on. */
static void look_for_stall(struct watch *watch, uint64_t now_us)
{
	struct counter_source source = cage_counters(watch->cage);
	struct counter ooms;
	struct counters now;
	bool stalled;

	counters_read(&source, &now, NULL);
	ooms = source.is_v2 ? now.tree_ooms : counter_of(watch->seen.oom_events);
	stalled = (counter_some(counter_rise(watch->stall.ooms, ooms)) ||
			  (!source.is_v2 && counter_some(now.under_oom))) &&
		  counter_none(counter_rise(watch->stall.oom_kills, now.oom_kills));
	if (!stalled)
		watch->stall.since_us = now_us;
	watch->stall.ooms = ooms;
	watch->stall.oom_kills = now.oom_kills;
	if (now_us - watch->stall.since_us >= stall_us(watch)) {
		watch_act(watch, WATCH_ACT_STALL, now_us);
		watch_kill(watch, now_us); /* SIGTERM would not be heard */
		return;
	}
	deadline_set(&watch->deadlines, DEADLINE_STALL, now_us + stall_us(watch) / 5);
}

void pressure_begin(struct watch *watch, uint64_t now_us)
{
	timeline_start(&watch->seen.timeline);
	if (watch->cage->kind == CAGE_RLIMIT)
		return;
	deadline_set(&watch->deadlines, DEADLINE_SAMPLE, now_us + TIMELINE_FIRST_INTERVAL_US);
	near_limit_begin(watch, now_us);
}

void pressure_sample(struct watch *watch, uint64_t now_us)
{
	struct counter_source source = cage_counters(watch->cage);
	struct counter current = memory_current(&source);
	struct happenings *seen = &watch->seen;

	if (!current.known)
		return;
	if (watch->phase == WATCH_RUNNING &&
		processes_look_if_due(&seen->processes, source.memory, seen->main_pid,
			now_us - seen->started_us, current.value))
		watch_tell_looked(watch);
	timeline_add(&seen->timeline, now_us - seen->started_us, current.value);
	if (!seen->highest_known || current.value > seen->highest_bytes)
		seen->highest_bytes = current.value;
	seen->highest_known = true;
	/* memory.stat costs more than all the rest: only when use grew by an eighth. */
	if (current.value > watch->split_bytes + watch->split_bytes / 8) {
		memory_split_read(&source, &seen->highest_split);
		watch->split_bytes = current.value;
	}
}

/* v1 has no memory.oom.group: at the first kill we empty the cage ourselves. The event comes before
 * the kill is counted. */
static void look_for_group_kill(struct watch *watch, uint64_t now_us)
{
	if (!watch->spec->oom_group || watch->cage->kind != CAGE_V1 || watch->seen.group_emulated)
		return;
	if (counter_some(group_counter(&watch->cage->memory, "memory.oom_control", "oom_kill"))) {
		watch->seen.group_emulated = true;
		cage_kill(watch->cage);
	} else if (now_us < watch->group_until_us) {
		deadline_set(&watch->deadlines, DEADLINE_GROUP, now_us + GROUP_LOOK_US);
	}
}

void pressure_on_oom(struct watch *watch, uint64_t now_us)
{
	uint64_t events = 1;
	char text[512];

	if (watch->oom_events_is_eventfd) {
		if (read(watch->oom_events, &events, sizeof(events)) != sizeof(events))
			return;
	} else {
		(void)!pread(
			watch->oom_events, text, sizeof(text), 0); /* polls again after a read */
	}
	watch->seen.oom_events += events;
	if (watch->phase != WATCH_RUNNING)
		return;
	near_limit_on_event(watch, now_us);
	if (watch->spec->stall_ms != MEMCAGE_UNLIMITED && watch->stall.since_us == 0) {
		watch->stall.since_us = now_us;
		deadline_set(&watch->deadlines, DEADLINE_STALL, now_us + stall_us(watch) / 5);
	}
	watch->group_until_us = now_us + GROUP_PATIENCE_US;
	look_for_group_kill(watch, now_us);
}

void pressure_on_time(struct watch *watch, uint64_t now_us)
{
	/* First: it races with the workload, and a sample may read a good deal of /proc. */
	if (deadline_due(&watch->deadlines, DEADLINE_SQUEEZE, now_us))
		deadline_set(&watch->deadlines, DEADLINE_SQUEEZE,
			now_us + squeeze_look(&watch->squeeze, watch->cage));
	near_limit_on_time(watch, now_us);
	if (deadline_due(&watch->deadlines, DEADLINE_SAMPLE, now_us)) {
		pressure_sample(watch, now_us);
		deadline_set(&watch->deadlines, DEADLINE_SAMPLE,
			watch->seen.started_us + watch->seen.timeline.next_us > now_us
				? watch->seen.started_us + watch->seen.timeline.next_us
				: now_us + watch->seen.timeline.interval_us);
	}
	if (deadline_due(&watch->deadlines, DEADLINE_CPU, now_us))
		look_at_cpu(watch, now_us);
	if (deadline_due(&watch->deadlines, DEADLINE_STALL, now_us))
		look_for_stall(watch, now_us);
	if (deadline_due(&watch->deadlines, DEADLINE_GROUP, now_us))
		look_for_group_kill(watch, now_us);
}

/* How things stood when we acted: which came first, a kill or we, decides the verdict. */
void pressure_on_act(struct watch *watch, uint64_t now_us)
{
	struct counter_source source = cage_counters(watch->cage);
	struct counters now;

	if (watch->cage->kind == CAGE_RLIMIT)
		return;
	pressure_sample(watch, now_us);
	counters_read(&source, &now, NULL);
	watch->seen.oom_kills_before_act = now.oom_kills;
}
