/* SPDX-License-Identifier: MIT
 *
 * report_sample.h - a quiet run made by hand, and what can happen to it, for the tests of the
 * report.
 */
#ifndef MEMCAGE_TESTS_REPORT_SAMPLE_H
#define MEMCAGE_TESTS_REPORT_SAMPLE_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "judge/verdict.h"
#include "report/facts.h"
#include "report/json.h"
#include "witness/backtrace.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

/* What a report is made from. */
struct sample {
	struct report_facts facts;
	struct evidence evidence;
	struct judgement judgement;
};

static const char *const python[] = { "/usr/bin/python3", "script.py", NULL };
static const struct timeline_point growth[] = { { 0, MIB }, { 50, 20 * MIB }, { 100, 41 * MIB },
	{ 150, 90 * MIB }, { 200, 150 * MIB }, { 250, 200 * MIB }, { 300, 230 * MIB } };

/* A quiet run of python3 script.py: 41.2 MiB of 256 MiB, exit 0 after 300 ms, all witnesses. */
static inline void quiet(struct sample *sample)
{
	struct report_facts *facts = &sample->facts;
	struct evidence *evidence = &sample->evidence;

	memset(sample, 0, sizeof(*sample));
	facts->argv = python;
	facts->cwd = "/home/me";
	facts->memory_bytes = 256 * MIB;
	facts->memory_high_bytes = facts->wall_time_ms = facts->cpu_time_ms = UINT64_MAX;
	facts->pids = facts->output_bytes = UINT64_MAX;
	facts->stall_ms = 10000;
	facts->effective_bytes = counter_of(256 * MIB);
	facts->effective_owner = "own";
	facts->effective_path = "/user.slice/memcage-1";
	facts->backend = "v2";
	facts->leaf_path = "/user.slice/memcage-1";
	name_list_add(&facts->mechanisms, "memory.max");
	name_list_add(&facts->mechanisms, "memory.swap.max");
	facts->anon_bytes = counter_of(30 * MIB);
	facts->file_bytes = counter_of(8 * MIB);
	facts->shmem_bytes = counter_of(0);
	facts->kernel_bytes = counter_of(2 * MIB);
	raw_counters_add(&facts->before, "memory.events max", counter_of(0));
	raw_counters_add(&facts->after, "memory.events max", counter_of(0));
	facts->processes_peak = counter_of(1);
	facts->processes_seen = counter_of(1);
	facts->killed_at_end = counter_of(0);
	facts->timeline = growth;
	facts->timeline_count = 3;
	facts->wall_ms = 300;
	facts->user_ms = counter_of(210);
	facts->system_ms = counter_of(40);
	facts->setup_ms = 1.25;
	facts->teardown_ms = 0.3;
	facts->stdout_facts = (struct stream_facts){
		.tapped = true, .bytes = 6, .head = "hello\n", .head_size = 6
	};
	facts->stderr_facts = (struct stream_facts){ .tapped = true };
	facts->started_at = (struct timespec){ 1700000000, 123456789 };
	facts->started_boottime_us = 5000000;
	facts->cgroup_mode = "v2";
	facts->host_memory_bytes = 8 * GIB;
	facts->overcommit_mode = 0;

	evidence->end_known = true;
	evidence->main_pid = 4711;
	text_copy(evidence->main_command, sizeof(evidence->main_command), "python3");
	evidence->limit_bytes = counter_of(256 * MIB);
	evidence->peak_bytes = counter_of(412 * MIB / 10);
	evidence->oom_kills = evidence->local_ooms = evidence->tree_ooms = counter_of(0);
	evidence->limit_hits = evidence->host_oom_kills = counter_of(0);
	evidence->swap_peak_bytes = counter_of(0);
	evidence->streams_tapped = evidence->log_readable = evidence->log_pids_comparable = true;
	evidence->refusals.watched = true;
	evidence->refusals.covered = 1;
	evidence->wall_ms = 300;

	sample->judgement.owner_ancestor = -1;
	sample->judgement.because_count = 1;
	text_copy(sample->judgement.because[0], BECAUSE_SIZE, "the main process exited 0");
}

static inline void exits(struct sample *sample, int code)
{
	sample->evidence.status = code;
}

