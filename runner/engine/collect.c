/* SPDX-License-Identifier: MIT
 *
 * collect.c - everything that was seen becomes evidence: rises of counters, how far the start got,
 * how the main process ended, what we did, and what the witnesses say.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/text.h"
#include "engine/run.h"

static enum evidence_backend backend_of(enum cage_kind kind)
{
	static const enum evidence_backend backends[] = {
		[CAGE_V2] = EVIDENCE_V2, [CAGE_V1] = EVIDENCE_V1, [CAGE_RLIMIT] = EVIDENCE_RLIMIT
	};

	return backends[kind];
}

static enum evidence_act act_of(enum watch_act act)
{
	static const enum evidence_act acts[] = {
		[WATCH_ACT_NONE] = ACT_NONE,
		[WATCH_ACT_WALL_TIME] = ACT_WALL_TIME,
		[WATCH_ACT_CPU_TIME] = ACT_CPU_TIME,
		[WATCH_ACT_STALL] = ACT_STALL,
		[WATCH_ACT_OUTPUT_STDOUT] = ACT_OUTPUT_STDOUT,
		[WATCH_ACT_OUTPUT_STDERR] = ACT_OUTPUT_STDERR,
		[WATCH_ACT_INTERRUPTED] = ACT_INTERRUPTED,
	};

	return acts[act];
}

uint64_t wall_ms_of(const struct happenings *seen)
{
	return seen->over_us > seen->started_us ? (seen->over_us - seen->started_us) / 1000 : 0;
}

static void collect_start(const struct memcage_run *run, struct evidence *evidence)
{
	const struct happenings *seen = &run->watch.seen;

	if (seen->setup_failed) {
		evidence->start = seen->failed_step == STEP_EXEC ? START_EXEC_FAILED
								 : START_SETUP_FAILED;
		evidence->start_errno = seen->failed_errno;
		text_copy(evidence->start_step, sizeof(evidence->start_step),
			child_step_name(seen->failed_step));
		if (seen->failed_step == STEP_DIRECTORY && run->spec.working_directory != NULL)
			(void)snprintf(evidence->start_step, sizeof(evidence->start_step),
				"changing to %.140s", run->spec.working_directory);
		else if (seen->failed_step == STEP_DIRECTORY)
			text_copy(evidence->start_step, sizeof(evidence->start_step),
				"entering the working directory as the policy's user");
	} else if (seen->exec_known ? !seen->exec_through : !seen->about_to_exec) {
		evidence->start = START_DIED_BEFORE_EXEC;
	}
}

static void collect_end(const struct memcage_run *run, struct evidence *evidence)
{
	const struct happenings *seen = &run->watch.seen;

	evidence->end_known = seen->ended;
	evidence->signaled = seen->ended && WIFSIGNALED(seen->wait_status);
	evidence->status = evidence->signaled ? WTERMSIG(seen->wait_status)
					      : WEXITSTATUS(seen->wait_status);
	evidence->core_dumped = evidence->signaled && WCOREDUMP(seen->wait_status);
	evidence->main_pid = seen->main_pid;
	evidence->main_own_pid = seen->own_pid;
	text_copy(evidence->main_command, sizeof(evidence->main_command),
		base_name(run->spec.argv[0]));
	evidence->wall_ms = wall_ms_of(seen);
}

static void collect_limit(const struct memcage_run *run, struct evidence *evidence)
{
	const struct memcage_spec *spec = &run->spec;

	evidence->limit_bytes = run->cage.limit_bytes;
	evidence->high_set = spec->memory_high_bytes != 0 &&
			     spec->memory_high_bytes != MEMCAGE_UNLIMITED;
	evidence->oom_group = spec->oom_group;
	evidence->at_limit_fail = spec->at_limit == MEMCAGE_FAIL_AT_LIMIT ||
				  run->cage.kind == CAGE_RLIMIT;
	if (run->cage.rlimit_data_bytes != UINT64_MAX)
		evidence->rlimit_data_bytes = counter_of(run->cage.rlimit_data_bytes);
}

static void collect_counters(const struct memcage_run *run, struct evidence *evidence)
{
	const struct counters *before = &run->before, *after = &run->after.counters;
	const struct happenings *seen = &run->watch.seen;

	evidence->oom_kills = counter_rise(before->oom_kills, after->oom_kills);
	evidence->local_ooms = counter_rise(before->local_ooms, after->local_ooms);
	evidence->tree_ooms = counter_rise(before->tree_ooms, after->tree_ooms);
	evidence->limit_hits = run->cage.failcnt_counts
				       ? counter_rise(before->failures, after->failures)
				       : counter_rise(before->limit_hits, after->limit_hits);
	evidence->high_hits = counter_rise(before->high_hits, after->high_hits);
	evidence->group_kills = counter_rise(before->group_kills, after->group_kills);
	evidence->inner_oom_kills = counter_rise(before->inner_oom_kills, after->inner_oom_kills);
	evidence->host_oom_kills = counter_rise(before->host_oom_kills, after->host_oom_kills);
	evidence->pids_refused = counter_rise(before->pids_refused, after->pids_refused);
	evidence->swap_peak_bytes = after->swap_peak_bytes;
	evidence->peak_bytes = after->peak_bytes;
	/* The kernel's own peak is the better one, where nobody reset it
	 * (memory.max_usage_in_bytes). */
	if (seen->highest_known &&
		(!after->peak_bytes.known || after->peak_bytes.value < seen->highest_bytes))
		evidence->peak_bytes = counter_of(seen->highest_bytes);
	evidence->peak_reached_limit = evidence->peak_bytes.known && evidence->limit_bytes.known &&
				       evidence->peak_bytes.value >= evidence->limit_bytes.value;
	evidence->peak_near_limit = evidence->peak_bytes.known &&
				    evidence->limit_bytes.value != UINT64_MAX &&
				    evidence->peak_bytes.value >= evidence->limit_bytes.value / 2 &&
				    evidence->peak_bytes.value + charge_ahead_bytes() >=
					    evidence->limit_bytes.value;
	evidence->had_descendants = !after->pids_peak.known || after->pids_peak.value > 1;
	evidence->group_removed = run->group_removed;
	evidence->file_cache_was_large = run->file_cache_was_large;
	evidence->oom_kills_before_act = counter_rise(
		before->oom_kills, seen->oom_kills_before_act);
	evidence->act = act_of(seen->act);
	evidence->act_at_ms = seen->act == WATCH_ACT_NONE
				      ? 0
				      : (seen->act_us - seen->started_us) / 1000;
	evidence->interrupt_signal = seen->interrupt_signal;
	evidence->oom_group_emulated = seen->group_emulated;
}

