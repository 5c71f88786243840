/* SPDX-License-Identifier: MIT */
#include "judge/oom.h"

#include <inttypes.h>
#include <signal.h>

#include "base/text.h"
#include "judge/because.h"
#include "judge/owner.h"

/* Below this, loading alone may hit the limit: a small dynamic program needs some 256 KiB. */
#define LOADING_NEEDS_BYTES (UINT64_C(1) << 20)

/* Kills that the kernel log tells of and that were certainly of this run. A record that names the
 * main process while that ended otherwise is not believed. */
static uint64_t recorded_kills(const struct evidence *evidence)
{
	bool main_may_be = !evidence->end_known || ended_by(evidence, SIGKILL);
	uint64_t recorded = 0;

	for (int i = 0; i < evidence->kill_count; i++)
		if ((evidence->kills[i].is_main && main_may_be) ||
			evidence->kills[i].owner == OWNER_OWN ||
			evidence->kills[i].owner == OWNER_INNER)
			recorded++;
	return recorded;
}

struct counter oom_kills_of(const struct evidence *evidence)
{
	struct counter kills = evidence->oom_kills;
	uint64_t recorded = recorded_kills(evidence);

	if (evidence->backend == EVIDENCE_RLIMIT)
		return (struct counter){ 0 };
	/* v1 counts the leaf alone: the kills in a group inside it stand elsewhere. */
	if (evidence->backend == EVIDENCE_V1 && counter_some(evidence->inner_oom_kills))
		kills = counter_of(
			(kills.known ? kills.value : 0) + evidence->inner_oom_kills.value);
	/* Counters can miss a kill that the log has: v1's went with an inner group that was
	 * removed, or a privileged command left the cage. */
	if (recorded > 0 && (!kills.known || kills.value < recorded))
		kills = counter_of(recorded);
	/* The last reading was lost, but an earlier one had kills already. */
	if (!kills.known && counter_some(evidence->oom_kills_before_act))
		kills = evidence->oom_kills_before_act;
	return kills;
}

enum kill_order kill_order(const struct evidence *evidence)
{
	struct counter kills = oom_kills_of(evidence);
	uint64_t in_leaf = evidence->oom_kills.known ? evidence->oom_kills.value : 0;

	if (evidence->act == ACT_NONE)
		return ORDER_KILL_FIRST;
	if (evidence->backend == EVIDENCE_RLIMIT)
		return ORDER_UNKNOWN;
	if (counter_some(evidence->oom_kills_before_act))
		return ORDER_KILL_FIRST;
	if (counter_none(kills))
		return ORDER_ACT_FIRST;
	/* The reading at the act was of the leaf: it cannot place kills that stand elsewhere. */
	if (kills.known && kills.value > in_leaf)
		return ORDER_UNKNOWN;
	return counter_none(evidence->oom_kills_before_act) ? ORDER_ACT_FIRST : ORDER_UNKNOWN;
}

/* The record of the main process's kill, or NULL. */
static const struct evidence_kill *main_record(const struct evidence *evidence)
{
	for (int i = 0; i < evidence->kill_count; i++)
		if (evidence->kills[i].is_main)
			return &evidence->kills[i];
	return NULL;
}

static bool main_is_recorded(const struct evidence *evidence)
{
	return main_record(evidence) != NULL;
}

/* Whether the records, being complete and with pids that compare, would name the main process. */
static bool records_are_complete(const struct evidence *evidence, uint64_t kills)
{
	return ((evidence->log_readable && evidence->log_pids_comparable) ||
		       evidence->victims_told) &&
	       (uint64_t)evidence->kill_count >= kills;
}

static enum victim victim_of(const struct evidence *evidence, uint64_t kills)
{
	bool whole = (evidence->oom_group && counter_some(evidence->group_kills)) ||
		     evidence->oom_group_emulated;

	if (whole)
		return VICTIM_GROUP;
	if (!evidence->end_known)
		return main_is_recorded(evidence) ? VICTIM_MAIN : VICTIM_UNKNOWN;
	if (!ended_by(evidence, SIGKILL))
		return VICTIM_DESCENDANT;
	if (main_is_recorded(evidence) || !evidence->had_descendants)
		return VICTIM_MAIN;
	return records_are_complete(evidence, kills) ? VICTIM_DESCENDANT : VICTIM_UNKNOWN;
}

static void because_of_victim(const struct evidence *evidence, struct judgement *judgement)
{
	char name[PHRASE_SIZE], end[PHRASE_SIZE];

	phrase_main(evidence, name);
	phrase_end(evidence, end);
	switch (judgement->victim) {
	case VICTIM_MAIN:
		because(judgement, "The main process, %s, was killed%s.", name,
			!main_is_recorded(evidence)     ? ", and there was never another one"
			: main_record(evidence)->marked ? ": the kernel marked it as the victim"
							: ": the kernel log names it");
		break;
	case VICTIM_GROUP:
		because(judgement,
			"The kill took every process of the cage%s; the main process %s.",
			evidence->oom_group_emulated ? " (done by memcage at the first kill)" : "",
			end);
		break;
	case VICTIM_DESCENDANT:
		if (ended_by(evidence, SIGKILL))
			because(judgement,
				"A child was the victim: every kill is recorded, and the main "
				"process, %s, is not among them; its SIGKILL came from something "
				"else.",
				name);
		else
			because(judgement, "A child was the victim; the command itself, %s, %s.",
				name, end);
		break;
	default:
		because(judgement,
			"Which process was the victim is not proved: there were several, and the "
			"main process %s.",
			end);
	}
}

/* The kill happened while the kernel had not yet carried exec through. */
static void judge_killed_before_exec(const struct evidence *evidence, struct judgement *judgement)
{
	char limit[PHRASE_SIZE];

	conclude(judgement, REASON_LIMIT_TOO_SMALL, judgement->confidence);
	because(judgement,
		"The command had not been started yet: a limit of %s is too small to start it.",
		phrase_size(evidence->limit_bytes, limit));
}

void judge_oom_kill(const struct evidence *evidence, uint64_t kills, struct judgement *judgement)
{
	char limit[TEXT_NUMBER_SIZE];

	because(judgement, "The kernel's OOM killer struck in the cage: %" PRIu64 " kill%s.", kills,
		plural(kills));
	if (!judge_owner(evidence, kills, judgement))
		return;
	if (evidence->start == START_DIED_BEFORE_EXEC && judgement->reason == REASON_OWN_LIMIT) {
		judge_killed_before_exec(evidence, judgement);
		return;
	}
	judgement->victim = victim_of(evidence, kills);
	because_of_victim(evidence, judgement);
	if (judgement->victim == VICTIM_UNKNOWN)
		confidence_at_most(judgement, CONFIDENCE_HIGH);
	if (judgement->reason == REASON_OWN_LIMIT && evidence->limit_bytes.known &&
		evidence->limit_bytes.value < LOADING_NEEDS_BYTES)
		because(judgement, "A limit of %s is below what loading a program needs.",
			format_size(evidence->limit_bytes.value, limit));
	if (evidence->refusals.hard > 0)
		because(judgement, "Before or beside the kill, %" PRIu64 " allocation%s refused.",
			evidence->refusals.hard, evidence->refusals.hard == 1 ? " was" : "s were");
}
