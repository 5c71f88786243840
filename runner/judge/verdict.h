/* SPDX-License-Identifier: MIT
 *
 * verdict.h - why a run ended: a pure function of the evidence, and the names of the answers.
 */
#ifndef MEMCAGE_JUDGE_VERDICT_H
#define MEMCAGE_JUDGE_VERDICT_H

#include "judge/evidence.h"

enum verdict {
	VERDICT_OK,
	VERDICT_FAILED,
	VERDICT_ALLOC_FAILURE,
	VERDICT_OOM_KILL,
	VERDICT_TIMEOUT,
	VERDICT_OUTPUT_LIMIT,
	VERDICT_POLICY_VIOLATION,
	VERDICT_KILLED,
	VERDICT_NOT_STARTED,
	VERDICT_INDETERMINATE,
	VERDICT_COUNT
};

enum reason {
	REASON_RECOVERED_ALLOC_FAILURE, /* ok */
	REASON_UNDER_PRESSURE,
	REASON_CLEAN,
	REASON_EXIT, /* failed */
	REASON_CRASH,
	REASON_SIGNAL,
	REASON_REFUSED, /* alloc_failure */
	REASON_UNCHECKED,
	REASON_RUNTIME_HEAP,
	REASON_KERNEL_OBJECT,
	REASON_AT_EXEC,
	REASON_OWN_LIMIT, /* oom_kill */
	REASON_INNER_LIMIT,
	REASON_ANCESTOR_LIMIT,
	REASON_HOST,
	REASON_OUTSIDE,
	REASON_WALL, /* timeout */
	REASON_CPU,
	REASON_STALLED_AT_LIMIT,
	REASON_THROTTLED,
	REASON_STDOUT, /* output_limit */
	REASON_STDERR,
	REASON_FILE,
	REASON_SYSCALL, /* policy_violation */
	REASON_PIDS,
	REASON_EXTERNAL, /* killed */
	REASON_OOMD,
	REASON_INTERRUPTED,
	REASON_SETUP, /* not_started */
	REASON_EXEC,
	REASON_LIMIT_TOO_SMALL,
	REASON_EVIDENCE_LOST, /* indeterminate */
	REASON_GROUP_REMOVED,
	REASON_COUNT
};

enum victim {
	VICTIM_NONE,
	VICTIM_MAIN,
	VICTIM_DESCENDANT,
	VICTIM_GROUP,
	VICTIM_UNKNOWN,
	VICTIM_COUNT
};

enum confidence {
	CONFIDENCE_LOW,
	CONFIDENCE_MEDIUM,
	CONFIDENCE_HIGH,
	CONFIDENCE_CERTAIN,
	CONFIDENCE_COUNT
};

#define BECAUSE_MAX 10
#define BECAUSE_SIZE 256

struct judgement {
	enum verdict verdict;
	enum reason reason;
	enum victim victim; /* of an OOM kill; else VICTIM_NONE */
	enum confidence confidence;
	int owner_ancestor; /* index into ancestors of the limit's owner; -1: none or not in the
			       list */
	int because_count;
	char because[BECAUSE_MAX][BECAUSE_SIZE]; /* the facts that led here, one sentence each */
};

struct judgement judge(const struct evidence *evidence);

/* Names as in the contract and the report. */
const char *verdict_name(enum verdict verdict);
const char *reason_name(enum reason reason);
enum verdict reason_verdict(enum reason reason); /* the verdict that it is a reason of */
const char *victim_name(enum victim victim);     /* NULL for VICTIM_NONE */
const char *confidence_name(enum confidence confidence);

/* Whether there is a verdict of this name, with a reason of that name (NULL: any). */
bool verdict_exists(const char *verdict, const char *reason);

/* The exit status of `--exit-code verdict`. */
int verdict_status(enum verdict verdict);

#endif
