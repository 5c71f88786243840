/* SPDX-License-Identifier: MIT
 *
 * second_look.h - --at-limit fail inside the process: a request that RLIMIT_DATA refused is granted
 * after all where the cage has room for it. RLIMIT_DATA counts what a process has mapped, touched
 * or not; the cage counts what is in use.
 *
 * The process raises its own soft limit for that. It could do so anyhow, and could lie about the
 * cage: all it would gain is to be killed at the cage's limit instead of being refused.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_SECOND_LOOK_H
#define MEMCAGE_WITNESS_PRELOAD_SECOND_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "witness/room.h"

/* Once, when the page has been mapped. A limit that was raised for the program before exec starts
 * anew, and where somebody took it away (su does, for the user's own ones), it is back. */
void second_look_begin(const struct room *room);

/* Right after a request was refused: whether to make it again. *looks: how often that was so for
 * this request, 0 before the first time. May sleep for some milliseconds; errno is kept. */
bool second_look(uint64_t request_bytes, uint32_t *looks);

/* Whether request_bytes more are more than an RLIMIT_DATA of memcage's allows. */
bool second_look_exceeds(uint64_t request_bytes);

/* Whether an RLIMIT_DATA of this value is memcage's doing. */
bool second_look_owns(uint64_t limit_bytes);

/* Why this thread's last second look said no. */
struct second_look_denial {
	uint64_t request_bytes;
	uint64_t limit, data; /* RLIMIT_DATA, and what counted against it */
	uint64_t in_use;      /* of the cage */
};

/* Whether it said no to a request of this size, and why: the limit may be another one by now. */
bool second_look_denied(uint64_t request_bytes, struct second_look_denial *ret_denial);

/* What the kernel cannot take back of the cage's memory; UINT64_MAX where it cannot be read. */
uint64_t second_look_in_use(void);

#endif
