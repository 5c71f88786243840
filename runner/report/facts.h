/* SPDX-License-Identifier: MIT
 *
 * facts.h - what the report tells beside evidence and judgement: how the run was set up and what it
 * used. Plain data; the strings are borrowed from the run that is being reported.
 */
#ifndef MEMCAGE_REPORT_FACTS_H
#define MEMCAGE_REPORT_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/counter.h"
#include "base/lists.h"
#include "watch/snapshot.h"

struct stream_facts {
	bool tapped;   /* false: inherited (a terminal, or --no-tap) */
	bool digested; /* digest is known, and nothing was passed on */
	uint64_t digest;
	bool merged;    /* stdout and stderr are one file: everything is told under stdout */
	uint64_t bytes; /* written by the workload */
	bool truncated;
	const char *head; /* the first bytes; may be any bytes, as in tail */
	const char *tail; /* the last bytes, none of which are in head */
	size_t head_size, tail_size;
};

struct report_facts {
	const char *const *argv;
	const char *cwd;

	/* asked for; limits.memory_bytes and so on. UINT64_MAX: none */
	uint64_t memory_bytes, swap_bytes, memory_high_bytes, wall_time_ms, cpu_time_ms, grace_ms,
		stall_ms;
	uint64_t pids, output_bytes;
	bool at_limit_fail, oom_group, output_truncate;
	struct counter effective_bytes; /* the lowest limit that holds; UINT64_MAX: none */
	const char *effective_owner;    /* "own", "ancestor", "none" */
	const char *effective_path;     /* the group that owns it, or NULL */
	const char *policy;             /* name, or NULL */

	const char *backend;   /* "v2", "v1", "rlimit" */
	const char *leaf_path; /* or NULL */

	/* memory at the highest sample; peak in the evidence */
	struct counter anon_bytes, file_bytes, shmem_bytes, kernel_bytes;
	struct counter peak_uncertainty_bytes;
	bool peak_sampled;             /* no kernel counter: the highest sample, a lower bound */
	struct counter residual_bytes; /* still charged when everything had ended (tmpfs files) */

	struct raw_counters before, after;

	struct counter processes_peak, killed_at_end;
	/* programs in processes over the whole run: each exec counts, and what is known is a lower
	 * bound */
	struct counter processes_seen;
	struct counter processes_covered;  /* a witness got into; unknown: as the witness counted */
	const struct backtrace *backtrace; /* of the first refusal, or NULL */
	const struct last_words *last_words; /* NULL: not asked for */
	const struct backtrace *last_calls;  /* of these, or NULL */
	const struct snapshot *snapshot;     /* near the limit, or NULL */
	const struct timeline_point *timeline;
	size_t timeline_count;

	uint64_t wall_ms;
	struct counter user_ms, system_ms;
	double setup_ms, teardown_ms;

	struct stream_facts stdout_facts, stderr_facts;

	struct timespec started_at;   /* CLOCK_REALTIME */
	uint64_t started_boottime_us; /* the same moment by clock_us(); 0: not known */
	const char *cgroup_mode;      /* "v2", "v1", "hybrid", "none" */
	uint64_t host_memory_bytes, host_swap_bytes;
	int overcommit_mode; /* /proc/sys/vm/overcommit_memory; -1 unknown */

	struct name_list mechanisms;
	struct text_list degraded, warnings;
	struct text_list
		uncovered; /* of the processes seen, the commands that no witness got into */
};

#endif
