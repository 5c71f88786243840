/* SPDX-License-Identifier: MIT
 *
 * sweep_pool.h - several runs at a time, in one loop and one thread.
 */
#ifndef MEMCAGE_COMMANDS_SWEEP_POOL_H
#define MEMCAGE_COMMANDS_SWEEP_POOL_H

#include "memcage/memcage.h"

/* Where the work comes from and goes to. */
struct sweep_work {
	/* The number of the request that the next run refuses; false: there is none (now or ever).
	 */
	bool (*next)(void *data, uint64_t *ret_nth);
	/* The run of that number has ended. The result is the callee's. Returns 0 or -errno. */
	int (*ended)(void *data, uint64_t nth, struct memcage_result *result);
	void (*tick)(void *data); /* now and then; may be NULL */
	void *data;
};

/* Starts runs of spec, each with one injection, up to jobs at a time, until there is no more work.
 * signals: as of supervise_signals(). Returns 0, the number of the signal that ended it early, or
 * -errno with a failure. */
int sweep_pool(const struct memcage_spec *spec, const char *command, uint64_t jobs, int signals,
	const struct sweep_work *work, struct memcage_failure *reterr_failure);

#endif
