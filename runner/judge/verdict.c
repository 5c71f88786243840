/* SPDX-License-Identifier: MIT
 *
 * verdict.c - say why a run ended. Pure: it reads nothing but the evidence.
 */
#include "judge/verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>

#include "base/text.h"
#include "judge/because.h"
#include "judge/ending.h"
#include "judge/oom.h"

static void judge_setup_failed(const struct evidence *evidence, struct judgement *judgement)
{
	conclude(judgement, REASON_SETUP, CONFIDENCE_CERTAIN);
	because(judgement, "The cage could not be set up: %s: %s.",
		evidence->start_step[0] != '\0' ? evidence->start_step : "a step before exec",
		phrase_errno(evidence->start_errno));
}

static void judge_exec_failed(const struct evidence *evidence, struct judgement *judgement)
{
	if (evidence->start_errno == ENOMEM)
		conclude(judgement, REASON_AT_EXEC, CONFIDENCE_HIGH);
	else
		conclude(judgement, REASON_EXEC, CONFIDENCE_CERTAIN);
	because(judgement, "The kernel refused to execute %s: %s.",
		evidence->main_command[0] != '\0' ? evidence->main_command : "the command",
		phrase_errno(evidence->start_errno));
}

/* What we did to a run, in the order of enum evidence_act. */
static const struct {
	enum reason reason;
	const char *words;
} acts[] = {
	[ACT_WALL_TIME] = { REASON_WALL, "its wall time limit was reached" },
	[ACT_CPU_TIME] = { REASON_CPU, "its CPU time limit was reached" },
	[ACT_STALL] = { REASON_STALLED_AT_LIMIT,
		"it made no progress at the memory limit, with nobody killed" },
	[ACT_OUTPUT_STDOUT] = { REASON_STDOUT, "it wrote more to standard output than allowed" },
	[ACT_OUTPUT_STDERR] = { REASON_STDERR, "it wrote more to standard error than allowed" },
	[ACT_INTERRUPTED] = { REASON_INTERRUPTED, "memcage was told to stop" },
};

/* Out of time, but what it spent the time on was the memory limit. */
static void refine_wall_time(const struct evidence *evidence, struct judgement *judgement)
{
	if (evidence->high_set && counter_some(evidence->high_hits)) {
		conclude(judgement, REASON_THROTTLED, CONFIDENCE_HIGH);
		because(judgement,
			"The kernel held it back at memory.high %" PRIu64
			" time%s (memory.events).",
			evidence->high_hits.value, plural(evidence->high_hits.value));
	} else if (counter_some(evidence->local_ooms) && counter_none(evidence->oom_kills)) {
		conclude(judgement, REASON_STALLED_AT_LIMIT, CONFIDENCE_HIGH);
		because(judgement,
			"It ran into the memory limit %" PRIu64
			" time%s and nobody was killed (memory.events.local oom).",
			evidence->local_ooms.value, plural(evidence->local_ooms.value));
	}
}

/* We ended it, and no kill came before that, as far as can be seen. */
static void judge_act(
	const struct evidence *evidence, struct counter kills, struct judgement *judgement)
{
	char after[TEXT_NUMBER_SIZE], name[PHRASE_SIZE], end[PHRASE_SIZE];
	bool none_killed = counter_none(kills) ||
			   (!kills.known && counter_none(evidence->host_oom_kills));
	bool act_was_first = none_killed || kill_order(evidence) == ORDER_ACT_FIRST;

	conclude(judgement, acts[evidence->act].reason, CONFIDENCE_CERTAIN);
	because(judgement, "memcage ended the run after %s: %s.",
		format_duration(evidence->act_at_ms, after), acts[evidence->act].words);
	if (evidence->act == ACT_INTERRUPTED && evidence->interrupt_signal > 0)
		because(judgement, "It was told so by signal %d.", evidence->interrupt_signal);
	if (evidence->act == ACT_WALL_TIME)
		refine_wall_time(evidence, judgement);
	because(judgement, "The command, %s, %s.", phrase_main(evidence, name),
		phrase_end(evidence, end));

	if (counter_some(kills))
		because(judgement, "The kernel killed for memory too (%" PRIu64 " kill%s), %s.",
			kills.value, plural(kills.value),
			act_was_first ? "but only after that"
				      : "and whether before or after that is not known");
	else if (!act_was_first)
		because(judgement,
			"Whether the kernel killed for memory before that is not known.");
	if (!act_was_first)
		confidence_at_most(judgement, CONFIDENCE_MEDIUM);
}

static void judge_evidence_missing(
	const struct evidence *evidence, struct counter kills, struct judgement *judgement)
{
	char end[PHRASE_SIZE];
	bool removed = evidence->group_removed && evidence->backend != EVIDENCE_RLIMIT;

	conclude(judgement, removed ? REASON_GROUP_REMOVED : REASON_EVIDENCE_LOST,
		CONFIDENCE_CERTAIN);
	if (removed)
		because(judgement,
			"The cage's cgroup was removed by someone else before its counters "
			"were read.");
	if (!kills.known)
		because(judgement, "Whether the kernel killed a process for memory is not known.");
	if (evidence->kill_count > 0)
		because(judgement,
			"The kernel log tells of kills for memory (%d), which is not enough.",
			evidence->kill_count);
	because(judgement, "The command %s.", phrase_end(evidence, end));
}

