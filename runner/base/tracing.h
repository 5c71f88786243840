/* SPDX-License-Identifier: MIT
 *
 * tracing.h - a tracing instance of the kernel (tracefs) for one run, with a group of uprobe events
 * of its own: nobody else's tracing is touched. While the run goes on we hold a lock on its
 * directory (ownership.h).
 */
#ifndef MEMCAGE_BASE_TRACING_H
#define MEMCAGE_BASE_TRACING_H

#include "base/ownership.h"
#include "memcage/memcage.h"

struct tracing {
	int directory;             /* of the instance, locked; -1: none */
	char name[OWN_NAME_SIZE];  /* of the instance; "" none */
	char group[OWN_NAME_SIZE]; /* of the events: the name with underscores */
};

#define TRACING_NONE ((struct tracing){ .directory = -1 })

/* Whether this process could do it. Returns 0, or -errno with cause and remedy. */
int tracing_possible(struct memcage_failure *reterr_failure);

/* Makes an empty instance that records nothing yet. Returns 0, or -errno with cause and remedy. */
int tracing_open(struct tracing *ret_tracing, struct memcage_failure *reterr_failure);

/* Defines events, one per line in the form of uprobe_events ("p:GROUP/EVENT FILE:OFFSET ARGS").
 * Returns 0 or -errno; the lines before the one at fault are in force then. */
int tracing_define(const struct tracing *tracing, const char *lines);

/* Removes instance and events. What reads from it has to be closed before. Waits for the kernel to
 * be through with them, some ten ms. */
void tracing_close(struct tracing *tracing);

/* The same by the name alone, for one whose owner has died: its readers may close a moment later.
 */
void tracing_remove(const char *name);

/* Removes what crashed runs left behind: returns how many instances and groups of events. The other
 * only counts them. */
int tracing_clean(void);
int tracing_count_abandoned(void);

#endif
