/* SPDX-License-Identifier: MIT
 *
 * describe.c - what the report tells besides evidence and verdict.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "engine/coverage.h"
#include "engine/run.h"
#include "spec/policy.h"

static uint64_t or_unlimited(uint64_t value)
{
	return value == 0 ? UINT64_MAX : value;
}

static void describe_limits(const struct memcage_run *run, struct report_facts *facts)
{
	const struct memcage_spec *spec = &run->spec;
	const struct ancestors *above = run->above;

	facts->memory_bytes = or_unlimited(spec->memory_max_bytes);
	facts->swap_bytes = facts->memory_bytes == UINT64_MAX ? UINT64_MAX : spec->swap_max_bytes;
	facts->memory_high_bytes = or_unlimited(spec->memory_high_bytes);
	facts->wall_time_ms = or_unlimited(spec->wall_time_max_ms);
	facts->cpu_time_ms = or_unlimited(spec->cpu_time_max_ms);
	facts->grace_ms = spec->grace_ms;
	facts->stall_ms = spec->stall_ms == 0 ? 10000 : spec->stall_ms;
	facts->pids = or_unlimited(spec->pids_max);
	facts->output_bytes = or_unlimited(spec->output_max_bytes);
	facts->at_limit_fail = spec->at_limit == MEMCAGE_FAIL_AT_LIMIT;
	facts->oom_group = spec->oom_group;
	facts->output_truncate = spec->output_truncate;
	facts->effective_owner = "none";
	if (run->cage.kind == CAGE_RLIMIT)
		return;
	facts->effective_bytes = run->cage.limit_bytes;
	if (run->cage.limit_bytes.value != UINT64_MAX) {
		facts->effective_owner = "own";
		facts->effective_path = run->cage.leaf;
	}
	for (int i = 0; i < above->count; i++) {
		struct counter limit = above->groups[i].limit_bytes;

		if (!limit.known || limit.value >= facts->effective_bytes.value)
			continue;
		facts->effective_bytes = limit;
		facts->effective_owner = "ancestor";
		facts->effective_path = above->groups[i].path;
	}
}

/* An outer limit that is lower than the one asked for is what will act: say so. */
static void warn_of_outer_limit(const struct memcage_run *run, struct report_facts *facts)
{
	char outer[TEXT_NUMBER_SIZE], own[TEXT_NUMBER_SIZE];

	if (strcmp(facts->effective_owner, "ancestor") != 0 ||
		run->cage.limit_bytes.value == UINT64_MAX)
		return;
	text_list_add(&facts->warnings,
		"cgroup %s above has a limit of %s, lower than the %s asked for: it acts first",
		facts->effective_path, format_size(facts->effective_bytes.value, outer),
		format_size(run->cage.limit_bytes.value, own));
}

static void describe_memory(const struct memcage_run *run, struct report_facts *facts)
{
	const struct happenings *seen = &run->watch.seen;

	facts->anon_bytes = seen->highest_split.anon_bytes;
	facts->file_bytes = seen->highest_split.file_bytes;
	facts->shmem_bytes = seen->highest_split.shmem_bytes;
	facts->kernel_bytes = seen->highest_split.kernel_bytes;
	facts->peak_sampled = !run->after.counters.peak_bytes.known;
	if (!facts->peak_sampled)
		facts->peak_uncertainty_bytes = counter_of(charge_ahead_bytes());
	facts->residual_bytes = run->residual_bytes;
	facts->before = run->before_raw;
	facts->after = run->after.raw;
	facts->snapshot = run->watch.near_limit.snapshot;
	facts->timeline = seen->timeline.points;
	facts->timeline_count = seen->timeline.count;
	facts->processes_peak = run->after.counters.pids_peak;
	if (run->cage.kind != CAGE_RLIMIT)
		facts->killed_at_end = counter_of((uint64_t)seen->killed_at_end);
}

static struct counter ms_of_timeval(const struct timeval *time)
{
	return counter_of((uint64_t)time->tv_sec * 1000 + (uint64_t)time->tv_usec / 1000);
}

static void describe_time(
	const struct memcage_run *run, double teardown_ms, struct report_facts *facts)
{
	const struct counters *after = &run->after.counters;
	const struct happenings *seen = &run->watch.seen;

	facts->wall_ms = wall_ms_of(seen);
	facts->user_ms = after->user_us.known ? counter_of(after->user_us.value / 1000)
					      : ms_of_timeval(&seen->usage.ru_utime);
	facts->system_ms = after->system_us.known ? counter_of(after->system_us.value / 1000)
						  : ms_of_timeval(&seen->usage.ru_stime);
	facts->setup_ms = run->setup_ms;
	facts->teardown_ms = teardown_ms;
	facts->started_at = run->started_at;
	facts->started_boottime_us = run->begun_us;
}

