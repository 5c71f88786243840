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
	bool mappings_cut;
	int mapping_count;
	struct mapping mappings[SNAPSHOT_MAPPINGS]; /* the largest first */
};

struct snapshot {
	bool taken;
	bool closely;    /* what of the mappings is resident was asked for */
	uint64_t at_us;  /* CLOCK_BOOTTIME */
	uint64_t in_use; /* bytes that the kernel cannot take back by itself */
	int seen;        /* processes of the cage, at least */
	int count;
	struct snapshot_process processes[SNAPSHOT_PROCESSES]; /* the largest first */
};

/* Reads all processes of the group and the groups below it, and of the largest also what they have
 * mapped, by size. in_use is what they hold together then:
 * the kernel's own sums come later. Returns false where there was nobody. */
bool snapshot_take(const struct group *group, uint64_t now_us, struct snapshot *ret_snapshot);

/* Reads also how much of that is resident: that walks their page tables, which takes a
 * millisecond for some 50 MiB. */
void snapshot_look_closely(struct snapshot *snapshot);

#endif
