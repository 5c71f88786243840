/* SPDX-License-Identifier: MIT
 *
 * names.c - the words for the answers, as in the report and in --expect.
 */
#include "judge/verdict.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	int status; /* of --exit-code verdict */
} verdicts[VERDICT_COUNT] = {
	[VERDICT_OK] = { "ok", 0 },
	[VERDICT_FAILED] = { "failed", 10 },
	[VERDICT_ALLOC_FAILURE] = { "alloc_failure", 11 },
	[VERDICT_OOM_KILL] = { "oom_kill", 12 },
	[VERDICT_TIMEOUT] = { "timeout", 13 },
	[VERDICT_OUTPUT_LIMIT] = { "output_limit", 14 },
	[VERDICT_POLICY_VIOLATION] = { "policy_violation", 15 },
	[VERDICT_KILLED] = { "killed", 16 },
	[VERDICT_NOT_STARTED] = { "not_started", 17 },
	[VERDICT_INDETERMINATE] = { "indeterminate", 18 },
};

static const struct {
	const char *name;
	enum verdict verdict; /* the one that it is a reason of */
} reasons[REASON_COUNT] = {
	[REASON_RECOVERED_ALLOC_FAILURE] = { "recovered_alloc_failure", VERDICT_OK },
	[REASON_UNDER_PRESSURE] = { "under_pressure", VERDICT_OK },
	[REASON_CLEAN] = { "clean", VERDICT_OK },
	[REASON_EXIT] = { "exit", VERDICT_FAILED },
	[REASON_CRASH] = { "crash", VERDICT_FAILED },
	[REASON_SIGNAL] = { "signal", VERDICT_FAILED },
	[REASON_REFUSED] = { "refused", VERDICT_ALLOC_FAILURE },
	[REASON_UNCHECKED] = { "unchecked", VERDICT_ALLOC_FAILURE },
	[REASON_RUNTIME_HEAP] = { "runtime_heap", VERDICT_ALLOC_FAILURE },
	[REASON_KERNEL_OBJECT] = { "kernel_object", VERDICT_ALLOC_FAILURE },
	[REASON_AT_EXEC] = { "at_exec", VERDICT_ALLOC_FAILURE },
	[REASON_OWN_LIMIT] = { "own_limit", VERDICT_OOM_KILL },
	[REASON_INNER_LIMIT] = { "inner_limit", VERDICT_OOM_KILL },
	[REASON_ANCESTOR_LIMIT] = { "ancestor_limit", VERDICT_OOM_KILL },
	[REASON_HOST] = { "host", VERDICT_OOM_KILL },
	[REASON_OUTSIDE] = { "outside", VERDICT_OOM_KILL },
	[REASON_WALL] = { "wall", VERDICT_TIMEOUT },
	[REASON_CPU] = { "cpu", VERDICT_TIMEOUT },
	[REASON_STALLED_AT_LIMIT] = { "stalled_at_limit", VERDICT_TIMEOUT },
	[REASON_THROTTLED] = { "throttled", VERDICT_TIMEOUT },
	[REASON_STDOUT] = { "stdout", VERDICT_OUTPUT_LIMIT },
	[REASON_STDERR] = { "stderr", VERDICT_OUTPUT_LIMIT },
	[REASON_FILE] = { "file", VERDICT_OUTPUT_LIMIT },
	[REASON_SYSCALL] = { "syscall", VERDICT_POLICY_VIOLATION },
	[REASON_PIDS] = { "pids", VERDICT_POLICY_VIOLATION },
	[REASON_EXTERNAL] = { "external", VERDICT_KILLED },
	[REASON_OOMD] = { "oomd", VERDICT_KILLED },
	[REASON_INTERRUPTED] = { "interrupted", VERDICT_KILLED },
	[REASON_SETUP] = { "setup", VERDICT_NOT_STARTED },
	[REASON_EXEC] = { "exec", VERDICT_NOT_STARTED },
	[REASON_LIMIT_TOO_SMALL] = { "limit_too_small", VERDICT_NOT_STARTED },
	[REASON_EVIDENCE_LOST] = { "evidence_lost", VERDICT_INDETERMINATE },
	[REASON_GROUP_REMOVED] = { "group_removed", VERDICT_INDETERMINATE },
};

static const char *const victims[VICTIM_COUNT] = {
	[VICTIM_NONE] = NULL,
	[VICTIM_MAIN] = "main",
	[VICTIM_DESCENDANT] = "descendant",
	[VICTIM_GROUP] = "group",
	[VICTIM_UNKNOWN] = "unknown",
};

static const char *const confidences[CONFIDENCE_COUNT] = {
	[CONFIDENCE_LOW] = "low",
	[CONFIDENCE_MEDIUM] = "medium",
	[CONFIDENCE_HIGH] = "high",
	[CONFIDENCE_CERTAIN] = "certain",
};

const char *verdict_name(enum verdict verdict)
{
	return verdicts[verdict].name;
}

int verdict_status(enum verdict verdict)
{
	return verdicts[verdict].status;
}

const char *reason_name(enum reason reason)
{
	return reasons[reason].name;
}

enum verdict reason_verdict(enum reason reason)
{
	return reasons[reason].verdict;
}

const char *victim_name(enum victim victim)
{
	return victims[victim];
}

const char *confidence_name(enum confidence confidence)
{
	return confidences[confidence];
}

bool verdict_exists(const char *verdict, const char *reason)
{
	for (size_t i = 0; i < REASON_COUNT; i++)
		if (strcmp(verdicts[reasons[i].verdict].name, verdict) == 0 &&
			(reason == NULL || strcmp(reasons[i].name, reason) == 0))
			return true;
	return false;
}