static void describe_stream(
	const struct stream *stream, bool merged, struct stream_facts *facts, char **ret_tail)
{
	facts->tapped = stream->tapped;
	facts->merged = merged;
	facts->bytes = stream->bytes;
	facts->digested = stream->digested;
	facts->digest = stream->digest;
	facts->truncated = stream->over_cap;
	stream_edges(stream, &facts->head, &facts->head_size, ret_tail, &facts->tail_size);
	facts->tail = *ret_tail;
}

/* A reader that went away is everyday life (| head); a full disk is not. */
static void warn_of_lost_sink(
	const struct stream *stream, const char *which, struct report_facts *facts)
{
	if (stream->sink_errno != 0 && stream->sink_errno != EPIPE)
		text_list_add(&facts->warnings,
			"standard %s could not be written on: %s; the command then got SIGPIPE or "
			"EPIPE",
			which, strerrordesc_np(stream->sink_errno));
}

static void describe_host(const struct memcage_run *run, struct report_facts *facts)
{
	struct sysinfo host;
	char text[TEXT_NUMBER_SIZE];

	facts->cgroup_mode = run->cage.home != NULL ? hierarchies_mode(&run->cage.home->hierarchies)
						    : "none";
	if (sysinfo(&host) == 0) {
		facts->host_memory_bytes = (uint64_t)host.totalram * host.mem_unit;
		facts->host_swap_bytes = (uint64_t)host.totalswap * host.mem_unit;
	}
	facts->overcommit_mode = -1;
	if (file_read(-1, "/proc/sys/vm/overcommit_memory", text, sizeof(text)) > 0)
		facts->overcommit_mode = text[0] - '0';
}

static void describe_coverage(
	const struct memcage_run *run, const struct evidence *evidence, struct report_facts *facts)
{
	const struct witnesses *witnesses = &run->witnesses;
	const struct coverage_sources sources = {
		.processes = &run->watch.seen.processes,
		.refusals = &evidence->refusals,
		.library = witnesses->preload.fd >= 0 ? base_name(witnesses->preload.library)
						      : NULL,
		.main_pid = run->watch.seen.main_pid,
		.main_command = base_name(run->spec.argv[0]),
		.why_uncovered = witnesses->main_uncovered ? witnesses->why_uncovered : NULL,
	};

	coverage_describe(&sources, facts);
}

void facts_describe(const struct memcage_run *run, const struct evidence *evidence,
	double teardown_ms, struct report_facts *ret_facts, struct borrowed *ret_borrowed)
{
	/* The lists are long and mostly empty: what they do not hold is not touched. */
	memset(ret_facts, 0, offsetof(struct report_facts, mechanisms));
	ret_facts->uncovered.count = 0;
	ret_facts->uncovered.used = 0;
	ret_borrowed->tails[0] = ret_borrowed->tails[1] = NULL;
	ret_facts->argv = run->spec.argv;
	ret_facts->policy = run->spec.policy != NULL ? run->spec.policy->name : NULL;
	if (run->spec.working_directory != NULL)
		ret_facts->cwd = run->spec.working_directory;
	else
		ret_facts->cwd = getcwd(ret_borrowed->cwd, sizeof(ret_borrowed->cwd));
	ret_facts->backend = cage_kind_name(run->cage.kind);
	ret_facts->leaf_path = run->cage.leaf[0] ? run->cage.leaf : NULL;
	ret_facts->mechanisms = run->cage.mechanisms;
	text_list_copy(&ret_facts->degraded, &run->cage.degraded);
	text_list_copy(&ret_facts->warnings, &run->cage.warnings);
	ret_facts->backtrace = run->witnesses.backtrace;
	ret_facts->last_words = run->witnesses.last_words;
	ret_facts->last_calls = run->witnesses.last_calls;
	describe_limits(run, ret_facts);
	warn_of_outer_limit(run, ret_facts);
	describe_memory(run, ret_facts);
	describe_time(run, teardown_ms, ret_facts);
	describe_stream(&run->watch.output[0], run->streams.merged, &ret_facts->stdout_facts,
		&ret_borrowed->tails[0]);
	describe_stream(&run->watch.output[1], run->streams.merged, &ret_facts->stderr_facts,
		&ret_borrowed->tails[1]);
	if (!run->witnesses.calls_seen) /* the kernel's side misses no process */
		describe_coverage(run, evidence, ret_facts);
	describe_host(run, ret_facts);
	for (int i = 0; i < 2; i++)
		warn_of_lost_sink(&run->watch.output[i], i == 0 ? "output" : "error", ret_facts);
	if (run->watch.seen.could_not_empty)
		text_list_add(&ret_facts->warnings,
			"processes were left that even SIGKILL did not end within 10 s");
}
