/* SPDX-License-Identifier: MIT
 *
 * report_cases.h - at least one run for every verdict and reason, for the tests of the report and
 * of its summary.
 */
#ifndef MEMCAGE_TESTS_REPORT_CASES_H
#define MEMCAGE_TESTS_REPORT_CASES_H

#include "report_shapes.h"

struct report_case {
	const char *name;
	void (*shape)(struct sample *); /* NULL: the quiet run */
	enum verdict verdict;
	enum reason reason;
	enum victim victim;
	enum confidence confidence;
};

#define CERTAIN CONFIDENCE_CERTAIN
#define HIGH CONFIDENCE_HIGH
#define MEDIUM CONFIDENCE_MEDIUM
#define LOW CONFIDENCE_LOW

/* clang-format off */
static const struct report_case report_cases[] = {
	{ "clean", NULL, VERDICT_OK, REASON_CLEAN, VICTIM_NONE, CERTAIN },
	{ "clean_unlimited", unlimited, VERDICT_OK, REASON_CLEAN, VICTIM_NONE, CERTAIN },
	{ "clean_unmeasured", unmeasured, VERDICT_OK, REASON_CLEAN, VICTIM_NONE, MEDIUM },
	{ "clean_sampled", sampled, VERDICT_OK, REASON_CLEAN, VICTIM_NONE, HIGH },
	{ "under_pressure", tight, VERDICT_OK, REASON_UNDER_PRESSURE, VICTIM_NONE, HIGH },
	{ "recovered", lived, VERDICT_OK, REASON_RECOVERED_ALLOC_FAILURE, VICTIM_NONE, HIGH },
	{ "recovered_overcommit", lived_overcommit, VERDICT_OK, REASON_RECOVERED_ALLOC_FAILURE, VICTIM_NONE, HIGH },
	{ "recovered_inside", java_inside, VERDICT_OK, REASON_RECOVERED_ALLOC_FAILURE, VICTIM_NONE, HIGH },
	{ "exit", exit_3, VERDICT_FAILED, REASON_EXIT, VICTIM_NONE, CERTAIN },
	{ "crash", crashed, VERDICT_FAILED, REASON_CRASH, VICTIM_NONE, HIGH },
	{ "signal", terminated, VERDICT_FAILED, REASON_SIGNAL, VICTIM_NONE, MEDIUM },
	{ "refused", memory_error, VERDICT_ALLOC_FAILURE, REASON_REFUSED, VICTIM_NONE, HIGH },
	{ "refused_unseen", refused_unseen, VERDICT_ALLOC_FAILURE, REASON_REFUSED, VICTIM_NONE, MEDIUM },
	{ "refused_bad_alloc", bad_alloc, VERDICT_ALLOC_FAILURE, REASON_REFUSED, VICTIM_NONE, HIGH },
	{ "refused_inside", go_inside, VERDICT_ALLOC_FAILURE, REASON_REFUSED, VICTIM_NONE, MEDIUM },
	{ "unchecked", unchecked, VERDICT_ALLOC_FAILURE, REASON_UNCHECKED, VICTIM_NONE, HIGH },
	{ "runtime_heap", java_heap, VERDICT_ALLOC_FAILURE, REASON_RUNTIME_HEAP, VICTIM_NONE, MEDIUM },
	{ "runtime_heap_inside", java_inside_and_end, VERDICT_ALLOC_FAILURE, REASON_RUNTIME_HEAP, VICTIM_NONE, HIGH },
	{ "kernel_object", kernel_object, VERDICT_ALLOC_FAILURE, REASON_KERNEL_OBJECT, VICTIM_NONE, HIGH },
	{ "at_exec", at_exec, VERDICT_ALLOC_FAILURE, REASON_AT_EXEC, VICTIM_NONE, HIGH },
	{ "own_limit", own_main, VERDICT_OOM_KILL, REASON_OWN_LIMIT, VICTIM_MAIN, CERTAIN },
	{ "own_limit_child", own_child, VERDICT_OOM_KILL, REASON_OWN_LIMIT, VICTIM_DESCENDANT, CERTAIN },
	{ "own_limit_group", own_group, VERDICT_OOM_KILL, REASON_OWN_LIMIT, VICTIM_GROUP, CERTAIN },
	{ "own_limit_unlogged", own_unlogged, VERDICT_OOM_KILL, REASON_OWN_LIMIT, VICTIM_MAIN, MEDIUM },
	{ "own_limit_unknown", own_unlogged, VERDICT_OOM_KILL, REASON_OWN_LIMIT, VICTIM_UNKNOWN, MEDIUM },
	{ "inner_limit", inner, VERDICT_OOM_KILL, REASON_INNER_LIMIT, VICTIM_DESCENDANT, CERTAIN },
	{ "ancestor_limit", ancestor, VERDICT_OOM_KILL, REASON_ANCESTOR_LIMIT, VICTIM_MAIN, CERTAIN },
	{ "ancestor_limit_child", ancestor_child, VERDICT_OOM_KILL, REASON_ANCESTOR_LIMIT, VICTIM_DESCENDANT, CERTAIN },
	{ "host", host, VERDICT_OOM_KILL, REASON_HOST, VICTIM_MAIN, CERTAIN },
	{ "outside", outside, VERDICT_OOM_KILL, REASON_OUTSIDE, VICTIM_UNKNOWN, LOW },
	{ "wall", wall, VERDICT_TIMEOUT, REASON_WALL, VICTIM_NONE, CERTAIN },
	{ "cpu", cpu, VERDICT_TIMEOUT, REASON_CPU, VICTIM_NONE, CERTAIN },
	{ "stalled_at_limit", stalled, VERDICT_TIMEOUT, REASON_STALLED_AT_LIMIT, VICTIM_NONE, HIGH },
	{ "throttled", throttled, VERDICT_TIMEOUT, REASON_THROTTLED, VICTIM_NONE, MEDIUM },
	{ "stdout", much_stdout, VERDICT_OUTPUT_LIMIT, REASON_STDOUT, VICTIM_NONE, CERTAIN },
	{ "stderr", much_stderr, VERDICT_OUTPUT_LIMIT, REASON_STDERR, VICTIM_NONE, CERTAIN },
	{ "file", large_file, VERDICT_OUTPUT_LIMIT, REASON_FILE, VICTIM_NONE, HIGH },
	{ "syscall", forbidden, VERDICT_POLICY_VIOLATION, REASON_SYSCALL, VICTIM_NONE, CERTAIN },
	{ "pids", too_many, VERDICT_POLICY_VIOLATION, REASON_PIDS, VICTIM_NONE, HIGH },
	{ "external", killed_outside, VERDICT_KILLED, REASON_EXTERNAL, VICTIM_NONE, CERTAIN },
	{ "oomd", oomd, VERDICT_KILLED, REASON_OOMD, VICTIM_NONE, HIGH },
	{ "interrupted", interrupted, VERDICT_KILLED, REASON_INTERRUPTED, VICTIM_NONE, CERTAIN },
	{ "setup", setup, VERDICT_NOT_STARTED, REASON_SETUP, VICTIM_NONE, CERTAIN },
	{ "exec", not_found, VERDICT_NOT_STARTED, REASON_EXEC, VICTIM_NONE, CERTAIN },
	{ "exec_denied", not_executable, VERDICT_NOT_STARTED, REASON_EXEC, VICTIM_NONE, CERTAIN },
	{ "limit_too_small", too_small, VERDICT_NOT_STARTED, REASON_LIMIT_TOO_SMALL, VICTIM_NONE, HIGH },
	{ "evidence_lost", lost, VERDICT_INDETERMINATE, REASON_EVIDENCE_LOST, VICTIM_NONE, LOW },
	{ "group_removed", removed, VERDICT_INDETERMINATE, REASON_GROUP_REMOVED, VICTIM_NONE, LOW },
};
/* clang-format on */

#define REPORT_CASE_COUNT (sizeof(report_cases) / sizeof(*report_cases))

static inline void case_sample(const struct report_case *report_case, struct sample *sample)
{
	quiet(sample);
	sample->judgement.verdict = report_case->verdict;
	sample->judgement.reason = report_case->reason;
	sample->judgement.victim = report_case->victim;
	sample->judgement.confidence = report_case->confidence;
	if (report_case->shape != NULL)
		report_case->shape(sample);
}

static inline json_t *case_report(const struct report_case *report_case)
{
	struct sample *sample = malloc(sizeof(*sample));
	json_t *report = NULL;

	if (sample != NULL) {
		case_sample(report_case, sample);
		report = sample_report(sample);
	}
	free(sample);
	return report;
}

#endif