static void collect_ancestors(const struct memcage_run *run, struct evidence *evidence)
{
	const struct ancestors *before = run->above, *after = &run->after.above;

	evidence->oomd_kills = counter_of(0);
	evidence->ancestors_all_visible = before->all_visible;
	evidence->ancestor_count = before->count;
	for (int i = 0; i < before->count; i++) {
		const struct ancestor *was = &before->groups[i], *is = &after->groups[i];
		struct evidence_ancestor *told = &evidence->ancestors[i];
		struct counter oomd = counter_rise(was->oomd_kills, is->oomd_kills);

		text_copy(told->path, sizeof(told->path), was->path);
		told->limit_bytes = was->limit_bytes;
		told->ooms = counter_rise(was->ooms, is->ooms);
		told->reached = was->limit_bytes.known && was->peak_bytes.known &&
				is->peak_bytes.known &&
				was->peak_bytes.value < was->limit_bytes.value &&
				is->peak_bytes.value >= was->limit_bytes.value;
		if (run->cage.kind == CAGE_V2 && !told->ooms.known)
			evidence->ancestors_all_visible = false;
		evidence->oomd_kills.value += oomd.value;
	}
	if (run->cage.kind != CAGE_RLIMIT)
		evidence->oomd_kills.value += oomd_kills_of(run->cage.memory.path).value;
}

void evidence_collect(const struct memcage_run *run, struct evidence *ret_evidence)
{
	memset(ret_evidence, 0, sizeof(*ret_evidence));
	ret_evidence->backend = backend_of(run->cage.kind);
	collect_start(run, ret_evidence);
	collect_end(run, ret_evidence);
	collect_limit(run, ret_evidence);
	collect_counters(run, ret_evidence);
	collect_ancestors(run, ret_evidence);
	ret_evidence->streams_tapped = run->witnesses.match_signatures &&
				       (run->watch.output[0].tapped || run->watch.output[1].tapped);
}
