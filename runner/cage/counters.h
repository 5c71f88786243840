/* SPDX-License-Identifier: MIT
 *
 * counters.h - the kernel's counters of one cage and of the groups above it, read by name. One
 * table says which file and key each comes from; it serves the judge and the report alike.
 */
#ifndef MEMCAGE_CAGE_COUNTERS_H
#define MEMCAGE_CAGE_COUNTERS_H

#include "base/counter.h"
#include "base/lists.h"
#include "cage/group.h"

/* One reading. Members that this backend does not have stay unknown. */
struct counters {
	struct counter oom_kills;       /* v2: the whole subtree; v1: the leaf alone */
	struct counter tree_ooms;       /* v2: memory.events oom */
	struct counter local_ooms;      /* v2: memory.events.local oom */
	struct counter limit_hits;      /* v2: memory.events max */
	struct counter failures;        /* v1: memory.failcnt; see limits.c for when it counts */
	struct counter high_hits;       /* v2: memory.events high */
	struct counter group_kills;     /* v2: memory.events oom_group_kill */
	struct counter inner_oom_kills; /* v1: groups below the leaf */
	struct counter peak_bytes, swap_peak_bytes;
	struct counter memsw_peak_bytes; /* v1: memory and swap together */
	struct counter pids_refused, pids_peak;
	struct counter user_us, system_us;
	struct counter host_oom_kills; /* /proc/vmstat */
	struct counter under_oom;      /* v1 */
};

/* The groups of a cage as the reader needs them; absent ones have no directory. */
struct counter_source {
	bool is_v2;
	const struct group *memory, *twin, *pids;
	const int *usage; /* a descriptor for memory_current(); NULL or -1: it opens the file */
};

/* Where the counters of a group stood that our own mkdir made: the kernel starts each of them at 0,
 * and there is nothing to be read (doctor looks whether that holds). What its backend does not have
 * is unknown, and the host's counter is read. */
void counters_of_new(const struct counter_source *source, struct counters *ret_counters);

/* Whether a group that was just made reads so: false when one of its counters is not 0. */
bool counters_are_new(const struct counter_source *source);

/* The raw counters of before a run, by those of after it, for a group that was new. */
void raw_counters_of_new(const struct counters *before, const struct raw_counters *after,
	struct raw_counters *ret_before);

/* Reads all counters; unknown where a file or key is missing. raw, when not NULL, gets each one
 * that is known under its kernel name. */
void counters_read(const struct counter_source *source, struct counters *ret_counters,
	struct raw_counters *raw);

/* What the memory of the group is made of now, from memory.stat. */
struct memory_split {
	struct counter anon_bytes, file_bytes, shmem_bytes, kernel_bytes;
};
void memory_split_read(const struct counter_source *source, struct memory_split *ret_split);

/* The kernel charges each processor ahead in batches: by so much any usage or peak may be off. */
uint64_t charge_ahead_bytes(void);

/* Bytes charged now. */
struct counter memory_current(const struct counter_source *source);

/* Of these, what the kernel cannot take back by itself: anonymous and shared memory, and its own. A
 * part that is not known counts for nothing. */
uint64_t memory_in_use(const struct counter_source *source);

#endif
