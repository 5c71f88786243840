/* SPDX-License-Identifier: MIT */
#include "report/sections.h"

#include "judge/runtime.h"
#include "report/build.h"
#include "witness/backtrace.h"

/* Which witnesses had something to look at. */
static json_t *witnesses(const struct evidence *evidence)
{
	struct builder list = build_list();

	if (evidence->refusals.watched && !evidence->refusals.calls_only)
		append_text(&list, "preload");
	if (evidence->refusals.calls_by == CALLS_BY_TRACE)
		append_text(&list, "trace");
	if (evidence->refusals.calls_by == CALLS_BY_BPF)
		append_text(&list, "bpf");
	if (evidence->runtime.watched)
		append_text(&list, "runtime");
	if (evidence->streams_tapped)
		append_text(&list, "signature");
	if (evidence->log_readable)
		append_text(&list, "kmsg");
	return build_end(&list);
}

static json_t *causes(const struct refusals *refusals)
{
	struct builder object = build_object();

	for (int cause = 0; cause < CAUSE_COUNT; cause++)
		if (refusals->by_cause[cause] > 0)
			put_number(&object, refusal_cause_name((enum refusal_cause)cause),
				refusals->by_cause[cause]);
	return build_end(&object);
}

/* Milliseconds from the start of the run; a refusal was stamped by the process itself, which can
 * write what it likes, so a time before the start is not known. */
static struct counter at_ms(const struct report_facts *facts, uint64_t boottime_us)
{
	if (facts->started_boottime_us == 0 || boottime_us < facts->started_boottime_us)
		return (struct counter){ 0 };
	return counter_of((boottime_us - facts->started_boottime_us) / 1000);
}

json_t *section_backtrace(const struct backtrace *backtrace)
{
	struct builder list = build_list();

	for (size_t i = 0; backtrace != NULL && i < backtrace->count; i++) {
		const struct backtrace_frame *frame = &backtrace->frames[i];
		struct builder object = build_object();

		put_text(&object, "module", frame->module);
		put_counter(&object, "offset",
			frame->offset_known ? counter_of(frame->offset) : (struct counter){ 0 });
		put_text(&object, "function", frame->function);
		put_text(&object, "source", frame->source);
		append_value(&list, build_end(&object));
	}
	return build_end(&list);
}

static json_t *first(const struct report_facts *facts, const struct refusals *refusals)
{
	const struct refusal *refusal = &refusals->first;
	struct builder object;

	if (!refusals->first_known)
		return json_null();
	object = build_object();
	put_number(&object, "request_bytes", refusal->request_bytes);
	put_text(&object, "function", refusal->function);
	put_text(&object, "cause", refusal_cause_name(refusal->cause));
	put_text(&object, "cause_detail", refusal->cause_detail);
	put_text(&object, "refused_by", refusal->refused_by);
	put_counter(&object, "cage_bytes", refusal->cage_bytes);
	if (refusal->pid > 0)
		put_number(&object, "pid", (uint64_t)refusal->pid);
	put_text(&object, "command", refusal->command);
	put_counter(&object, "at_ms", at_ms(facts, refusal->boottime_us));
	put_text(&object, "source_line", refusal->source_line);
	put_value(&object, "backtrace", section_backtrace(facts->backtrace));
	put_text(&object, "backtrace_note", facts->backtrace != NULL ? facts->backtrace->note : "");
	return build_end(&object);
}

static json_t *runtime(const struct report_facts *facts, const struct evidence_runtime *runtime)
{
	const struct runtime_failure *told = &runtime->told;
	struct builder object;

	if (runtime->hits == 0)
		return json_null();
	object = build_object();
	put_text(&object, "name", told->runtime);
	put_text(&object, "text", told->text);
	put_number(&object, "pid", (uint64_t)told->pid);
	put_text(&object, "command", told->command);
	put_counter(&object, "at_ms", at_ms(facts, told->boottime_us));
	put_number(&object, "hits", runtime->hits);
	put_number(&object, "in_main", runtime->main_hits);
	put_flag(&object, "is_heap_cap", told->is_heap_cap);
	put_flag(&object, "status_matches", runtime->status_matches);
	return build_end(&object);
}

static json_t *coverage(const struct report_facts *facts, const struct refusals *refusals)
{
	struct builder object = build_object();

	put_counter(&object, "processes",
		refusals->calls_by != CALLS_BY_NOBODY
			? counter_of(refusals->covered + refusals->calls_unwatched)
			: facts->processes_seen);
	put_number(&object, "covered",
		facts->processes_covered.known ? facts->processes_covered.value
					       : refusals->covered);
	put_value(&object, "uncovered", section_texts(&facts->uncovered));
	if (refusals->calls_by == CALLS_BY_BPF)
		put_number(&object, "lost", refusals->calls_lost);
	return build_end(&object);
}

/* Where each process stood when it had counted its last request. */
static json_t *requests(const struct refusals *refusals)
{
	struct builder list = build_list();

	for (uint32_t i = 0; i < refusals->process_count; i++) {
		struct builder object = build_object();

		put_number(&object, "pid", (uint64_t)refusals->processes[i].pid);
		put_number(&object, "count", refusals->processes[i].calls);
		append_value(&list, build_end(&object));
	}
	return build_end(&list);
}

/* A count of refusals is known only when a witness got into a process to count there. */
static void put_count(
	struct builder *object, const char *key, const struct refusals *refusals, uint64_t count)
{
	bool known = refusals->watched && (refusals->covered > 0 || count > 0);

	put_counter(object, key, known ? counter_of(count) : (struct counter){ 0 });
}

json_t *section_alloc_failures(const struct report_facts *facts, const struct evidence *evidence)
{
	const struct refusals *refusals = &evidence->refusals;
	bool any = refusals->hard > 0 || refusals->retried > 0 || refusals->impossible > 0;
	uint64_t beyond = runtime_failures_beyond(evidence);
	struct builder object = build_object();

	if (beyond > 0)
		put_number(&object, "count", alloc_failures_of(evidence));
	else
		put_count(&object, "count", refusals, refusals->hard);
	put_count(&object, "in_main", refusals, refusals->main_hard);
	put_count(&object, "retried", refusals, refusals->retried);
	put_count(&object, "impossible", refusals, refusals->impossible);
	put_count(&object, "injected", refusals, refusals->injected);
	if (refusals->counted)
		put_value(&object, "requests", requests(refusals));
	put_value(&object, "causes", causes(refusals));
	put_value(&object, "first", first(facts, refusals));
	put_counter(&object, "largest_bytes",
		any ? counter_of(refusals->largest_bytes) : (struct counter){ 0 });
	put_value(&object, "was_last",
		refusals->watched && refusals->hard > 0 ? json_boolean(refusals->hard_was_last)
							: json_null());
	put_value(&object, "runtime", runtime(facts, &evidence->runtime));
	put_value(&object, "witnesses", witnesses(evidence));
	put_value(&object, "coverage", coverage(facts, refusals));
	return build_end(&object);
}

json_t *section_signature(const struct evidence *evidence)
{
	const struct evidence_signature *signature = &evidence->signature;
	struct builder object;

	if (!signature->seen)
		return json_null();
	object = build_object();
	put_text(&object, "runtime", signature->runtime);
	put_text(&object, "text", signature->text);
	put_flag(&object, "status_matches", signature->status_matches);
	put_flag(&object, "is_heap_cap", signature->is_heap_cap);
	put_flag(&object, "is_start", signature->is_start);
	put_flag(&object, "image_matches", signature->image_matches);
	return build_end(&object);
}
