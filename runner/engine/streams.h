/* SPDX-License-Identifier: MIT
 *
 * streams.h - which descriptors the workload gets for 0, 1 and 2, and which of its streams pass
 * through us: a terminal is inherited, everything else goes through a pipe; two descriptors of one
 * open file share one pipe, so that order stays.
 */
#ifndef MEMCAGE_ENGINE_STREAMS_H
#define MEMCAGE_ENGINE_STREAMS_H

#include "memcage/memcage.h"
#include "watch/stream.h"

struct streams {
	int child[3]; /* for the child: descriptors above 2, or -1 to leave alone; ours to close */
	struct stream output[2]; /* handed over to watch */
	bool merged;             /* stderr goes the way of stdout */
};

/* Opens what the specification names. Returns 0 or -errno with a failure; nothing stays open then.
 */
int streams_open(struct streams *streams, const struct memcage_spec *spec,
	struct memcage_failure *reterr_failure);

/* The child has its copies. */
void streams_close_child_side(struct streams *streams);

#endif
