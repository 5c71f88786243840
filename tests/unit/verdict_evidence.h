/* SPDX-License-Identifier: MIT
 *
 * verdict_evidence.h - evidence for the tests of judge(): a quiet run per backend, and small named
 * changes to it that can be put together.
 */
#ifndef MEMCAGE_TEST_VERDICT_EVIDENCE_H
#define MEMCAGE_TEST_VERDICT_EVIDENCE_H

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "judge/verdict.h"

#define MIB (UINT64_C(1) << 20)

/* ------------------------------------------------------------------ a run that ended well */

static inline void quiet_run(struct evidence *e, enum evidence_backend backend)
{
	bool cgroup = backend != EVIDENCE_RLIMIT, v2 = backend == EVIDENCE_V2;
	struct counter zero = counter_of(0), none = { 0 };

	memset(e, 0, sizeof(*e));
	e->backend = backend;
	e->end_known = true;
	e->main_pid = 4711;
	(void)snprintf(e->main_command, sizeof(e->main_command), "python3");
	e->limit_bytes = cgroup ? counter_of(256 * MIB) : none;
	e->peak_bytes = cgroup ? counter_of(41 * MIB) : none;
	e->oom_kills = e->oom_kills_before_act = cgroup ? zero : none;
	e->pids_refused = cgroup ? zero : none;
	e->inner_oom_kills = backend == EVIDENCE_V1 ? zero : none;
	e->local_ooms = e->tree_ooms = v2 ? zero : none;
	e->limit_hits = e->high_hits = e->group_kills = v2 ? zero : none;
	e->host_oom_kills = zero;
	e->ancestor_count = cgroup ? 2 : 0;
	for (int i = 0; i < e->ancestor_count; i++) {
		(void)snprintf(e->ancestors[i].path, EVIDENCE_PATH_SIZE, "%s",
			i == 0 ? "/sys/fs/cgroup/outer/job" : "/sys/fs/cgroup/outer");
		e->ancestors[i].limit_bytes = counter_of(UINT64_MAX);
		e->ancestors[i].ooms = v2 ? zero : none;
	}
	e->ancestors_all_visible = cgroup;
	e->refusals.watched = true;
	e->refusals.covered = 1;
	e->streams_tapped = true;
	e->wall_ms = 300;
}

static inline void as_is(struct evidence *e)
{
	(void)e;
}

/* ------------------------------------------------------------------ start and end */

static inline void setup_failed(struct evidence *e)
{
	e->start = START_SETUP_FAILED;
	e->start_errno = EACCES;
	(void)snprintf(e->start_step, sizeof(e->start_step), "chdir");
	e->end_known = false;
}

static inline void exec_not_found(struct evidence *e)
{
	e->start = START_EXEC_FAILED;
	e->start_errno = ENOENT;
}

static inline void exec_no_memory(struct evidence *e)
{
	e->start = START_EXEC_FAILED;
	e->start_errno = ENOMEM;
}

static inline void died_before_exec(struct evidence *e)
{
	e->start = START_DIED_BEFORE_EXEC;
}

static inline void by_signal(struct evidence *e, int number)
{
	e->signaled = true;
	e->status = number;
}

static inline void exit_1(struct evidence *e)
{
	e->status = 1;
}

static inline void exit_137(struct evidence *e)
{
	e->status = 137;
}

static inline void by_segv(struct evidence *e)
{
	by_signal(e, SIGSEGV);
}

static inline void by_bus(struct evidence *e)
{
	by_signal(e, SIGBUS);
}

static inline void by_abrt(struct evidence *e)
{
	by_signal(e, SIGABRT);
}

static inline void by_term(struct evidence *e)
{
	by_signal(e, SIGTERM);
}

static inline void by_kill(struct evidence *e)
{
	by_signal(e, SIGKILL);
}

static inline void end_unknown(struct evidence *e)
{
	e->end_known = false;
}

/* ------------------------------------------------------------------ kernel counters */

static inline void peak_at_limit(struct evidence *e)
{
	e->peak_bytes = counter_of(256 * MIB);
	e->peak_reached_limit = true;
}

static inline void limit_touched(struct evidence *e)
{
	peak_at_limit(e);
	if (e->backend == EVIDENCE_V2)
		e->limit_hits = counter_of(193);
}

static inline void high_touched(struct evidence *e)
{
	e->high_set = true;
	e->high_hits = counter_of(187);
}

static inline void ooms_without_kill(struct evidence *e)
{
	limit_touched(e);
	e->local_ooms = e->tree_ooms = counter_of(9604);
}

