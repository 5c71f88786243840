/* SPDX-License-Identifier: MIT
 *
 * trace_second_look.h - --at-limit fail at the kernel's door: a call that RLIMIT_DATA refused is
 * granted after all where the cage has room for it (room.h). For static programs, and whatever else
 * asks the kernel without the C library that the preloaded witness stands before.
 */
#ifndef MEMCAGE_WITNESS_TRACE_SECOND_LOOK_H
#define MEMCAGE_WITNESS_TRACE_SECOND_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cage/group.h"
#include "witness/call_attempt.h"
#include "witness/room.h"

/* Of the tracer process. */
struct trace_second_look {
	struct room *room;  /* borrowed; its promises are the tracer's own */
	struct group group; /* to read what is in use; GROUP_NONE: no second look */
};

/* Opens the group that room names, where it names one. */
void trace_second_look_begin(struct trace_second_look *look, struct room *room);

/* Of a process whose request for size bytes was just refused: raises its limit when that is what
 * refused it and the cage has room. Then the call is to be made again. *looks: how often that was
 * so for this call, 0 before the first time. May sleep for some milliseconds. */
bool trace_second_look(
	const struct trace_second_look *look, pid_t pid, uint64_t size, uint32_t *looks);

/* Before a call: whether to refuse it in the kernel's place. Memory that is mapped over a
 * reservation of the process's own (MAP_FIXED, as Go does it) is counted by the kernel only once it
 * is there, however much it is. */
bool trace_second_look_denies(
	const struct trace_second_look *look, pid_t pid, const struct memory_call *call);

/* What is in use of the cage's memory. */
struct counter trace_second_look_in_use(const struct trace_second_look *look);

#endif
