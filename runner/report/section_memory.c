/* SPDX-License-Identifier: MIT */
#include "report/sections.h"

#include "report/build.h"

/* Enough for any picture; a longer timeline is thinned, peaks stay. */
#define TIMELINE_MAX 512

json_t *section_memory(const struct report_facts *facts, const struct evidence *evidence)
{
	struct builder object = build_object();

	put_limit_read(&object, "limit_bytes", evidence->limit_bytes);
	put_counter(&object, "peak_bytes", evidence->peak_bytes);
	put_counter(&object, "peak_uncertainty_bytes", facts->peak_uncertainty_bytes);
	put_flag(&object, "peak_sampled", facts->peak_sampled);
	put_flag(&object, "peak_reached_limit", evidence->peak_reached_limit);
	put_flag(&object, "file_cache_was_large", evidence->file_cache_was_large);
	put_counter(&object, "swap_peak_bytes", evidence->swap_peak_bytes);
	put_counter(&object, "anon_bytes", facts->anon_bytes);
	put_counter(&object, "file_bytes", facts->file_bytes);
	put_counter(&object, "shmem_bytes", facts->shmem_bytes);
	put_counter(&object, "kernel_bytes", facts->kernel_bytes);
	put_counter(&object, "residual_bytes", facts->residual_bytes);
	return build_end(&object);
}

static json_t *raw_counters(const struct raw_counters *counters)
{
	struct builder object = build_object();

	for (int i = 0; i < counters->count; i++)
		put_counter(&object, counters->items[i].name, counters->items[i].value);
	return build_end(&object);
}

json_t *section_events(const struct report_facts *facts)
{
	struct builder object = build_object();

	put_value(&object, "before", raw_counters(&facts->before));
	put_value(&object, "after", raw_counters(&facts->after));
	return build_end(&object);
}

/* What the verdict was made from, so that a reader can come to another one. */
json_t *section_rises(const struct evidence *evidence)
{
	struct builder object = build_object();

	put_counter(&object, "oom_kills", evidence->oom_kills);
	put_counter(&object, "local_ooms", evidence->local_ooms);
	put_counter(&object, "tree_ooms", evidence->tree_ooms);
	put_counter(&object, "limit_hits", evidence->limit_hits);
	put_counter(&object, "high_hits", evidence->high_hits);
	put_counter(&object, "group_kills", evidence->group_kills);
	put_counter(&object, "inner_oom_kills", evidence->inner_oom_kills);
	put_counter(&object, "host_oom_kills", evidence->host_oom_kills);
	put_counter(&object, "pids_refused", evidence->pids_refused);
	put_counter(&object, "oomd_kills", evidence->oomd_kills);
	put_flag(&object, "group_removed", evidence->group_removed);
	put_flag(&object, "ancestors_all_visible", evidence->ancestors_all_visible);
	put_flag(&object, "kernel_log_readable", evidence->log_readable);
	put_flag(&object, "kernel_log_pids_comparable", evidence->log_pids_comparable);
	return build_end(&object);
}

/* Resident as the kernel prints it: all three parts or not known. */
static struct counter resident(const struct kernel_kill *kill)
{
	if (!kill->anon_bytes.known || !kill->file_bytes.known || !kill->shmem_bytes.known)
		return (struct counter){ 0 };
	return counter_of(
		kill->anon_bytes.value + kill->file_bytes.value + kill->shmem_bytes.value);
}

static json_t *oom_kill(const struct evidence_kill *kill)
{
	static const char *const owners[] = {
		[OWNER_UNKNOWN] = "unknown",
		[OWNER_OWN] = "own",
		[OWNER_INNER] = "inner",
		[OWNER_ANCESTOR] = "ancestor",
		[OWNER_HOST] = "host",
	};
	struct builder object = build_object();

	if (kill->log.pid > 0)
		put_number(&object, "pid", (uint64_t)kill->log.pid);
	put_text(&object, "command", kill->log.command);
	put_flag(&object, "is_main", kill->is_main);
	put_counter(&object, "rss_bytes", resident(&kill->log));
	put_counter(&object, "anon_bytes", kill->log.anon_bytes);
	put_counter(&object, "file_bytes", kill->log.file_bytes);
	put_counter(&object, "shmem_bytes", kill->log.shmem_bytes);
	put_text(&object, "constraint", kill->log.constraint);
	put_text(&object, "limit_owner", owners[kill->owner]);
	put_text(&object, "limit_group", kill->log.oom_memcg);
	put_text(&object, "victim_group", kill->log.task_memcg);
	return build_end(&object);
}

json_t *section_oom_kills(const struct evidence *evidence)
{
	struct builder list = build_list();

	for (int i = 0; i < evidence->kill_count && i < EVIDENCE_KILLS_MAX; i++)
		append_value(&list, oom_kill(&evidence->kills[i]));
	return build_end(&list);
}

static json_t *timeline_point(const struct timeline_point *point)
{
	struct builder object = build_object();

	put_number(&object, "at_ms", point->at_ms);
	put_number(&object, "memory_bytes", point->memory_bytes);
	return build_end(&object);
}

/* The highest of points[from..to). */
static const struct timeline_point *highest(
	const struct timeline_point *points, size_t from, size_t to)
{
	const struct timeline_point *best = &points[from];

	for (size_t i = from + 1; i < to; i++)
		if (points[i].memory_bytes > best->memory_bytes)
			best = &points[i];
	return best;
}

json_t *section_timeline(const struct report_facts *facts)
{
	size_t steps = facts->timeline_count < TIMELINE_MAX ? facts->timeline_count : TIMELINE_MAX;
	struct builder list = build_list();

	for (size_t step = 0; step < steps; step++) {
		size_t from = step * facts->timeline_count / steps;
		size_t to = (step + 1) * facts->timeline_count / steps;

		append_value(&list, timeline_point(highest(facts->timeline, from, to)));
	}
	return build_end(&list);
}
