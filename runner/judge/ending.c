/* SPDX-License-Identifier: MIT */
#include "judge/ending.h"

#include <inttypes.h>
#include <signal.h>

#include "base/text.h"
#include "judge/because.h"
#include "judge/runtime.h"

/* Who asked for how much, why it was refused, and where in the program that was. */
static void because_of_refusals(const struct evidence *evidence, struct judgement *judgement)
{
	const struct refusals *refusals = &evidence->refusals;
	const struct refusal *first = &refusals->first;
	char size[TEXT_NUMBER_SIZE], path[PHRASE_SIZE];

	if (refusals->hard > 1 || !refusals->first_known)
		because(judgement, "%" PRIu64 " allocation%s refused; the largest asked for %s.",
			refusals->hard, refusals->hard == 1 ? " was" : "s were",
			format_size(refusals->largest_bytes, size));
	if (!refusals->first_known)
		return;
	because(judgement, "%s (pid %d) asked for %s by %s and was refused.",
		first->command[0] != '\0' ? first->command : "A process", first->pid,
		format_size(first->request_bytes, size),
		first->function[0] != '\0' ? first->function : "an unknown function");
	because(judgement, "The cause of the refusal: %s%s%s%s.", phrase_cause(first->cause),
		first->cause_detail[0] != '\0' ? " (" : "", first->cause_detail,
		first->cause_detail[0] != '\0' ? ")" : "");
	if (first->cage_bytes.known && evidence->limit_bytes.known)
		because(judgement, "The cage had %s of %s in use.",
			format_size(first->cage_bytes.value, size),
			phrase_size(evidence->limit_bytes, path));
	if (first->source_line[0] != '\0')
		because(judgement, "The program asked at %s.",
			phrase_path(first->source_line, path));
}

/* Refusals that did no harm: told, but no part of any verdict. */
static void because_of_harmless_refusals(
	const struct evidence *evidence, struct judgement *judgement)
{
	const struct refusals *refusals = &evidence->refusals;

	if (refusals->retried > 0)
		because(judgement, "%" PRIu64 " refused allocation%s asked for again and granted.",
			refusals->retried, refusals->retried == 1 ? " was" : "s were");
	if (refusals->impossible > 0)
		because(judgement,
			"%" PRIu64
			" refused allocation%s of a size that no machine could give: a bug of "
			"the program, not of its limit.",
			refusals->impossible, refusals->impossible == 1 ? " was" : "s were");
}

/* Without a witness inside the program, what it made of a refusal is not known. */
static void weigh_kernel_side(const struct evidence *evidence, struct judgement *judgement)
{
	const struct refusals *refusals = &evidence->refusals;

	if (refusals->hard == 0 || refusals->kernel_side < refusals->hard)
		return;
	if (evidence->runtime.hits > 0)
		return; /* and from inside */
	confidence_at_most(judgement, CONFIDENCE_MEDIUM);
	because(judgement, "It was seen from outside, as a refused system call.");
	because_of_lost_calls(judgement, evidence, CONFIDENCE_LOW);
}

static void because_of_text(const struct evidence *evidence, struct judgement *judgement)
{
	because(judgement, "It printed the out-of-memory message of %s: \"%s\".",
		evidence->signature.runtime, evidence->signature.text);
}

static void because_of_end(const struct evidence *evidence, struct judgement *judgement)
{
	char name[PHRASE_SIZE], end[PHRASE_SIZE];

	because(judgement, "The command, %s, %s.", phrase_main(evidence, name),
		phrase_end(evidence, end));
}

static bool text_fits_end(const struct evidence *evidence)
{
	return evidence->signature.seen && evidence->signature.status_matches;
}

/* Hard refusals of memory for the program itself. */
static bool refused_memory(const struct refusals *refusals)
{
	return refusals->hard > refusals->by_cause[CAUSE_KERNEL_OBJECT];
}

static void judge_refused(const struct evidence *evidence, struct judgement *judgement)
{
	const struct refusals *refusals = &evidence->refusals;
	bool bad_access = ended_by(evidence, SIGSEGV) || ended_by(evidence, SIGBUS);
	bool unchecked = bad_access && refusals->main_hard > 0;
	/* A refusal in another process does not explain by being last why this one crashed. */
	bool proof = refusals->hard_was_last && !(bad_access && !unchecked);

	if (unchecked)
		conclude(judgement, REASON_UNCHECKED,
			refusals->hard_was_last ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM);
	else
		conclude(judgement, REASON_REFUSED,
			proof || text_fits_end(evidence) || evidence->runtime.main_hits > 0
				? CONFIDENCE_HIGH
				: CONFIDENCE_MEDIUM);
	because_of_refusals(evidence, judgement);
	because_of_runtime(evidence, judgement);
	because_of_end(evidence, judgement);
	if (refusals->hard_was_last)
		because(judgement,
			"After that refusal, no allocation of at least its size was granted in "
			"that process.");
	if (text_fits_end(evidence))
		because_of_text(evidence, judgement);
	weigh_kernel_side(evidence, judgement);
}

