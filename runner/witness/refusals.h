/* SPDX-License-Identifier: MIT
 *
 * refusals.h - what the witnesses that can count saw of refused allocations in one run: plain data,
 * the same for every witness.
 */
#ifndef MEMCAGE_WITNESS_REFUSALS_H
#define MEMCAGE_WITNESS_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/counter.h"

#define REFUSAL_CAUSES_MAX 12
#define REFUSAL_PROCESSES_MAX 64

enum refusal_cause {
	CAUSE_UNKNOWN,
	CAUSE_AT_LIMIT_FAIL, /* the refusal that --at-limit fail asked for */
	CAUSE_RLIMIT_DATA,
	CAUSE_RLIMIT_AS,
	CAUSE_OVERCOMMIT, /* more than the host's heuristic or commit limit allows */
	CAUSE_MAX_MAP_COUNT,
	CAUSE_IMPOSSIBLE_SIZE,
	CAUSE_CALLOC_OVERFLOW,
	CAUSE_SECCOMP,
	CAUSE_KERNEL_OBJECT,
	CAUSE_INJECTED,
	CAUSE_COUNT
};

/* One refused allocation. */
struct refusal {
	uint64_t request_bytes;
	enum refusal_cause cause;
	char function[24];         /* "malloc", "mmap", ... */
	char cause_detail[160];    /* the numbers behind the cause: "RLIMIT_DATA 251658240, data
				      9437184" */
	struct counter cage_bytes; /* at_limit_fail: what the cage had in use that the kernel cannot
				      take back */
	char refused_by[16];       /* at_limit_fail: the mechanism, "second_look"; else "" */
	int pid;                   /* as the process itself sees it */
	char command[64];          /* comm */
	uint64_t boottime_us;      /* CLOCK_BOOTTIME */
	char source_line[256];     /* "script.py:2", or "" where it is not known */
	uint64_t sequence; /* of the preloaded witness, to find its snapshot by; 0: another's */
	uint32_t record;   /* of the preloaded witness: the index */
};

/* Who watched the system calls of the whole cage. */
enum calls_by { CALLS_BY_NOBODY, CALLS_BY_TRACE, CALLS_BY_BPF };

/* Where a process stood in counting its requests for --fail-alloc. */
struct request_count {
	int pid;
	uint64_t calls;
};

struct refusals {
	bool watched;        /* a witness that can count was in place for this run */
	uint64_t hard;       /* neither retried with success nor impossible */
	uint64_t retried;    /* the same thread's next attempt of that size was granted */
	uint64_t injected;   /* refused on purpose, by --fail-alloc; retried ones too */
	uint64_t impossible; /* sizes that no machine could give, overflowing products: program bugs
			      */
	uint64_t main_hard;  /* of hard: in the main process */
	bool hard_was_last;  /* after the last hard refusal no allocation of at least its size
				succeeded in  that process */
	uint64_t largest_bytes;
	uint64_t by_cause[CAUSE_COUNT]; /* hard ones */
	bool first_known;
	struct refusal first;     /* the first hard one */
	uint32_t covered;         /* processes (execs) that the witness got into */
	enum calls_by calls_by;   /* somebody: covered is all there were, forks too */
	bool calls_only;          /* and no other witness that can count was in place */
	uint64_t calls_lost;      /* records of calls that were lost: counts are lower bounds */
	uint64_t calls_unwatched; /* processes, beside those covered, that there was no room for */
	uint64_t kernel_side;     /* of hard: seen only as refused system calls */
	bool counted;             /* requests were, for --fail-alloc */
	uint32_t process_count;   /* there may have been more */
	struct request_count processes[REFUSAL_PROCESSES_MAX];
};

/* Adds a process to the list, where there is room. */
void refusals_add_process(struct refusals *refusals, int pid, uint64_t calls);

/* Adds what was seen as system calls of the processes that the preloaded witness did not get into.
 */
void refusals_add_calls(struct refusals *refusals, const struct refusals *calls);

struct room;

/* Which mechanism of --at-limit fail refused, by the name that enforcement.mechanisms has for it,
 * and what the cage had in use then. limit_bytes: RLIMIT_DATA as it stood. */
void refusal_set_mechanism(struct refusal *refusal, const struct room *room, uint64_t limit_bytes,
	struct counter cage_bytes);

/* "rlimit_data", ...: the names of the report. */
const char *refusal_cause_name(enum refusal_cause cause);

#endif
