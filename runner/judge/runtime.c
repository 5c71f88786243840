/* SPDX-License-Identifier: MIT */
#include "judge/runtime.h"

#include <inttypes.h>

#include "judge/because.h"

static uint64_t without(uint64_t number, uint64_t explained)
{
	return number > explained ? number - explained : 0;
}

uint64_t runtime_failures_beyond(const struct evidence *evidence)
{
	const struct refusals *refusals = &evidence->refusals;
	const struct evidence_runtime *runtime = &evidence->runtime;
	uint64_t other_hits = runtime->hits - runtime->main_hits - runtime->unplaced_hits;
	uint64_t other_hard = refusals->hard - refusals->main_hard;
	uint64_t of_main = without(runtime->main_hits, refusals->main_hard);
	uint64_t of_others = without(other_hits, other_hard);
	/* Those may be anybody's refusals that have no hit yet. */
	uint64_t of_threads = without(runtime->unplaced_hits,
		without(refusals->main_hard, runtime->main_hits) + without(other_hard, other_hits));

	return without(of_main + of_others + of_threads, refusals->impossible);
}

uint64_t alloc_failures_of(const struct evidence *evidence)
{
	return evidence->refusals.hard + runtime_failures_beyond(evidence);
}

bool runtime_failure_explains_end(const struct evidence *evidence)
{
	return runtime_failures_beyond(evidence) > 0 &&
	       (evidence->runtime.main_hits > 0 || evidence->runtime.status_matches);
}

void because_of_runtime(const struct evidence *evidence, struct judgement *judgement)
{
	const struct evidence_runtime *runtime = &evidence->runtime;
	const struct runtime_failure *told = &runtime->told;

	if (runtime->hits == 0)
		return;
	because(judgement,
		"%s (pid %d%s) came to the out-of-memory function of the %s runtime%s%s%s, %" PRIu64
		" time%s.",
		told->command[0] != '\0' ? told->command : "A process", told->pid,
		runtime->main_hits == 0 ? ", not the command itself" : "", told->runtime,
		told->text[0] != '\0' ? ": \"" : "", told->text, told->text[0] != '\0' ? "\"" : "",
		told->hits, plural(told->hits));
}

void judge_runtime_failure(const struct evidence *evidence, struct judgement *judgement)
{
	const struct evidence_runtime *runtime = &evidence->runtime;
	char name[PHRASE_SIZE], end[PHRASE_SIZE];

	conclude(judgement, runtime->told.is_heap_cap ? REASON_RUNTIME_HEAP : REASON_REFUSED,
		runtime->status_matches ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM);
	because_of_runtime(evidence, judgement);
	because(judgement, "The command, %s, %s.", phrase_main(evidence, name),
		phrase_end(evidence, end));
	if (runtime->status_matches)
		because(judgement, "That is the end which %s documents for it.",
			runtime->told.runtime);
	if (runtime->told.is_heap_cap)
		because(judgement,
			"The runtime's own cap was reached, not the cage's limit: nothing was "
			"refused by the system.");
}