static void judge_kernel_object_refused(
	const struct evidence *evidence, struct judgement *judgement)
{
	conclude(judgement, REASON_KERNEL_OBJECT,
		evidence->refusals.hard_was_last ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM);
	because_of_refusals(evidence, judgement);
	because_of_end(evidence, judgement);
}

static void judge_pids_refused(const struct evidence *evidence, struct judgement *judgement)
{
	conclude(judgement, REASON_PIDS, CONFIDENCE_MEDIUM);
	because(judgement,
		"The cap on processes kept the command from starting another %" PRIu64
		" time%s (pids.events max).",
		evidence->pids_refused.value, plural(evidence->pids_refused.value));
	because_of_end(evidence, judgement);
}

static bool is_runtime_heap(const struct evidence *evidence)
{
	return text_fits_end(evidence) && evidence->signature.is_heap_cap &&
	       evidence->signature.image_matches;
}

static void judge_runtime_heap(const struct evidence *evidence, struct judgement *judgement)
{
	conclude(judgement, REASON_RUNTIME_HEAP, CONFIDENCE_MEDIUM);
	because_of_text(evidence, judgement);
	because_of_end(evidence, judgement);
	because(judgement,
		"%s documents that end for a full heap, and the process had it loaded: its own "
		"cap, "
		"not the cage's limit.",
		evidence->signature.runtime);
}

/* A runtime's message with its documented end, while allocations were limited in the process, where
 * the witness that counts was not in place or could not get in. Where it was and saw nothing, its
 * silence outweighs any text. */
static bool is_refused_unseen(const struct evidence *evidence)
{
	const struct refusals *refusals = &evidence->refusals;

	if (!text_fits_end(evidence) || evidence->signature.is_heap_cap || !evidence->at_limit_fail)
		return false;
	if (!refusals->watched)
		return evidence->rlimit_data_bytes.known;
	return refusals->covered == 0 || refusals->retried > 0;
}

static void judge_refused_unseen(const struct evidence *evidence, struct judgement *judgement)
{
	bool only_retried = evidence->refusals.watched && evidence->refusals.retried > 0;
	char limit[PHRASE_SIZE];

	conclude(judgement, evidence->signature.is_start ? REASON_AT_EXEC : REASON_REFUSED,
		only_retried ? CONFIDENCE_LOW : CONFIDENCE_MEDIUM);
	because_of_text(evidence, judgement);
	because_of_end(evidence, judgement);
	if (evidence->signature.is_start)
		because(judgement, "That is said while loading, before any code of the command's "
				   "own runs.");
	because(judgement,
		"Allocations were limited in the process (--at-limit fail, RLIMIT_DATA %s).",
		phrase_size(evidence->rlimit_data_bytes, limit));
	if (only_retried)
		because_of_harmless_refusals(evidence, judgement);
	else
		because(judgement, "No witness inside the process could see the refusal itself.");
}

static void judge_refused_by_kernel(const struct evidence *evidence, struct judgement *judgement)
{
	conclude(judgement, REASON_KERNEL_OBJECT, CONFIDENCE_MEDIUM);
	because(judgement,
		"At the limit the kernel refused memory %" PRIu64
		" time%s and killed nobody (memory.events.local oom): a system call failed of it.",
		evidence->local_ooms.value, plural(evidence->local_ooms.value));
	because_of_end(evidence, judgement);
}

static bool is_crash(const struct evidence *evidence)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS };

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (ended_by(evidence, signals[i]))
			return true;
	return false;
}

/* How sure we are that the kernel killed nothing of ours: only a counter of the whole cage is
 * proof. */
static enum confidence nobody_killed(const struct evidence *evidence, struct judgement *judgement)
{
	if (evidence->backend == EVIDENCE_RLIMIT && !counter_none(evidence->host_oom_kills)) {
		because(judgement,
			"Without a cgroup nobody counts the kills of this run alone, and the "
			"host %s.",
			evidence->host_oom_kills.known ? "had some" : "did not tell of its own");
		return CONFIDENCE_MEDIUM;
	}
	if (evidence->backend == EVIDENCE_V1 && !evidence->inner_oom_kills.known) {
		because(judgement,
			"Kills in groups that the command made inside the cage could not "
			"be counted.");
		return CONFIDENCE_HIGH;
	}
	return CONFIDENCE_CERTAIN;
}

