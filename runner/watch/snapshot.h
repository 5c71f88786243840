/* SPDX-License-Identifier: MIT
 *
 * snapshot.h - who holds the cage's memory, read from /proc while the processes still live.
 *
 * Names are the workload's own bytes, not yet fit to print. What could not be read, because the
 * process was gone by then, is not known.
 */
#ifndef MEMCAGE_WATCH_SNAPSHOT_H
#define MEMCAGE_WATCH_SNAPSHOT_H

#include <sys/types.h>

#include "base/counter.h"
#include "cage/group.h"
#include "watch/mappings.h"

#define SNAPSHOT_PROCESSES 6
#define SNAPSHOT_MAPPINGS 6

struct snapshot_process {
	pid_t pid; /* as we see it */
	char command[16];
	struct counter threads;
	struct counter rss_bytes, anon_bytes, file_bytes, shmem_bytes, swap_bytes;
	bool looked_into; /* its mappings were read, from the first on */
	bool mappings_cut;
	int mapping_count;
	struct mapping mappings[SNAPSHOT_MAPPINGS]; /* the largest first */
};

struct snapshot {
	bool taken;
	bool closely;    /* with mappings */
	uint64_t at_us;  /* CLOCK_BOOTTIME */
	uint64_t in_use; /* bytes of the cage that the kernel cannot take back by itself */
	int seen;        /* processes of the cage, at least */
	int count;
	struct snapshot_process processes[SNAPSHOT_PROCESSES]; /* the largest first */
};

/* Reads all processes of the group and the groups below it, and, when closely, also what the
 * largest have mapped: that walks their page tables, which takes about a millisecond for 64 MiB.
 * Returns false, with *ret_snapshot as it was, where there was nothing to be read. */
bool snapshot_take(const struct group *group, bool closely, uint64_t now_us, uint64_t in_use,
	struct snapshot *ret_snapshot);

#endif
