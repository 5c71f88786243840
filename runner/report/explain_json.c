/* SPDX-License-Identifier: MIT */
#include "report/build.h"
#include "report/explain.h"
#include "report/reproduce.h"

static void put_signed(struct builder *object, const char *key, struct oom_number number)
{
	put_value(object, key, number.known ? json_integer(number.value) : json_null());
}

static json_t *input(const struct explanation *explanation)
{
	const struct oom_foreign *foreign = &explanation->foreign;
	struct builder object = build_object(), ignored;

	put_text(&object, "name", explanation->name);
	put_text(&object, "kind", explanation->is_report ? "report" : "log");
	if (explanation->is_report)
		return build_end(&object);
	put_number(&object, "lines", explanation->lines);
	put_number(&object, "suppressed_messages", explanation->suppressed);
	ignored = build_object();
	put_number(&ignored, "count", foreign->count);
	if (foreign->count > 0) {
		put_number(&ignored, "first_line", foreign->first_line);
		put_text(&ignored, "writer", foreign->writer);
	}
	put_value(&object, "not_believed", build_end(&ignored));
	return build_end(&object);
}

static json_t *limit(const struct oom_incident *incident)
{
	static const struct {
		const char *name;
		enum oom_amount amount;
	} members[] = {
		{ "usage_bytes", OOM_USAGE },
		{ "hits", OOM_FAILURES },
		{ "swap_usage_bytes", OOM_SWAP_USAGE },
	};
	struct builder object = build_object();

	put_text(&object, "group", incident->oom_memcg);
	put_limit_read(&object, "bytes", incident->amounts[OOM_LIMIT]);
	put_limit_read(&object,
		incident->scope == OOM_SCOPE_MEMCG_V1 ? "memory_and_swap_bytes" : "swap_bytes",
		incident->amounts[OOM_SWAP_LIMIT]);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		put_counter(&object, members[i].name, incident->amounts[members[i].amount]);
	put_text(&object, "cpuset", incident->cpuset);
	put_text(&object, "mems_allowed", incident->mems_allowed);
	put_text(&object, "nodemask", incident->nodemask);
	return build_end(&object);
}

static json_t *invoker(const struct oom_incident *incident)
{
	struct builder object;

	if (!incident->has_header)
		return json_null();
	object = build_object();
	put_text(&object, "command", incident->invoker);
	put_value(&object, "pid",
		incident->invoker_pid > 0 ? json_integer(incident->invoker_pid) : json_null());
	put_text(&object, "gfp_mask", incident->gfp_mask);
	put_signed(&object, "order", incident->order);
	put_signed(&object, "oom_score_adj", incident->invoker_oom_score_adj);
	return build_end(&object);
}

static json_t *victim(const struct oom_victim *victim)
{
	struct builder object = build_object();

	put_value(&object, "pid", victim->pid > 0 ? json_integer(victim->pid) : json_null());
	put_text(&object, "command", victim->command);
	put_counter(&object, "uid", victim->user);
	put_counter(&object, "total_vm_bytes", victim->total_vm_bytes);
	put_counter(&object, "anon_bytes", victim->anon_bytes);
	put_counter(&object, "file_bytes", victim->file_bytes);
	put_counter(&object, "shmem_bytes", victim->shmem_bytes);
	put_counter(&object, "page_table_bytes", victim->page_table_bytes);
	put_signed(&object, "oom_score_adj", victim->oom_score_adj);
	if (victim->score.known)
		put_counter(&object, "score", victim->score);
	put_flag(&object, "kill_logged", !victim->announced && !victim->exiting);
	put_flag(&object, "already_exiting", victim->exiting);
	put_flag(&object, "reaped", victim->reaped);
	return build_end(&object);
}

static json_t *victims(const struct oom_incident *incident)
{
	struct builder list = build_list();

	for (int i = 0; i < incident->victim_count && i < OOM_VICTIMS_MAX; i++)
		append_value(&list, victim(&incident->victims[i]));
	return build_end(&list);
}

