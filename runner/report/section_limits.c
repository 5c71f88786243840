/* SPDX-License-Identifier: MIT */
#include "report/sections.h"

#include "report/build.h"

json_t *section_limits(const struct report_facts *facts, const struct evidence *evidence)
{
	struct builder object = build_object();

	put_limit(&object, "memory_bytes", facts->memory_bytes);
	put_limit(&object, "swap_bytes", facts->swap_bytes);
	put_limit(&object, "memory_high_bytes", facts->memory_high_bytes);
	put_limit(&object, "wall_time_ms", facts->wall_time_ms);
	put_limit(&object, "cpu_time_ms", facts->cpu_time_ms);
	put_limit(&object, "grace_ms", facts->grace_ms);
	put_limit(&object, "stall_ms", facts->stall_ms);
	put_limit(&object, "pids", facts->pids);
	put_limit(&object, "output_bytes", facts->output_bytes);
	put_flag(&object, "output_truncate", facts->output_truncate);
	put_text(&object, "at_limit", facts->at_limit_fail ? "fail" : "kill");
	put_flag(&object, "oom_group", facts->oom_group);
	put_limit_read(&object, "rlimit_data_bytes", evidence->rlimit_data_bytes);
	put_limit_read(&object, "effective_bytes", facts->effective_bytes);
	put_text(&object, "effective_owner", facts->effective_owner);
	put_text(&object, "effective_path", facts->effective_path);
	return build_end(&object);
}

json_t *section_ancestors(const struct evidence *evidence)
{
	struct builder list = build_list();

	for (int i = 0; i < evidence->ancestor_count; i++) {
		const struct evidence_ancestor *ancestor = &evidence->ancestors[i];
		struct builder object = build_object();

		put_text(&object, "path", ancestor->path);
		put_limit_read(&object, "limit_bytes", ancestor->limit_bytes);
		put_counter(&object, "ooms", ancestor->ooms);
		put_flag(&object, "reached", ancestor->reached);
		append_value(&list, build_end(&object));
	}
	return build_end(&list);
}

json_t *section_limit_owner(const struct evidence *evidence, const struct judgement *judgement)
{
	const struct evidence_ancestor *owner;
	struct builder object;

	if (judgement->owner_ancestor < 0 || judgement->owner_ancestor >= evidence->ancestor_count)
		return json_null();
	owner = &evidence->ancestors[judgement->owner_ancestor];
	object = build_object();
	put_text(&object, "path", owner->path);
	put_limit_read(&object, "limit_bytes", owner->limit_bytes);
	return build_end(&object);
}

static json_t *names(const struct name_list *list)
{
	struct builder result = build_list();

	for (int i = 0; i < list->count; i++)
		append_text(&result, list->names[i]);
	return build_end(&result);
}

json_t *section_enforcement(const struct report_facts *facts)
{
	struct builder object = build_object();

	put_text(&object, "backend", facts->backend);
	put_text(&object, "leaf_path", facts->leaf_path);
	put_value(&object, "mechanisms", names(&facts->mechanisms));
	put_value(&object, "degraded", section_texts(&facts->degraded));
	return build_end(&object);
}

json_t *section_texts(const struct text_list *list)
{
	struct builder result = build_list();

	const char *text = NULL;

	while ((text = text_list_next(list, text)) != NULL)
		append_text(&result, text);
	return build_end(&result);
}
