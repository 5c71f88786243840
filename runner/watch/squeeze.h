/* SPDX-License-Identifier: MIT
 *
 * squeeze.h - --at-limit fail for a tree of processes, none of which is too large by itself: while
 * the cage's memory that cannot be taken back (anonymous, shared, kernel) is close to the limit,
 * the RLIMIT_DATA of every process is what it has already, so that the next request is refused in
 * the process instead of the kernel killing it. When the cage has room again each gets back what it
 * had. Page cache never squeezes.
 *
 * It cannot turn what is mapped already and only touched now, nor shared memory; there the kernel's
 * limit stays behind it.
 */
#ifndef MEMCAGE_WATCH_SQUEEZE_H
#define MEMCAGE_WATCH_SQUEEZE_H

#include "cage/cage.h"

#define SQUEEZED_MAX 256

/* A process whose RLIMIT_DATA we lowered. */
struct squeezed {
	pid_t pid;
	uint64_t start_time; /* of the process, in clock ticks: a pid may come again */
	uint64_t own_bytes;  /* the soft limit that it had, to give back */
	uint64_t set_bytes;  /* the one that we gave it */
};

struct squeeze {
	bool tight;
	uint64_t limit_bytes;
	uint64_t inherited_bytes; /* the soft RLIMIT_DATA that a process has without memcage */
	uint64_t start_bytes;     /* the one that a process of the cage starts with */
	unsigned times;           /* how often it became tight */
	int count;
	struct squeezed list[SQUEEZED_MAX];
};

/* limit_bytes: of the cage; start_bytes: the RLIMIT_DATA that its processes start with. */
void squeeze_begin(struct squeeze *squeeze, uint64_t limit_bytes, uint64_t start_bytes);

/* Looks at the cage and tightens or loosens. Returns after how many microseconds to look again: the
 * less room there is, the sooner. */
uint64_t squeeze_look(struct squeeze *squeeze, const struct cage *cage);

/* Whether we may change limits of processes of this user: his own, or with CAP_SYS_RESOURCE. */
bool squeeze_is_allowed(const struct memcage_spec *spec);

#endif
