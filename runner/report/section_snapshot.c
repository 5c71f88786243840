/* SPDX-License-Identifier: MIT */
#include "report/sections.h"

#include "report/build.h"

static json_t *mapping_of(const struct mapping *mapping)
{
	struct builder object = build_object();

	put_text(&object, "name", mapping->name);
	put_number(&object, "count", mapping->count);
	put_number(&object, "size_bytes", mapping->size_bytes);
	put_counter(&object, "rss_bytes", mapping->rss_bytes);
	return build_end(&object);
}

static json_t *mappings_of(const struct snapshot_process *process)
{
	struct builder list = build_list();

	for (int i = 0; i < process->mapping_count; i++)
		append_value(&list, mapping_of(&process->mappings[i]));
	return build_end(&list);
}

static json_t *process_of(const struct snapshot_process *process)
{
	struct builder object = build_object();

	put_number(&object, "pid", (uint64_t)process->pid);
	put_text(&object, "command", process->command);
	put_counter(&object, "threads", process->threads);
	put_counter(&object, "rss_bytes", process->rss_bytes);
	put_counter(&object, "anon_bytes", process->anon_bytes);
	put_counter(&object, "file_bytes", process->file_bytes);
	put_counter(&object, "shmem_bytes", process->shmem_bytes);
	put_counter(&object, "swap_bytes", process->swap_bytes);
	put_value(&object, "mappings",
		process->mapping_count > 0 ? mappings_of(process) : json_null());
	if (process->mapping_count > 0)
		put_flag(&object, "mappings_cut", process->mappings_cut);
	return build_end(&object);
}

json_t *section_snapshot(const struct report_facts *facts)
{
	const struct snapshot *snapshot = facts->snapshot;
	struct builder object, list;

	if (snapshot == NULL || !snapshot->taken || snapshot->at_us < facts->started_boottime_us)
		return json_null();
	object = build_object();
	list = build_list();
	for (int i = 0; i < snapshot->count; i++)
		append_value(&list, process_of(&snapshot->processes[i]));
	put_number(&object, "at_ms", (snapshot->at_us - facts->started_boottime_us) / 1000);
	put_number(&object, "memory_bytes", snapshot->in_use);
	put_number(&object, "process_count", (uint64_t)snapshot->seen);
	put_value(&object, "processes", build_end(&list));
	return build_end(&object);
}