/* A kill, and nothing about whose limit it was. */
static inline void one_kill(struct evidence *e)
{
	e->oom_kills = counter_of(1);
	e->host_oom_kills = counter_of(1);
}

static inline void own_kill(struct evidence *e)
{
	one_kill(e);
	limit_touched(e);
	if (e->backend == EVIDENCE_V2)
		e->local_ooms = e->tree_ooms = counter_of(3);
}

static inline void inner_kill(struct evidence *e)
{
	one_kill(e);
	if (e->backend == EVIDENCE_V2)
		e->tree_ooms = counter_of(1);
	else {
		e->oom_kills = counter_of(0);
		e->inner_oom_kills = counter_of(1);
	}
}

static inline void outer_limit(struct evidence *e)
{
	e->ancestors[1].limit_bytes = counter_of(128 * MIB);
}

static inline void ancestor_kill(struct evidence *e)
{
	one_kill(e);
	outer_limit(e);
	if (e->backend == EVIDENCE_V2)
		e->ancestors[1].ooms = counter_of(1);
	else
		e->ancestors[1].reached = true;
}

static inline void nearest_unknown(struct evidence *e)
{
	e->ancestors[0].ooms.known = false;
}

static inline void ancestors_hidden(struct evidence *e)
{
	e->ancestors_all_visible = false;
}

static inline void outside_kill(struct evidence *e)
{
	one_kill(e);
	ancestors_hidden(e);
}

static inline void own_and_outer_kill(struct evidence *e)
{
	own_kill(e);
	ancestor_kill(e);
}

static inline void local_unknown(struct evidence *e)
{
	own_kill(e);
	e->local_ooms.known = false;
}

static inline void kills_unknown(struct evidence *e)
{
	e->oom_kills.known = false;
	e->oom_kills_before_act.known = false;
}

static inline void group_removed(struct evidence *e)
{
	kills_unknown(e);
	e->group_removed = true;
}

static inline void host_kills(struct evidence *e)
{
	e->host_oom_kills = counter_of(2);
}

static inline void host_unknown(struct evidence *e)
{
	e->host_oom_kills.known = false;
}

static inline void oomd(struct evidence *e)
{
	e->oomd_kills = counter_of(1);
}

static inline void pids_refused(struct evidence *e)
{
	e->pids_refused = counter_of(4);
}

/* v1 only */
static inline void cached_kill(struct evidence *e)
{
	own_kill(e);
	e->file_cache_was_large = true;
}

static inline void own_kill_outer_limit(struct evidence *e)
{
	own_kill(e);
	outer_limit(e);
}

static inline void below_outer_limit(struct evidence *e)
{
	one_kill(e);
	outer_limit(e);
}

static inline void inner_unknown(struct evidence *e)
{
	e->inner_oom_kills.known = false;
}

static inline void peak_unknown(struct evidence *e)
{
	one_kill(e);
	e->peak_bytes.known = false;
}

/* ------------------------------------------------------------------ the kernel log */

static inline void log_readable(struct evidence *e)
{
	e->log_readable = e->log_pids_comparable = true;
}

static inline void log_kill(struct evidence *e, enum limit_owner owner, int pid)
{
	struct evidence_kill *kill = &e->kills[e->kill_count++];

	log_readable(e);
	kill->owner = owner;
	kill->log.pid = pid;
	kill->is_main = pid == e->main_pid;
	(void)snprintf(kill->log.command, sizeof(kill->log.command), "python3");
	(void)snprintf(kill->log.task_memcg, sizeof(kill->log.task_memcg), "/outer/job/leaf");
	if (owner != OWNER_HOST && owner != OWNER_UNKNOWN)
		(void)snprintf(kill->log.oom_memcg, sizeof(kill->log.oom_memcg), "%s",
			owner == OWNER_OWN     ? "/outer/job/leaf"
			: owner == OWNER_INNER ? "/outer/job/leaf/inner"
					       : "/outer");
}

static inline void log_own(struct evidence *e)
{
	own_kill(e);
	log_kill(e, OWNER_OWN, 4711);
}

static inline void log_ancestor(struct evidence *e)
{
	own_kill(e); /* the counters point at the cage */
	log_kill(e, OWNER_ANCESTOR, 4711);
}

static inline void log_host(struct evidence *e)
{
	one_kill(e);
	log_kill(e, OWNER_HOST, 4711);
}

/* The group in the cage was removed by its maker, and its counter with it: only the log knows. */
static inline void log_inner(struct evidence *e)
{
	e->host_oom_kills = counter_of(1);
	log_kill(e, OWNER_INNER, 4713);
}

