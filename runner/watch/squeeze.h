/* SPDX-License-Identifier: MIT
 *
 * squeeze.h - --at-limit fail from outside: RLIMIT_DATA counts what a process has mapped, the cage
 * what is in use, so each process's limit is made to follow the cage. It is what the process has
 * mapped already, and its share of the room that is left: what it does not touch is not held
 * against it, and all processes together cannot grow beyond the room, so that the next request is
 * refused in a process instead of the kernel killing it.
 *
 * While there is much room nobody gets less than he started with, nor does a process that is alone:
 * that one is refused at the same size in every run. Page cache never squeezes.
 *
 * A limit that is used up while there is room trips only the second look of a witness
 * (witness/room.h). What cannot be turned is what is mapped already and only touched now, and
 * shared memory; there the kernel's limit stays behind it.
 */
#ifndef MEMCAGE_WATCH_SQUEEZE_H
#define MEMCAGE_WATCH_SQUEEZE_H

#include "cage/cage.h"

#define SQUEEZED_MAX 256

/* A process that had an RLIMIT_DATA of its own choice, which we lowered. */
struct squeezed {
	pid_t pid;
	uint64_t start_time; /* of the process, in clock ticks: a pid may come again */
	uint64_t own_bytes;  /* the soft limit that it had, to give back */
};

struct squeeze {
	uint64_t start_bytes; /* RLIMIT_DATA of a process that starts; so much of the cage may be in
				 use */
	uint64_t mark_bytes;  /* in use: from here on the room is shared out */
	uint64_t next_us;     /* CLOCK_BOOTTIME: many processes are looked at less often */
	uint64_t raise_us;    /* not before: what was granted must have had time to be touched */
	int count;
	struct squeezed list[SQUEEZED_MAX];
};

/* limit_bytes: of the cage; start_bytes: the RLIMIT_DATA that its processes start with. */
void squeeze_begin(struct squeeze *squeeze, uint64_t limit_bytes, uint64_t start_bytes);

/* Looks at the cage and at its processes. Returns after how many microseconds to look again: the
 * less room there is, the sooner. */
uint64_t squeeze_look(struct squeeze *squeeze, const struct cage *cage);

/* Whether we may change limits of processes of this user: his own, or with CAP_SYS_RESOURCE. */
bool squeeze_is_allowed(const struct memcage_spec *spec);

#endif
