/* SPDX-License-Identifier: MIT */
#include "watch/watch.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

#define TERMINAL_GRACE_US 2000000 /* after Ctrl-C the workload may end by itself */

enum source {
	SOURCE_CHILD,
	SOURCE_RECORDS,
	SOURCE_OOM,
	SOURCE_EMPTY,
	SOURCE_TIMER,
	SOURCE_OBSERVER,
	SOURCE_OBSERVERS_END = SOURCE_OBSERVER + WATCH_OBSERVERS - 1,
	SOURCE_OUTPUT
};
#define OUTPUT_TAG(stream, is_sink) (SOURCE_OUTPUT + (stream)*2 + (is_sink))

static int watch_fd(struct watch *watch, int fd, uint32_t events, uint32_t tag)
{
	struct epoll_event event = { .events = events, .data.u32 = tag };

	return epoll_ctl(watch->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void watch_forget(struct watch *watch, int fd)
{
	(void)epoll_ctl(watch->epoll, EPOLL_CTL_DEL, fd, NULL);
}

void watch_interrupt(struct watch *watch, int signal_number, bool on_terminal)
{
	uint64_t now_us = clock_us();
	bool again = watch->seen.interrupt_signal != 0;

	if (!again) {
		watch->seen.interrupt_signal = signal_number;
		watch->seen.interrupted_on_terminal = on_terminal;
	}
	if (watch->phase != WATCH_RUNNING) {
		if (again && watch->phase == WATCH_DRAINING)
			watch->phase = WATCH_OVER; /* whoever reads our output does not; enough */
	} else if (again) {
		watch_act(watch, WATCH_ACT_INTERRUPTED, now_us);
		watch_kill(watch, now_us);
	} else if (on_terminal) {
		if (watch->child.own_session)
			ends_signal_group(watch, signal_number);
		deadline_set(&watch->deadlines, DEADLINE_GRACE, now_us + TERMINAL_GRACE_US);
	} else {
		watch_act(watch, WATCH_ACT_INTERRUPTED, now_us);
		watch_stop(watch, now_us);
	}
	deadlines_arm(&watch->deadlines);
}

static void on_time(struct watch *watch, uint64_t now_us)
{
	ends_on_time(watch, now_us);
	if (watch->phase != WATCH_RUNNING) {
		/* Nobody looks at the others any more: past ones would wake us without end. */
		for (enum deadline i = 0; i < DEADLINE_COUNT; i++)
			if (i != DEADLINE_EMPTY)
				deadline_clear(&watch->deadlines, i);
		return;
	}
	if (deadline_due(&watch->deadlines, DEADLINE_WALL, now_us)) {
		watch_act(watch, WATCH_ACT_WALL_TIME, now_us);
		watch_stop(watch, now_us);
	}
	if (deadline_due(&watch->deadlines, DEADLINE_GRACE, now_us)) {
		if (watch->seen.interrupt_signal != 0)
			watch_act(watch, WATCH_ACT_INTERRUPTED, now_us);
		watch_kill(watch, now_us);
	}
	pressure_on_time(watch, now_us);
}

/* ---- streams ---- */

/* Only what is waited for is in the set: the source while there is room, the sink while there is
 * none. The sink leaves it before each try: its open file is not ours alone, so closing our
 * descriptor would not take it out, and a reader that is gone would wake us without end. */
static void rewatch_stream(struct watch *watch, int i, bool had_source, int source, int sink)
{
	const struct stream *stream = &watch->output[i];
	bool source_now = stream_wants_source(stream), sink_now = stream_wants_sink(stream);

	if (had_source && !source_now && stream->source >= 0)
		watch_forget(watch, source);
	if (!had_source && source_now)
		(void)watch_fd(watch, source, EPOLLIN, OUTPUT_TAG((uint32_t)i, 0));
	if (sink_now)
		(void)watch_fd(watch, sink, EPOLLOUT, OUTPUT_TAG((uint32_t)i, 1));
}

static void mind_cap(struct watch *watch, int i, uint64_t now_us)
{
	if (!watch->output[i].over_cap || watch->output[i].truncate)
		return;
	/* With a slow reader it may show only after the end, in what was still in the pipe. */
	watch_act(watch, i == 0 ? WATCH_ACT_OUTPUT_STDOUT : WATCH_ACT_OUTPUT_STDERR, now_us);
	if (watch->phase == WATCH_RUNNING)
		watch_kill(watch, now_us);
}

static void pump(struct watch *watch, int i, uint64_t now_us)
{
	struct stream *stream = &watch->output[i];
	bool had_source = stream_wants_source(stream), had_sink = stream_wants_sink(stream);
	int source = stream->source, sink = stream->sink;

	if (had_sink)
		watch_forget(watch, sink);
	(void)stream_pump(stream); /* what is left makes the descriptor ready again */
	rewatch_stream(watch, i, had_source, source, sink);
	mind_cap(watch, i, now_us);
}

/* Nobody in the cage writes any more. What a slow reader has not taken yet is still its own. */
static void drain(struct watch *watch, int i, uint64_t now_us)
{
	struct stream *stream = &watch->output[i];
	bool had_source = stream_wants_source(stream), had_sink = stream_wants_sink(stream);
	int source = stream->source, sink = stream->sink;

	if (stream_is_done(stream))
		return;
	if (had_sink)
		watch_forget(watch, sink);
	stream_finish_source(stream);
	rewatch_stream(watch, i, had_source, source, sink);
	mind_cap(watch, i, now_us);
}

/* ---- the loop ---- */

bool watch_step(struct watch *watch)
{
	struct epoll_event events[8];
	int count = epoll_wait(watch->epoll, events, 8, 0);
	uint64_t now_us = clock_us();
	bool child_ready = false;
	const struct watch_observer *observer;

	for (int i = 0; i < count; i++) {
		switch (events[i].data.u32) {
		case SOURCE_CHILD:
			child_ready = true; /* last: what else is pending came before it */
			break;
		case SOURCE_RECORDS:
			ends_read_records(watch, now_us);
			break;
		case SOURCE_OOM:
			pressure_on_oom(watch, now_us);
			break;
		case SOURCE_EMPTY:
			ends_look_whether_empty(watch, now_us);
			break;
		case SOURCE_TIMER:
			break;
		case SOURCE_OBSERVER:
		case SOURCE_OBSERVERS_END:
			observer = &watch->observers[events[i].data.u32 - SOURCE_OBSERVER];
			observer->ready(observer->data);
			break;
		default:
			pump(watch, (int)(events[i].data.u32 - SOURCE_OUTPUT) / 2, now_us);
			break;
		}
	}
	if (child_ready)
		ends_reap(watch, now_us);
	on_time(watch, now_us);
	if (watch->phase == WATCH_EMPTYING && watch->reaped)
		ends_look_whether_empty(watch, now_us);
	if (watch->phase == WATCH_DRAINING) {
		drain(watch, 0, now_us);
		drain(watch, 1, now_us);
		if (stream_is_done(&watch->output[0]) && stream_is_done(&watch->output[1]))
			watch->phase = WATCH_OVER;
	}
	if (watch->phase != WATCH_OVER)
		deadlines_arm(&watch->deadlines);
	return watch->phase != WATCH_OVER;
}

static int add_sources(struct watch *watch)
{
	int result = watch_fd(watch, watch->child.pidfd, EPOLLIN, SOURCE_CHILD);

	if (result == 0)
		result = watch_fd(watch, watch->child.records, EPOLLIN, SOURCE_RECORDS);
	if (result == 0)
		result = watch_fd(watch, watch->deadlines.timer, EPOLLIN, SOURCE_TIMER);
	watch->oom_events = cage_watch_oom(watch->cage, &watch->oom_events_is_eventfd);
	if (result == 0 && watch->oom_events >= 0)
		result = watch_fd(watch, watch->oom_events,
			watch->oom_events_is_eventfd ? EPOLLIN : EPOLLPRI, SOURCE_OOM);
	watch->empty_events = cage_watch_empty(watch->cage);
	if (result == 0 && watch->empty_events >= 0)
		result = watch_fd(watch, watch->empty_events, EPOLLPRI, SOURCE_EMPTY);
	for (uint32_t i = 0; result == 0 && i < 2; i++)
		if (watch->output[i].source >= 0)
			result = watch_fd(
				watch, watch->output[i].source, EPOLLIN, OUTPUT_TAG(i, 0));
	return result;
}

int watch_begin(struct watch *watch, struct cage *cage, const struct memcage_spec *spec,
	struct spawned child, const struct stream output[2])
{
	uint64_t now_us = clock_us();
	int result;

	watch->cage = cage;
	watch->spec = spec;
	watch->child = child;
	watch->oom_events = watch->empty_events = watch->deadlines.timer = -1;
	watch->output[0] = output[0];
	watch->output[1] = output[1];
	watch->seen.started_us = now_us;
	processes_begin(&watch->seen.processes);
	watch->seen.main_pid = child.control < 0 ? child.pid : 0;
	watch->epoll = epoll_create1(EPOLL_CLOEXEC);
	result = watch->epoll < 0 ? -errno : deadlines_open(&watch->deadlines);
	if (result == 0)
		result = add_sources(watch);
	if (result < 0)
		return result;
	if (spec->wall_time_max_ms != 0)
		deadline_set(
			&watch->deadlines, DEADLINE_WALL, now_us + spec->wall_time_max_ms * 1000);
	if (spec->cpu_time_max_ms != 0)
		deadline_set(&watch->deadlines, DEADLINE_CPU, now_us);
	pressure_begin(watch, now_us);
	deadlines_arm(&watch->deadlines);
	return 0;
}

int watch_observe(struct watch *watch, const struct watch_observer *observer)
{
	uint32_t number = (uint32_t)watch->observer_count;

	if (number == WATCH_OBSERVERS)
		return -ENOBUFS;
	watch->observers[watch->observer_count++] = *observer;
	return watch_fd(watch, observer->fd, EPOLLIN, SOURCE_OBSERVER + number);
}

void watch_tell_looked(struct watch *watch)
{
	for (int i = 0; i < watch->observer_count; i++)
		if (watch->observers[i].looked != NULL)
			watch->observers[i].looked(watch->observers[i].data);
}

void watch_squeeze(struct watch *watch)
{
	squeeze_begin(
		&watch->squeeze, watch->cage->limit_bytes.value, watch->cage->rlimit_data_bytes);
	deadline_set(&watch->deadlines, DEADLINE_SQUEEZE, clock_us());
	deadlines_arm(&watch->deadlines);
}

void watch_end(struct watch *watch)
{
	ends_abandon(watch);
	near_limit_end(watch);
	for (int i = 0; i < 2; i++)
		stream_close(&watch->output[i]);
	fd_close(&watch->oom_events);
	fd_close(&watch->empty_events);
	deadlines_close(&watch->deadlines);
	fd_close(&watch->epoll);
	spawned_close(&watch->child);
}
