/* SPDX-License-Identifier: MIT
 *
 * near_limit.h - the moments near the cage's limit, before its end: who holds the memory is read
 * there, while somebody is left to be read.
 *
 * Usage is looked at: the farther from the limit, the more rarely. Where somebody is to be asked
 * (--last-words) on v2, the kernel tells: memory.high stands below the limit until it is reached
 * for the first time, and is taken away at once, for what lives above it is slowed down more and
 * more. Without being asked for it does not: page cache would be taken back there. A usage
 * threshold of v1 would tell, too, but to register one waits for an RCU grace period, some 12 ms,
 * which is as long as many a run takes.
 *
 * Page cache is no nearness: the kernel takes it back.
 */
#ifndef MEMCAGE_WATCH_NEAR_LIMIT_H
#define MEMCAGE_WATCH_NEAR_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/counter.h"
#include "watch/snapshot.h"

struct watch;

/* What a stage further on wants to ask the processes at the limit, once. It calls let_go() when it
 * has them: what keeps them from going on is then taken away. */
typedef void near_limit_ask(void *data, void (*let_go)(struct watch *), struct watch *watch);

struct near_limit {
	uint64_t limit_bytes;
	uint64_t rate;        /* bytes in a microsecond: faster than memory is filled */
	uint64_t mark_bytes;  /* from here on it is worth looking who is there */
	uint64_t close_bytes; /* from here on also what they have mapped; 0: there is no limit */
	uint64_t last_bytes;  /* v2: from here on they are asked */
	uint64_t high_bytes;  /* v2: where memory.high stands now, by us; 0: it does not */
	uint64_t high_again_us;
	uint64_t quiet_until_us;
	uint64_t looked_bytes; /* usage at the last look */
	bool was_close;        /* since usage was last below the mark */
	bool holds;            /* v1: the kernel kills nobody at the limit */
	near_limit_ask *ask;   /* NULL: nobody, or it was done */
	void *ask_data;
	struct snapshot *snapshot; /* the latest; NULL: none was taken */
};

/* Before the first process can come near. */
void near_limit_begin(struct watch *watch, uint64_t now_us);

/* --last-words, from now on: ask is called at the limit, before the kernel's first kill, which
 * comes only when let_go was called (here, when ask did not). On v1 the kernel's OOM killer is held
 * till then; while it is, a system call that needs memory at the limit fails with ENOMEM or EFAULT,
 * where else somebody would have been killed. Returns 0 or -errno. */
int near_limit_ask_at_limit(struct watch *watch, near_limit_ask *ask, void *data);

void near_limit_on_time(struct watch *watch, uint64_t now_us);
void near_limit_on_event(struct watch *watch, uint64_t now_us); /* of the OOM events' descriptor */

void near_limit_end(struct watch *watch);

/* Whatever of ours keeps processes from going on, or from being killed, is taken away. */
void near_limit_let_go(struct watch *watch);

#endif
