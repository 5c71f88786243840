/* SPDX-License-Identifier: MIT
 *
 * trace_room.h - what a process that the tracer holds has and may have, asked from outside.
 */
#ifndef MEMCAGE_WITNESS_TRACE_ROOM_H
#define MEMCAGE_WITNESS_TRACE_ROOM_H

#include "witness/call_cause.h"

/* Why the request of process pid, held at the end of that call, was refused. */
struct call_cause trace_room_cause(int pid, uint64_t request_bytes);

#endif
