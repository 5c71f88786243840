/* SPDX-License-Identifier: MIT */
#include "report/json.h"

#include "report/build.h"
#include "report/sections.h"

static json_t *because(const struct judgement *judgement)
{
	struct builder list = build_list();

	for (int i = 0; i < judgement->because_count; i++)
		append_text(&list, judgement->because[i]);
	return build_end(&list);
}

static json_t *processes(const struct report_facts *facts, const struct evidence *evidence)
{
	struct builder object = build_object();

	put_counter(&object, "peak", facts->processes_peak);
	put_counter(&object, "killed_at_end", facts->killed_at_end);
	put_flag(&object, "had_descendants", evidence->had_descendants);
	return build_end(&object);
}

static json_t *run_time(const struct report_facts *facts)
{
	struct builder object = build_object();

	put_number(&object, "wall_ms", facts->wall_ms);
	put_counter(&object, "user_ms", facts->user_ms);
	put_counter(&object, "system_ms", facts->system_ms);
	return build_end(&object);
}

/* Whole microseconds: more digits would only look exact. */
static json_t *milliseconds(double ms)
{
	bool usable = ms >= 0 && ms < 1e15; /* not so for NaN */

	return usable ? json_real((double)(uint64_t)(ms * 1000 + 0.5) / 1000) : json_null();
}

static json_t *overhead(const struct report_facts *facts)
{
	struct builder object = build_object();

	put_value(&object, "setup_ms", milliseconds(facts->setup_ms));
	put_value(&object, "teardown_ms", milliseconds(facts->teardown_ms));
	return build_end(&object);
}

static void put_judgement(struct builder *report, const struct judgement *judgement)
{
	put_text(report, "verdict", verdict_name(judgement->verdict));
	put_text(report, "reason", reason_name(judgement->reason));
	put_text(report, "victim", victim_name(judgement->victim));
	put_text(report, "confidence", confidence_name(judgement->confidence));
	put_value(report, "because", because(judgement));
}

json_t *report_json(const struct report_facts *facts, const struct evidence *evidence,
	const struct judgement *judgement)
{
	struct builder report = build_object();

	put_text(&report, "schema", REPORT_SCHEMA);
	put_judgement(&report, judgement);
	put_value(&report, "command", section_command(facts, evidence));
	put_value(&report, "start", section_start(evidence));
	put_value(&report, "exit", section_exit(evidence));
	put_value(&report, "act", section_act(evidence));
	put_value(&report, "limits", section_limits(facts, evidence));
	put_value(&report, "limit_owner", section_limit_owner(evidence, judgement));
	put_value(&report, "ancestors", section_ancestors(evidence));
	put_text(&report, "policy", facts->policy);
	put_value(&report, "enforcement", section_enforcement(facts));
	put_value(&report, "memory", section_memory(facts, evidence));
	put_value(&report, "events", section_events(facts));
	put_value(&report, "rises", section_rises(evidence));
	put_value(&report, "alloc_failures", section_alloc_failures(facts, evidence));
	put_value(&report, "signature", section_signature(evidence));
	put_value(&report, "oom_kills", section_oom_kills(evidence));
	put_value(&report, "snapshot", section_snapshot(facts));
	put_value(&report, "last_words", section_last_words(facts));
	put_value(&report, "processes", processes(facts, evidence));
	put_value(&report, "timeline", section_timeline(facts));
	put_value(&report, "time", run_time(facts));
	put_value(&report, "overhead", overhead(facts));
	put_value(&report, "streams", section_streams(facts));
	put_value(&report, "host", section_host(facts));
	put_value(&report, "tool", section_tool());
	put_value(&report, "started_at", section_started_at(facts));
	put_value(&report, "warnings", section_texts(&facts->warnings));
	return build_end(&report);
}
