/* SPDX-License-Identifier: MIT
 *
 * evidence.h - everything that was seen of one run, frozen: plain data, no pointers, no I/O. The
 * verdict and the report are made from this and from nothing else.
 *
 * Counters that end in nothing are rises over the run (final reading - baseline).
 */
#ifndef MEMCAGE_JUDGE_EVIDENCE_H
#define MEMCAGE_JUDGE_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/counter.h"
#include "witness/kernel_log.h"
#include "witness/refusals.h"
#include "witness/runtime_failure.h"

#define EVIDENCE_KILLS_MAX 16
#define EVIDENCE_ANCESTORS_MAX 24
#define EVIDENCE_PATH_SIZE 512
#define EVIDENCE_COMMAND_SIZE 64

enum evidence_backend { EVIDENCE_V2, EVIDENCE_V1, EVIDENCE_RLIMIT };

/* How far the command got on its way into exec. */
enum evidence_start {
	START_DONE,             /* exec was through */
	START_SETUP_FAILED,     /* a step before exec failed: start_step, start_errno */
	START_EXEC_FAILED,      /* the kernel refused to execute it: start_errno */
	START_DIED_BEFORE_EXEC, /* ended between clone and the end of exec */
};

/* What we did to the run ourselves, the first of it. */
enum evidence_act {
	ACT_NONE,
	ACT_WALL_TIME,
	ACT_CPU_TIME,
	ACT_STALL, /* at the limit, OOM events rising, nobody killed, no progress */
	ACT_OUTPUT_STDOUT,
	ACT_OUTPUT_STDERR,
	ACT_INTERRUPTED, /* memcage was told to stop by interrupt_signal */
};

enum limit_owner { OWNER_UNKNOWN, OWNER_OWN, OWNER_INNER, OWNER_ANCESTOR, OWNER_HOST };

/* One kill that the kernel log tells of, or a witness in the kernel: then only pid and command. */
struct evidence_kill {
	struct kernel_kill log;
	enum limit_owner owner;
	bool is_main; /* its pid is the main process's; false where pids cannot be compared */
	bool marked;  /* not in the log: the kernel marked it as the victim, pid as we see it */
};

/* A group above the leaf, nearest first. */
struct evidence_ancestor {
	char path[EVIDENCE_PATH_SIZE];
	struct counter limit_bytes; /* UINT64_MAX: no limit */
	struct counter ooms;        /* v2: memory.events.local oom */
	bool reached; /* v1: max_usage stood below its limit at the baseline and at it after */
};

/* A runtime's own out-of-memory message, seen on a stream. Never proof by itself. */
struct evidence_signature {
	bool seen;
	char runtime[16];    /* "python", "c++", "go", ... */
	char text[160];      /* the line, cut, control characters replaced */
	bool status_matches; /* main ended with a status that the runtime documents for it */
	bool is_heap_cap;    /* the message is of the runtime's own heap limit */
	bool is_start;       /* the message is of a loader or a runtime before any user code ran */
	bool image_matches;  /* the process which ended so had that runtime's image mapped */
};

/* Failures that were seen inside language runtimes. One that another witness saw as a refused
 * allocation is the same one. */
struct evidence_runtime {
	bool watched;
	bool lost;                   /* some may be missing */
	uint64_t hits;               /* in all processes */
	uint64_t main_hits;          /* of them: in the main process */
	uint64_t unplaced_hits;      /* of them: in threads that had ended; whose is not known */
	struct runtime_failure told; /* the main process, else the one that failed last */
	bool status_matches; /* main ended as that runtime documents for it, or passed on such
				an end of its child */
};

struct evidence {
	enum evidence_backend backend;

	/* start and end of the main process */
	enum evidence_start start;
	char start_step[160]; /* "changing to /nosuch", "changing the user", ... */
	int start_errno;
	bool end_known;
	bool signaled;
	int status; /* exit code, or signal number when signaled */
	bool core_dumped;
	int main_pid;
	int main_own_pid; /* as it sees itself, in a pid namespace; 0: it did not come to tell */
	char main_command[EVIDENCE_COMMAND_SIZE];

	/* the limit */
	struct counter limit_bytes; /* memory.max of the leaf as read back; UINT64_MAX: none */
	bool high_set;              /* memory.high in force */
	bool oom_group;             /* a kill takes the whole cage */
	bool at_limit_fail;         /* allocations are refused before the limit */
	struct counter rlimit_data_bytes;

	/* kernel counters of the leaf; v1 counts the leaf alone, v2 the whole subtree */
	struct counter oom_kills;
	struct counter local_ooms; /* v2: memory.events.local oom */
	struct counter tree_ooms;  /* v2: memory.events oom, inner groups included */
	struct counter limit_hits; /* v2: memory.events max */
	struct counter high_hits;  /* v2: memory.events high */
	struct counter group_kills;
	struct counter inner_oom_kills; /* v1: sum over groups that the workload made in the leaf */
	struct counter host_oom_kills;  /* /proc/vmstat oom_kill */
	struct counter pids_refused;    /* pids.events max */
	struct counter oomd_kills;      /* systemd-oomd's mark on the leaf or a group above */
	struct counter peak_bytes;
	bool peak_reached_limit;
	bool peak_near_limit; /* within what the kernel charges ahead: it may have been at it */
	bool file_cache_was_large; /* v1: file cache took a good part of the limit */
	bool group_removed;        /* the leaf was gone before the last reading */
	struct counter swap_peak_bytes;

	/* above us */
	int ancestor_count;
	struct evidence_ancestor ancestors[EVIDENCE_ANCESTORS_MAX];
	bool ancestors_all_visible; /* up to the real root, and each could be read */

	/* the kernel log */
	bool log_readable;
	bool log_pids_comparable; /* we are in the first pid namespace */
	bool victims_told;        /* a witness in the kernel saw every victim */
	int kill_count;           /* may be fewer than oom_kills: the log is rate-limited */
	struct evidence_kill kills[EVIDENCE_KILLS_MAX];

	/* ours */
	enum evidence_act act;
	uint64_t act_at_ms;
	struct counter oom_kills_before_act; /* rise at the moment we acted */
	int interrupt_signal;
	bool oom_group_emulated; /* v1: we emptied the cage at the first kill */

	/* tree */
	bool had_descendants; /* ever seen more than one process */

	struct refusals refusals;
	struct evidence_runtime runtime;
	struct evidence_signature signature;
	bool streams_tapped;

	uint64_t wall_ms;
};

#endif