static inline void dies(struct sample *sample, int number)
{
	sample->evidence.signaled = true;
	sample->evidence.status = number;
}

static inline void refused(struct sample *sample, enum refusal_cause cause)
{
	struct refusals *refusals = &sample->evidence.refusals;

	refusals->hard = refusals->main_hard = refusals->by_cause[cause] = 1;
	refusals->hard_was_last = refusals->first_known = true;
	refusals->largest_bytes = refusals->first.request_bytes = 15 * GIB / 2;
	refusals->first.cause = cause;
	refusals->first.pid = 4711;
	refusals->first.boottime_us = 5120000;
	text_copy(refusals->first.function, sizeof(refusals->first.function), "malloc");
	text_copy(refusals->first.command, sizeof(refusals->first.command), "python3");
	text_copy(refusals->first.source_line, sizeof(refusals->first.source_line),
		"/home/me/script.py:1");
	text_copy(refusals->first.cause_detail, sizeof(refusals->first.cause_detail),
		"RLIMIT_DATA 251658240, data 9437184");
	sample->facts.at_limit_fail = sample->evidence.at_limit_fail = cause == CAUSE_AT_LIMIT_FAIL;
}

static const struct backtrace sample_backtrace = {
	.count = 3,
	.frames = { { .module = "/home/me/job",
			    .offset_known = true,
			    .offset = 0x1182,
			    .function = "load",
			    .source = "/home/me/job.c:12" },
		{ .module = "/usr/lib/libx.so.1", .offset_known = true, .offset = 0x20f0 },
		{ .module = "/opt/gone.so" } },
	.note = "there are more calls",
};

static inline void says(struct sample *sample, const char *runtime, const char *text)
{
	struct evidence_signature *signature = &sample->evidence.signature;

	signature->seen = signature->status_matches = true;
	text_copy(signature->runtime, sizeof(signature->runtime), runtime);
	text_copy(signature->text, sizeof(signature->text), text);
}

static inline void killed(struct sample *sample, int pid, enum limit_owner owner, const char *group)
{
	struct evidence *evidence = &sample->evidence;
	struct evidence_kill *kill = &evidence->kills[evidence->kill_count++];

	evidence->oom_kills = counter_of((uint64_t)evidence->kill_count);
	evidence->peak_bytes = evidence->limit_bytes;
	kill->owner = owner;
	kill->is_main = pid == evidence->main_pid;
	kill->log.pid = pid;
	kill->log.anon_bytes = counter_of(255 * MIB);
	kill->log.file_bytes = counter_of(MIB);
	kill->log.shmem_bytes = counter_of(0);
	text_copy(kill->log.command, sizeof(kill->log.command), "python3");
	text_copy(kill->log.constraint, sizeof(kill->log.constraint), "CONSTRAINT_MEMCG");
	text_copy(kill->log.oom_memcg, sizeof(kill->log.oom_memcg), group);
	text_copy(kill->log.task_memcg, sizeof(kill->log.task_memcg), "/user.slice/memcage-1");
	sample->facts.wall_ms = 400;
	if (kill->is_main)
		dies(sample, SIGKILL);
}

static inline void acted(struct sample *sample, enum evidence_act act)
{
	sample->evidence.act = act;
	sample->evidence.act_at_ms = sample->facts.wall_ms = 5000;
	sample->evidence.oom_kills_before_act = counter_of(0);
	dies(sample, SIGKILL);
}

static inline void below(struct sample *sample, const char *path, uint64_t limit)
{
	struct evidence_ancestor *ancestor =
		&sample->evidence.ancestors[sample->evidence.ancestor_count++];

	text_copy(ancestor->path, sizeof(ancestor->path), path);
	ancestor->limit_bytes = counter_of(limit);
	ancestor->ooms = counter_of(1);
}

static inline void fails_to_start(struct sample *sample, enum evidence_start start, int error)
{
	sample->evidence.start = start;
	sample->evidence.start_errno = error;
	sample->evidence.main_command[0] = '\0';
	sample->evidence.status = 127;
}

static inline json_t *sample_report(const struct sample *sample)
{
	return report_json(&sample->facts, &sample->evidence, &sample->judgement);
}

#endif