/* Counters that a verdict cannot do without. */
static bool evidence_is_missing(const struct evidence *evidence, struct counter kills)
{
	if (!evidence->end_known)
		return true;
	if (evidence->backend ==
		EVIDENCE_RLIMIT) /* there is no group whose counters could be lost */
		return ended_by(evidence, SIGKILL) && !counter_none(evidence->host_oom_kills) &&
		       !counter_some(evidence->oomd_kills);
	return evidence->group_removed || !kills.known;
}

static enum confidence confidence_of_no_kill(const struct evidence *evidence)
{
	if (evidence->backend == EVIDENCE_V2)
		return CONFIDENCE_CERTAIN;
	if (evidence->backend == EVIDENCE_V1 &&
		(evidence->log_readable || counter_none(evidence->host_oom_kills)))
		return CONFIDENCE_CERTAIN;
	return CONFIDENCE_MEDIUM;
}

/* SIGKILL, and the kernel's OOM killer had no part in it. */
static void judge_killed(const struct evidence *evidence, struct judgement *judgement)
{
	char name[PHRASE_SIZE];

	if (counter_some(evidence->oomd_kills)) {
		conclude(judgement, REASON_OOMD, CONFIDENCE_CERTAIN);
		because(judgement,
			"systemd-oomd left its mark: it killed the cage or a group above.");
	} else {
		conclude(judgement, REASON_EXTERNAL, confidence_of_no_kill(evidence));
		because(judgement,
			"%s got SIGKILL, and neither memcage nor the kernel's OOM killer sent "
			"it: %s.",
			phrase_main(evidence, name),
			evidence->backend == EVIDENCE_RLIMIT
				? "the host counted no kill for memory"
				: "the cage counted no kill for memory");
	}
	if (evidence->backend == EVIDENCE_V2 && counter_some(evidence->local_ooms) &&
		judgement->reason == REASON_EXTERNAL) {
		conclude(judgement, REASON_EXTERNAL, CONFIDENCE_LOW);
		because(judgement,
			"But the limit was hit %" PRIu64
			" time%s, and the kernel does not count every "
			"victim (one that shares its memory, or is ending already).",
			evidence->local_ooms.value, plural(evidence->local_ooms.value));
	}
	because_of_peak(judgement, evidence);
}

/* Neither a failed step was reported nor exec got through. */
static void judge_died_before_exec(
	const struct evidence *evidence, struct counter kills, struct judgement *judgement)
{
	char end[PHRASE_SIZE];

	if (ended_by(evidence, SIGKILL) && !evidence_is_missing(evidence, kills)) {
		judge_killed(evidence, judgement);
		because(judgement, "The command had not been started yet.");
		return;
	}
	conclude(judgement, REASON_SETUP,
		ended_by(evidence, SIGKILL) ? CONFIDENCE_LOW : CONFIDENCE_MEDIUM);
	because(judgement, "The process that was to become the command %s before it got there.",
		phrase_end(evidence, end));
	if (!kills.known)
		because(judgement, "Whether the kernel killed it for memory is not known.");
}

/* The order is the policy. What did not start cannot have failed; a kill by the kernel outranks
 * what we did later; what we did outranks what came of it; missing evidence is never good news;
 * and only then does the program's own end count, with what was seen inside it. */
static void decide(const struct evidence *evidence, struct judgement *judgement)
{
	struct counter kills = oom_kills_of(evidence);

	if (evidence->start == START_SETUP_FAILED)
		judge_setup_failed(evidence, judgement);
	else if (evidence->start == START_EXEC_FAILED)
		judge_exec_failed(evidence, judgement);
	else if (counter_some(kills) && kill_order(evidence) == ORDER_KILL_FIRST)
		judge_oom_kill(evidence, kills.value, judgement);
	else if (evidence->act != ACT_NONE)
		judge_act(evidence, kills, judgement);
	else if (evidence->start == START_DIED_BEFORE_EXEC)
		judge_died_before_exec(evidence, kills, judgement);
	else if (evidence_is_missing(evidence, kills))
		judge_evidence_missing(evidence, kills, judgement);
	else if (ended_by(evidence, SIGKILL))
		judge_killed(evidence, judgement);
	else if (!ended_well(evidence))
		judge_bad_end(evidence, judgement);
	else
		judge_good_end(evidence, judgement);
}

struct judgement judge(const struct evidence *evidence)
{
	struct judgement judgement = { .victim = VICTIM_NONE, .owner_ancestor = -1 };

	decide(evidence, &judgement);
	because_of_injection(&judgement, evidence);
	if (evidence->backend == EVIDENCE_RLIMIT) /* nothing counts, so nothing is proof */
		confidence_at_most(&judgement, CONFIDENCE_HIGH);
	return judgement;
}
