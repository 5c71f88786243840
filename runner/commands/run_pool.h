/* SPDX-License-Identifier: MIT
 *
 * run_pool.h - several runs at a time, in one loop and one thread.
 */
#ifndef MEMCAGE_COMMANDS_RUN_POOL_H
#define MEMCAGE_COMMANDS_RUN_POOL_H

#include "memcage/memcage.h"

/* Where the work comes from and goes to. */
struct run_pool_work {
	/* What tells the next run from the others; false: there is none (now or ever). */
	bool (*next)(void *data, uint64_t *ret_number);
	/* Makes the common specification that of the run with this number. rule is room for an
	 * injection that lives as long as the run; spec->injections may point to it. */
	void (*prepare)(void *data, uint64_t number, struct memcage_spec *spec,
		struct memcage_injection *rule);
	/* The run of that number has ended. The result is the callee's. Returns 0 or -errno. */
	int (*ended)(void *data, uint64_t number, struct memcage_result *result);
	void (*tick)(void *data); /* now and then; may be NULL */
	void *data;
};

/* Starts runs of spec as prepare() makes it for each, up to jobs at a time, until there is no more
 * work. signals: as of supervise_signals(). Returns 0, the number of the signal that ended it
 * early, or -errno with a failure. */
int run_pool(const struct memcage_spec *spec, uint64_t jobs, int signals,
	const struct run_pool_work *work, struct memcage_failure *reterr_failure);

/* How many that are at most: asked is of --jobs; 0: as many as there are processors. */
uint64_t run_pool_jobs(uint64_t asked);

#endif
