/* SPDX-License-Identifier: MIT
 *
 * cage.h - one cage: a fresh leaf group with its limits, made, read, emptied and removed. Backends
 * stand behind one table; what differs between v1 and v2 is in limits.c and counters.c.
 */
#ifndef MEMCAGE_CAGE_CAGE_H
#define MEMCAGE_CAGE_CAGE_H

#include "base/lists.h"
#include "cage/ancestors.h"
#include "cage/counters.h"
#include "cage/home.h"
#include "cage/mounts.h"

struct child_tracer;

#define CAGE_SHARES_MAX 2

enum cage_kind { CAGE_V2, CAGE_V1, CAGE_RLIMIT };

#define LITTER_SIZE 96

struct cage {
	/* Room that few fill stands first: what every run touches is together. */
	struct text_list degraded, warnings;

	enum cage_kind kind;
	struct home *home; /* NULL: rlimit */
	const char *leaf;  /* relative to the memory mount point, in memory.path; "" none */
	/* "/memcage-PID-RANDOM", with "/run-N" below a home that is shared: unique, to be found in
	 * the kernel's paths. */
	char mark[100];
	struct group memory, twin, pids;
	int usage; /* memory.current or memory.usage_in_bytes, read again and again; -1: not open */
	/* A file that must not outlive the run, nor its directory (the guard removes them, too); ""
	 * none. */
	char litter[LITTER_SIZE];
	char tracing[OWN_NAME_SIZE]; /* a tracing instance that must not outlive the run; "" none */

	/* What of ours an isolated command needs in its private root; ends with a NULL source. */
	struct mount_share shares[CAGE_SHARES_MAX + 1];
	const struct child_tracer *tracer; /* for the child, borrowed (traced.h); NULL: none */

	struct counter limit_bytes; /* as read back; UINT64_MAX: none */
	bool failcnt_counts;        /* v1: memory.failcnt tells of contacts with the limit */
	uint64_t rlimit_data_bytes; /* for the child; UINT64_MAX: none */
	struct name_list mechanisms;
};

/* Makes a cage for spec (checked before). Returns 0 or -errno with cause and remedy; nothing is
 * left behind then. */
int cage_open(
	struct cage *cage, const struct memcage_spec *spec, struct memcage_failure *reterr_failure);

/* Removes the cage; what still runs in it is killed first. */
void cage_close(struct cage *cage);

/* The first half of that: its groups. What was changed for them above is left to cage_close(). */
void cage_remove(struct cage *cage);

const char *cage_kind_name(enum cage_kind kind);

/* A v2 directory to clone into (the leaf itself, or its twin), or -1. */
int cage_clone_directory(const struct cage *cage);

/* SIGKILL to everything inside; repeat until cage_is_empty(). */
void cage_kill(const struct cage *cage);
bool cage_is_empty(const struct cage *cage);
int cage_count_processes(const struct cage *cage);
bool cage_holds(const struct cage *cage, pid_t pid);

/* The leaf directory is still there (the workload, or somebody else, may have removed it). */
bool cage_is_there(const struct cage *cage);

struct counter_source cage_counters(const struct cage *cage);

/* A descriptor that polls POLLPRI (v2) or readable (v1) when an OOM event happened, or -1 where
 * there is none. *ret_is_eventfd says which. */
int cage_watch_oom(const struct cage *cage, bool *ret_is_eventfd);

/* A descriptor that polls POLLPRI when the cage becomes empty, or -1. */
int cage_watch_empty(const struct cage *cage);

/* What the limits of a spec become on this cage (limits.c). */
int limits_apply(
	struct cage *cage, const struct memcage_spec *spec, struct memcage_failure *reterr_failure);

/* RLIMIT_DATA that makes allocations fail just before a limit: below it by a margin for page
 * tables, stacks and what else is charged besides data. */
uint64_t limits_data_below(uint64_t limit_bytes);

#endif