static inline void log_without_counters(struct evidence *e)
{
	kills_unknown(e);
	e->local_ooms.known = false;
	e->peak_bytes.known = false;
	log_kill(e, OWNER_OWN, 4711);
}

static inline void log_child(struct evidence *e)
{
	log_kill(e, OWNER_UNKNOWN, 4713);
}

static inline void log_not_comparable(struct evidence *e)
{
	e->log_pids_comparable = false;
}

static inline void log_main(struct evidence *e)
{
	log_kill(e, OWNER_UNKNOWN, 4711);
}

/* ------------------------------------------------------------------ the tree */

static inline void tree(struct evidence *e)
{
	e->had_descendants = true;
}

static inline void kernel_group(struct evidence *e)
{
	tree(e);
	e->oom_group = true;
	e->group_kills = counter_of(1);
}

/* A group inside the cage that asked for group kills itself. */
static inline void inner_group(struct evidence *e)
{
	tree(e);
	e->group_kills = counter_of(1);
}

static inline void emulated_group(struct evidence *e)
{
	tree(e);
	e->oom_group = e->oom_group_emulated = true;
}

/* ------------------------------------------------------------------ what we did */

static inline void act(struct evidence *e, enum evidence_act act)
{
	e->act = act;
	e->act_at_ms = 5000;
}

static inline void wall(struct evidence *e)
{
	act(e, ACT_WALL_TIME);
}

static inline void wall_after_kill(struct evidence *e)
{
	wall(e);
	if (counter_some(e->oom_kills))
		e->oom_kills_before_act = counter_of(1);
}

/* The group was gone at the end, but when we acted a kill had been counted. */
static inline void removed_after_kill(struct evidence *e)
{
	wall(e);
	group_removed(e);
	e->oom_kills_before_act = counter_of(1);
}

static inline void wall_order_unknown(struct evidence *e)
{
	wall(e);
	e->oom_kills_before_act.known = false;
}

static inline void wall_throttled(struct evidence *e)
{
	wall(e);
	high_touched(e);
}

static inline void no_high_mark(struct evidence *e)
{
	e->high_set = false;
}

static inline void cpu(struct evidence *e)
{
	act(e, ACT_CPU_TIME);
}

static inline void stall(struct evidence *e)
{
	act(e, ACT_STALL);
}

static inline void output_stdout(struct evidence *e)
{
	act(e, ACT_OUTPUT_STDOUT);
}

static inline void output_stderr(struct evidence *e)
{
	act(e, ACT_OUTPUT_STDERR);
}

static inline void interrupted(struct evidence *e)
{
	act(e, ACT_INTERRUPTED);
	e->interrupt_signal = SIGTERM;
}

/* ------------------------------------------------------------------ refusals and texts */

static inline void unwatched(struct evidence *e)
{
	e->refusals = (struct refusals){ 0 };
}

static inline void uncovered(struct evidence *e)
{
	e->refusals.covered = 0;
}

static inline void refuse(struct evidence *e, enum refusal_cause cause, bool in_main, bool last)
{
	struct refusals *r = &e->refusals;

	r->hard = r->by_cause[cause] = 1;
	r->main_hard = in_main ? 1 : 0;
	r->hard_was_last = last;
	r->largest_bytes = 7680 * MIB;
	r->first_known = true;
	r->first = (struct refusal){ .request_bytes = 7680 * MIB,
		.cause = cause,
		.function = "malloc",
		.cause_detail = "RLIMIT_DATA 251658240, data 9437184",
		.pid = in_main ? 4711 : 4713,
		.command = "python3",
		.source_line = "script.py:2" };
}

static inline void hard(struct evidence *e)
{
	refuse(e, CAUSE_AT_LIMIT_FAIL, true, false);
}

static inline void hard_last(struct evidence *e)
{
	refuse(e, CAUSE_AT_LIMIT_FAIL, true, true);
}

static inline void from_outside(struct evidence *e)
{
	e->refusals.calls_by = CALLS_BY_TRACE;
	e->refusals.calls_only = true;
	e->refusals.kernel_side = e->refusals.hard;
}

static inline void partly_from_outside(struct evidence *e)
{
	e->refusals.calls_by = CALLS_BY_TRACE;
	e->refusals.kernel_side = e->refusals.hard++;
}

static inline void calls_lost(struct evidence *e)
{
	e->refusals.watched = e->refusals.calls_only = true;
	e->refusals.calls_by = CALLS_BY_BPF;
	e->refusals.covered = 1;
	e->refusals.calls_lost = 7;
}