static json_t *memory(const struct oom_incident *incident)
{
	static const struct {
		const char *name;
		enum oom_amount amount;
	} members[] = {
		{ "anon_bytes", OOM_ANON },
		{ "shmem_bytes", OOM_SHMEM },
		{ "kernel_bytes", OOM_KERNEL },
		{ "slab_bytes", OOM_SLAB },
		{ "slab_unreclaimable_bytes", OOM_SLAB_UNRECLAIMABLE },
		{ "kernel_stack_bytes", OOM_KERNEL_STACK },
		{ "page_table_bytes", OOM_PAGE_TABLES },
		{ "percpu_bytes", OOM_PER_CPU },
		{ "socket_bytes", OOM_SOCKETS },
		{ "dirty_bytes", OOM_DIRTY },
		{ "mapped_bytes", OOM_MAPPED },
		{ "swapped_bytes", OOM_SWAPPED },
		{ "ram_bytes", OOM_RAM },
		{ "reserved_bytes", OOM_RESERVED },
		{ "free_bytes", OOM_FREE },
		{ "swap_total_bytes", OOM_SWAP_TOTAL },
		{ "swap_free_bytes", OOM_SWAP_FREE },
		{ "huge_pages_bytes", OOM_HUGE_PAGES },
		{ "huge_pages_free_bytes", OOM_HUGE_PAGES_FREE },
	};
	struct builder object = build_object();

	put_counter(&object, "page_cache_bytes", oom_page_cache(incident));
	put_counter(&object, "page_cache_and_shmem_bytes", incident->amounts[OOM_FILE]);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (incident->amounts[members[i].amount].known)
			put_counter(&object, members[i].name, incident->amounts[members[i].amount]);
	return build_end(&object);
}

static json_t *task(const struct oom_incident *incident, const struct oom_task *task)
{
	struct builder object = build_object();

	put_number(&object, "pid", (uint64_t)task->pid);
	put_text(&object, "command", task->command);
	put_counter(&object, "uid", task->user);
	put_counter(&object, "rss_bytes", oom_pages(incident, task->rss_pages));
	put_counter(&object, "anon_bytes", oom_pages(incident, task->anon_pages));
	put_counter(&object, "file_bytes", oom_pages(incident, task->file_pages));
	put_counter(&object, "shmem_bytes", oom_pages(incident, task->shmem_pages));
	put_counter(&object, "swap_bytes", oom_pages(incident, task->swap_pages));
	put_counter(&object, "total_vm_bytes", oom_pages(incident, task->total_vm_pages));
	put_signed(&object, "oom_score_adj", task->oom_score_adj);
	return build_end(&object);
}

static json_t *tasks(const struct oom_incident *incident)
{
	struct builder object, largest;

	if (incident->task_count == 0)
		return json_null();
	object = build_object();
	largest = build_list();
	put_number(&object, "count", incident->task_count);
	put_counter(
		&object, "rss_bytes", oom_pages(incident, counter_of(incident->tasks_rss_pages)));
	for (int i = 0; i < incident->task_kept; i++)
		append_value(&largest, task(incident, &incident->tasks[i]));
	put_value(&object, "largest", build_end(&largest));
	return build_end(&object);
}

static json_t *incident_json(
	const struct explanation *explanation, const struct oom_incident *incident)
{
	static const char *const origins[] = { [LOG_UNMARKED] = "unmarked",
		[LOG_KERNEL] = "kernel",
		[LOG_CONTAINER] = "container",
		[LOG_FOREIGN] = "foreign" };
	struct builder object = build_object();

	put_text(&object, "scope", oom_scope_name(incident->scope));
	put_text(&object, "constraint", incident->constraint);
	put_value(&object, "victims", victims(incident));
	put_number(&object, "victim_count", (uint64_t)incident->victim_count);
	put_text(&object, "victim_group", incident->task_memcg);
	put_text(&object, "oom_group", incident->group);
	put_flag(&object, "no_victim", incident->no_victim);
	put_value(&object, "limit", limit(incident));
	put_value(&object, "memory", memory(incident));
	put_value(&object, "tasks", tasks(incident));
	put_value(&object, "invoker", invoker(incident));
	if (!explanation->is_report) {
		put_number(&object, "first_line", incident->first_line);
		put_number(&object, "last_line", incident->last_line);
		put_text(&object, "origin", origins[incident->origin]);
		put_text(&object, "at", incident->at);
		put_text(&object, "host", incident->host);
		put_text(&object, "kernel", incident->kernel);
	}
	put_value(&object, "reproduce", reproduce_json(explanation, incident));
	return build_end(&object);
}

json_t *explain_json(const struct explanation *explanation)
{
	struct builder object = build_object(), list = build_list(), tool = build_object();

	put_text(&object, "schema", EXPLAIN_SCHEMA);
	put_text(&tool, "version", MEMCAGE_VERSION);
	put_value(&object, "tool", build_end(&tool));
	put_value(&object, "input", input(explanation));
	put_number(&object, "incident_count", explanation->count + explanation->omitted);
	for (size_t i = 0; i < explanation->count; i++)
		append_value(&list, incident_json(explanation, &explanation->incidents[i]));
	put_value(&object, "incidents", build_end(&list));
	return build_end(&object);
}
