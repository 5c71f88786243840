/* SPDX-License-Identifier: MIT */
#include "witness/bpf_events.h"

#include <stdio.h>
#include <string.h>

#include "witness/call_cause.h"
#include "witness/printable.h"
#include "witness/room.h"

#define PAGE_BYTES 4096

static void copy_command(char *to, size_t size, const struct bpf_event *event)
{
	(void)printable_copy(to, size, event->command, strnlen(event->command, BPF_COMMAND_SIZE));
}

static struct call_room room_of(const struct bpf_event *event)
{
	return (struct call_room){
		.as_limit = event->as_limit,
		.as_bytes = event->as_pages * PAGE_BYTES,
		.data_limit = event->data_limit,
		.data_bytes = event->data_pages * PAGE_BYTES,
		.mappings = event->mappings,
	};
}

static struct bpf_thread *place_of(struct bpf_events *events, const struct bpf_event *event)
{
	return &events->threads[event->tid % BPF_THREADS_MAX];
}

static bool is_there(const struct bpf_thread *place, const struct bpf_event *event)
{
	return place->tid == event->tid && place->start_ns == event->thread_start_ns &&
	       place->program == event->program;
}

/* Takes the place over from another thread where that is needed. */
static struct call_thread *thread_of(struct bpf_events *events, const struct bpf_event *event)
{
	struct bpf_thread *place = place_of(events, event);

	if (!is_there(place, event))
		*place = (struct bpf_thread){ .start_ns = event->thread_start_ns,
			.tid = event->tid,
			.program = event->program };
	return &place->thread;
}

static uint64_t own_us(const struct bpf_event *event)
{
	return event->runtime_ns / 1000;
}

/* Nobody looks a second time in the kernel: what the cage had in use then is not known. */
static const struct room not_asked;

static void take_refused(struct bpf_events *events, const struct bpf_event *event,
	enum memory_function way, uint64_t size)
{
	struct call_thread *thread = thread_of(events, event);
	struct call_room room = room_of(event);
	struct refusal refusal = {
		.request_bytes = size, .pid = event->pid, .boottime_us = event->boottime_ns / 1000
	};
	struct call_cause cause;

	if (call_tally_continues(thread, way, size, own_us(event)))
		return;
	cause = call_cause_find(&room, size);
	/* It says ENOMEM too where there is no mapping to protect. */
	if (event->function == CALL_MPROTECT && cause.name == CAUSE_UNKNOWN)
		return;
	refusal.cause = cause.name;
	refusal_set_mechanism(&refusal, &not_asked, cause.limit_bytes, (struct counter){ 0 });
	memcpy(refusal.cause_detail, cause.detail, sizeof(refusal.cause_detail));
	(void)snprintf(refusal.function, sizeof(refusal.function), "%s",
		memory_function_name(event->function));
	copy_command(refusal.command, sizeof(refusal.command), event);
	call_tally_refused(&events->tally, thread, way, &refusal,
		(event->flags & BPF_HAS_LIBRARY) != 0, (event->flags & BPF_IS_MAIN) != 0,
		own_us(event));
}

/* A thread that was never refused settles nothing of its own, but its process has outlived what
 * others of it were refused. */
static void take_granted(struct bpf_events *events, const struct bpf_event *event,
	enum memory_function way, uint64_t size)
{
	struct bpf_thread *place = place_of(events, event);
	struct call_thread nobody = { 0 };

	call_tally_granted(&events->tally, is_there(place, event) ? &place->thread : &nobody,
		event->pid, way, size, own_us(event));
}

static void take_call(struct bpf_events *events, const struct bpf_event *event)
{
	struct memory_call call = { .function = event->function };
	uint64_t heap_end = event->heap_before;
	struct call_attempt attempt;

	memcpy(call.arguments, event->arguments, sizeof(call.arguments));
	attempt = call_attempt_of(&call, event->result, &heap_end);
	if (attempt.outcome == OUTCOME_REFUSED)
		take_refused(events, event, attempt.way, attempt.size);
	if (attempt.outcome == OUTCOME_GRANTED)
		take_granted(events, event, attempt.way, attempt.size);
}

static void take_victim(struct bpf_events *events, const struct bpf_event *event)
{
	struct bpf_victim *victim = &events->victims[events->victim_count];

	for (int i = 0; i < events->victim_count; i++)
		if (events->victims[i].global_pid == event->global_pid)
			return; /* the kernel marks a process again that is on its way out */
	if (events->victim_count == BPF_VICTIMS_MAX)
		return;
	events->victim_count++;
	*victim = (struct bpf_victim){ .pid = event->pid,
		.global_pid = event->global_pid,
		.is_main = (event->flags & BPF_IS_MAIN) != 0 };
	copy_command(victim->command, sizeof(victim->command), event);
}

void bpf_events_take(struct bpf_events *events, const struct bpf_event *event)
{
	if (event->kind == BPF_EVENT_VICTIM)
		take_victim(events, event);
	else
		take_call(events, event);
}

void bpf_events_sum(const struct bpf_events *events, const struct bpf_totals *totals,
	bool with_library, struct refusals *ret_refusals)
{
	call_tally_sum(&events->tally, with_library, ret_refusals);
	ret_refusals->calls_by = CALLS_BY_BPF;
	ret_refusals->covered = (uint32_t)totals->processes;
	ret_refusals->calls_unwatched = totals->unwatched;
	ret_refusals->calls_lost = totals->lost;
}