/* Memory had no part in it, as far as was seen. */
static void judge_failed(const struct evidence *evidence, struct judgement *judgement)
{
	bool watched = evidence->refusals.watched && evidence->refusals.covered > 0;

	conclude(judgement,
		is_crash(evidence)   ? REASON_CRASH
		: evidence->signaled ? REASON_SIGNAL
				     : REASON_EXIT,
		CONFIDENCE_CERTAIN);
	because_of_end(evidence, judgement);
	if (!evidence->signaled && evidence->status == 128 + SIGKILL)
		because(judgement, "It returned 137 itself; no process%s was killed for memory.",
			evidence->backend == EVIDENCE_RLIMIT ? " that is known of"
							     : " of the cage");
	confidence_at_most(judgement, nobody_killed(evidence, judgement));
	if (evidence->refusals.injected > 0) /* retried, as far as can be seen from outside */
		confidence_at_most(judgement, CONFIDENCE_HIGH);
	/* Without that end, too: a program that loads more while it runs ends of it in its own way,
	 * and what the loader is refused no library sees. */
	if (evidence->signature.seen) {
		confidence_at_most(
			judgement, text_fits_end(evidence) ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH);
		because_of_text(evidence, judgement);
		because(judgement,
			"Nothing else shows a refused allocation, and text alone proves nothing.");
	}
	if (runtime_failures_beyond(evidence) > 0) {
		confidence_at_most(judgement, CONFIDENCE_MEDIUM);
		because_of_runtime(evidence, judgement);
	}
	if (!watched) {
		confidence_at_most(judgement, CONFIDENCE_HIGH);
		because(judgement,
			"No witness watched for refused allocations, so one cannot be ruled out.");
	}
	because_of_harmless_refusals(evidence, judgement);
	because_of_lost_calls(judgement, evidence, CONFIDENCE_MEDIUM);
	because_of_peak(judgement, evidence);
}

void judge_bad_end(const struct evidence *evidence, struct judgement *judgement)
{
	if (refused_memory(&evidence->refusals))
		judge_refused(evidence, judgement);
	else if (counter_some(evidence->pids_refused))
		judge_pids_refused(evidence, judgement);
	else if (evidence->refusals.hard > 0)
		judge_kernel_object_refused(evidence, judgement);
	else if (runtime_failure_explains_end(evidence))
		judge_runtime_failure(evidence, judgement);
	else if (is_runtime_heap(evidence))
		judge_runtime_heap(evidence, judgement);
	else if (is_refused_unseen(evidence))
		judge_refused_unseen(evidence, judgement);
	else if (evidence->backend == EVIDENCE_V2 && counter_some(evidence->local_ooms))
		judge_refused_by_kernel(evidence, judgement);
	else
		judge_failed(evidence, judgement);
}

static bool under_pressure(const struct evidence *evidence)
{
	return counter_some(evidence->limit_hits) ||
	       (evidence->high_set && counter_some(evidence->high_hits)) ||
	       evidence->peak_reached_limit || evidence->peak_near_limit;
}

void judge_good_end(const struct evidence *evidence, struct judgement *judgement)
{
	because_of_end(evidence, judgement);
	if (alloc_failures_of(evidence) > 0) {
		conclude(judgement, REASON_RECOVERED_ALLOC_FAILURE, CONFIDENCE_HIGH);
		if (evidence->refusals.hard > 0)
			because_of_refusals(evidence, judgement);
		because_of_runtime(evidence, judgement);
		weigh_kernel_side(evidence, judgement);
	} else if (under_pressure(evidence)) {
		conclude(judgement, REASON_UNDER_PRESSURE, CONFIDENCE_CERTAIN);
		because(judgement, "Memory use reached %s, and the kernel could make room.",
			evidence->high_set && counter_some(evidence->high_hits)
				? "the throttling mark"
				: "the limit");
	} else {
		conclude(judgement, REASON_CLEAN, CONFIDENCE_CERTAIN);
	}
	confidence_at_most(judgement, nobody_killed(evidence, judgement));
	because_of_harmless_refusals(evidence, judgement);
	if (evidence->refusals.hard == 0)
		because_of_lost_calls(judgement, evidence, CONFIDENCE_MEDIUM);
	because_of_peak(judgement, evidence);
}