static inline void calls_unwatched(struct evidence *e)
{
	calls_lost(e);
	e->refusals.calls_lost = 0;
	e->refusals.calls_unwatched = 1;
}

/* By a witness in the kernel, where the log says nothing. */
static inline void marked(struct evidence *e, bool is_main)
{
	struct evidence_kill *kill = &e->kills[e->kill_count++];

	kill->marked = true;
	kill->is_main = is_main;
	kill->log.pid = is_main ? e->main_pid : e->main_pid + 2;
	e->victims_told = true;
}

static inline void marked_main(struct evidence *e)
{
	marked(e, true);
}

static inline void marked_child(struct evidence *e)
{
	marked(e, false);
}

static inline void hard_in_child(struct evidence *e)
{
	refuse(e, CAUSE_AT_LIMIT_FAIL, false, true);
}

static inline void object_refused(struct evidence *e)
{
	refuse(e, CAUSE_KERNEL_OBJECT, true, false);
}

static inline void injected(struct evidence *e)
{
	refuse(e, CAUSE_INJECTED, true, true);
	e->refusals.injected = 1;
}

/* by the tracer, and the C library found another way */
static inline void injected_and_retried(struct evidence *e)
{
	e->refusals.retried = e->refusals.injected = 1;
}

static inline void retried(struct evidence *e)
{
	e->refusals.retried = 7;
}

static inline void impossible(struct evidence *e)
{
	e->refusals.impossible = 1;
}

static inline void text(struct evidence *e)
{
	e->signature.seen = true;
	(void)snprintf(e->signature.runtime, sizeof(e->signature.runtime), "python");
	(void)snprintf(e->signature.text, sizeof(e->signature.text), "MemoryError");
}

static inline void text_and_end(struct evidence *e)
{
	text(e);
	e->signature.status_matches = true;
}

static inline void heap_and_end(struct evidence *e)
{
	text_and_end(e);
	e->signature.is_heap_cap = true;
	(void)snprintf(e->signature.runtime, sizeof(e->signature.runtime), "node");
	(void)snprintf(e->signature.text, sizeof(e->signature.text), "heap out of memory");
}

/* ------------------------------------------------------------------ seen inside runtimes */

static inline void inside(struct evidence *e, const char *runtime, bool in_main, bool documented)
{
	struct evidence_runtime *seen = &e->runtime;

	seen->watched = true;
	seen->hits = 1;
	seen->main_hits = in_main;
	seen->status_matches = documented;
	seen->told.pid = in_main ? e->main_pid : e->main_pid + 1;
	seen->told.hits = 1;
	seen->told.is_heap_cap = strcmp(runtime, "java") == 0;
	(void)snprintf(seen->told.runtime, sizeof(seen->told.runtime), "%s", runtime);
	(void)snprintf(seen->told.command, sizeof(seen->told.command), "%s", runtime);
	if (seen->told.is_heap_cap)
		(void)snprintf(seen->told.text, sizeof(seen->told.text), "Java heap space");
}

static inline void looked_inside(struct evidence *e)
{
	e->runtime.watched = true;
}

static inline void inside_main(struct evidence *e)
{
	inside(e, "go", true, false);
}

static inline void inside_main_and_end(struct evidence *e)
{
	inside(e, "go", true, true);
}

static inline void heap_inside_main(struct evidence *e)
{
	inside(e, "java", true, false);
}

static inline void heap_inside_main_and_end(struct evidence *e)
{
	inside(e, "java", true, true);
}

static inline void heap_inside_child(struct evidence *e)
{
	inside(e, "java", false, false);
}

static inline void heap_inside_child_and_end(struct evidence *e)
{
	inside(e, "java", false, true);
}

static inline void heap_and_image(struct evidence *e)
{
	heap_and_end(e);
	e->signature.image_matches = true;
}

static inline void start_and_end(struct evidence *e)
{
	text_and_end(e);
	e->signature.is_start = true;
	(void)snprintf(e->signature.runtime, sizeof(e->signature.runtime), "loader");
	(void)snprintf(e->signature.text, sizeof(e->signature.text),
		"failed to map segment from shared object");
}

static inline void rlimit_unknown(struct evidence *e)
{
	e->rlimit_data_bytes.known = false;
}

static inline void fail_mode(struct evidence *e)
{
	e->at_limit_fail = true;
	e->rlimit_data_bytes = counter_of(240 * MIB);
}

#endif
