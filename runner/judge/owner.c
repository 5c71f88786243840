/* SPDX-License-Identifier: MIT
 *
 * owner.c - the kernel's record of a kill names the limit that it enforced, and outranks
 * everything. Without one, v2 counts at which level a limit was hit; v1 leaves only the peaks,
 * which are hints.
 */
#include "judge/owner.h"

#include <inttypes.h>
#include <string.h>

#include "judge/because.h"

/* What one source of evidence says. */
struct finding {
	bool known;
	enum reason reason;
	enum confidence confidence;
	int ancestor; /* index, or -1 */
};

static struct finding found(enum reason reason, enum confidence confidence)
{
	return (struct finding){ true, reason, confidence, -1 };
}

static struct finding found_ancestor(int ancestor, enum confidence confidence)
{
	return (struct finding){ true, REASON_ANCESTOR_LIMIT, confidence, ancestor };
}

static bool ends_with(const char *path, const char *tail)
{
	size_t length = strlen(path), tail_length = strlen(tail);

	return tail[0] == '/' && tail_length > 1 && tail_length <= length &&
	       strcmp(path + length - tail_length, tail) == 0;
}

/* The ancestor that the kernel calls oom_memcg. Its name starts at the root of the hierarchy, ours
 * may start at a mount point before it or at a cgroup namespace below it; -1 where none matches. */
static int ancestor_named(const struct evidence *evidence, const char *oom_memcg)
{
	const struct evidence_ancestor *ancestors = evidence->ancestors;

	for (int i = 0; i < evidence->ancestor_count; i++)
		if (strcmp(ancestors[i].path, oom_memcg) == 0)
			return i;
	for (int i = evidence->ancestor_count - 1; i >= 0; i--) /* the least in front of it */
		if (ends_with(ancestors[i].path, oom_memcg))
			return i;
	for (int i = 0; i < evidence->ancestor_count; i++) /* the most of it */
		if (ends_with(oom_memcg, ancestors[i].path))
			return i;
	return -1;
}

/* The record that decides: the main process's, else the first that tells whose limit it was. */
static const struct evidence_kill *deciding_record(const struct evidence *evidence)
{
	const struct evidence_kill *first = NULL;

	for (int i = 0; i < evidence->kill_count; i++) {
		const struct evidence_kill *kill = &evidence->kills[i];

		if (kill->owner == OWNER_UNKNOWN)
			continue;
		if (kill->is_main)
			return kill;
		if (first == NULL)
			first = kill;
	}
	return first;
}

static struct finding from_record(const struct evidence *evidence, const struct evidence_kill *kill)
{
	static const enum reason reasons[] = {
		[OWNER_OWN] = REASON_OWN_LIMIT,
		[OWNER_INNER] = REASON_INNER_LIMIT,
		[OWNER_ANCESTOR] = REASON_ANCESTOR_LIMIT,
		[OWNER_HOST] = REASON_HOST,
	};
	struct finding finding = { .ancestor = -1 };

	if (kill == NULL)
		return finding;
	finding = found(reasons[kill->owner], CONFIDENCE_CERTAIN);
	if (kill->owner == OWNER_ANCESTOR)
		finding.ancestor = ancestor_named(evidence, kill->log.oom_memcg);
	return finding;
}

/* memory.events.local oom rises in the group whose limit was hit, and nowhere else. */
static struct finding from_v2_counters(const struct evidence *evidence, uint64_t kills)
{
	int nearest = -1;
	bool nearer_unknown = false;

	if (!evidence->local_ooms.known)
		return (struct finding){ .ancestor = -1 };
	for (int i = 0; i < evidence->ancestor_count && nearest < 0; i++) {
		if (counter_some(evidence->ancestors[i].ooms))
			nearest = i;
		else if (!evidence->ancestors[i].ooms.known)
			nearer_unknown = true;
	}

	/* An outer limit was hit too, perhaps by a neighbour: not quite proof which of them killed.
	 */
	if (evidence->local_ooms.value > 0)
		return found(REASON_OWN_LIMIT, nearest < 0 ? CONFIDENCE_CERTAIN : CONFIDENCE_HIGH);
	if (counter_some(evidence->tree_ooms))
		return found(
			REASON_INNER_LIMIT, nearest < 0 ? CONFIDENCE_CERTAIN : CONFIDENCE_HIGH);
	if (nearest >= 0)
		return found_ancestor(
			nearest, nearer_unknown ? CONFIDENCE_HIGH : CONFIDENCE_CERTAIN);
	if (evidence->ancestors_all_visible && !nearer_unknown && evidence->host_oom_kills.known &&
		evidence->host_oom_kills.value >= kills)
		return found(REASON_HOST, CONFIDENCE_HIGH);
	return found(REASON_OUTSIDE, CONFIDENCE_MEDIUM);
}

/* Whether a group above has a limit, or might have one. */
static bool outer_limit_possible(const struct evidence *evidence)
{
	for (int i = 0; i < evidence->ancestor_count; i++)
		if (!evidence->ancestors[i].limit_bytes.known ||
			evidence->ancestors[i].limit_bytes.value != UINT64_MAX)
			return true;
	return !evidence->ancestors_all_visible;
}

/* v1 does not count who hit a limit. A peak below the limit clears the cage; a peak at it accuses
 * the cage, less so where file cache may have put it there or an outer limit may have come first.
 */
static struct finding from_v1_peaks(const struct evidence *evidence)
{
	bool inner_killed = counter_some(evidence->inner_oom_kills);

	if (!evidence->peak_bytes.known)
		return (struct finding){ .ancestor = -1 };
	if (evidence->peak_reached_limit) {
		bool doubtful = outer_limit_possible(evidence) || evidence->file_cache_was_large ||
				inner_killed;

		return found(REASON_OWN_LIMIT, doubtful ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH);
	}
	if (inner_killed)
		return found(REASON_INNER_LIMIT, CONFIDENCE_MEDIUM);
	for (int i = 0; i < evidence->ancestor_count; i++)
		if (evidence->ancestors[i].reached)
			return found_ancestor(i, CONFIDENCE_MEDIUM);
	if (!outer_limit_possible(evidence))
		return found(REASON_HOST, CONFIDENCE_MEDIUM);
	return found(REASON_OUTSIDE,
		evidence->inner_oom_kills.known ? CONFIDENCE_MEDIUM : CONFIDENCE_LOW);
}

static void because_of_record(const struct evidence *evidence, const struct evidence_kill *kill,
	struct judgement *judgement)
{
	static const char *const where[] = {
		[OWNER_OWN] = "at the cage's own limit",
		[OWNER_INNER] = "at the limit of a group that the command made inside the cage",
		[OWNER_ANCESTOR] = "at the limit of a group above the cage",
		[OWNER_HOST] = "because the host itself ran out of memory",
	};
	const char *command = kill->log.command[0] != '\0' ? kill->log.command : "a process";
	char path[PHRASE_SIZE];

	because(judgement, "The kernel log says that %s (pid %d) was killed %s.", command,
		kill->log.pid, where[kill->owner]);
	if (kill->log.oom_memcg[0] != '\0')
		because(judgement, "The kernel calls the group whose limit it was %s.",
			phrase_path(kill->log.oom_memcg, path));
	for (int i = 0; i < evidence->kill_count; i++) {
		const struct evidence_kill *other = &evidence->kills[i];

		if (other->owner == OWNER_UNKNOWN || other->owner == kill->owner)
			continue;
		because(judgement, "Another process, pid %d, was killed %s.", other->log.pid,
			where[other->owner]);
		break;
	}
}

static void because_of_v2_counters(
	const struct evidence *evidence, struct finding finding, struct judgement *judgement)
{
	char limit[PHRASE_SIZE], path[PHRASE_SIZE];
	uint64_t ooms = evidence->local_ooms.value;

	phrase_size(evidence->limit_bytes, limit);
	if (finding.reason != REASON_OWN_LIMIT)
		because(judgement,
			"The cage's own limit (%s) was not hit (memory.events.local: oom 0).",
			limit);

	if (finding.reason == REASON_OWN_LIMIT) {
		because(judgement,
			"The cage's own limit of %s was hit (memory.events.local: oom %" PRIu64
			").",
			limit, ooms);
		if (finding.confidence < CONFIDENCE_CERTAIN)
			because(judgement,
				"A limit above the cage was hit as well, and no record of the "
				"kernel log tells which of them killed.");
	} else if (finding.reason == REASON_INNER_LIMIT) {
		because(judgement,
			"A group that the command made inside the cage hit a limit of its own "
			"(memory.events: oom %" PRIu64 ").",
			evidence->tree_ooms.value);
	} else if (finding.reason == REASON_ANCESTOR_LIMIT) {
		const struct evidence_ancestor *ancestor = &evidence->ancestors[finding.ancestor];

		because(judgement, "A group above the cage hit its limit (%s): %s.",
			phrase_size(ancestor->limit_bytes, limit),
			phrase_path(ancestor->path, path));
	} else if (finding.reason == REASON_HOST) {
		because(judgement,
			"No group above the cage hit a limit either: the host itself ran out "
			"of memory.");
	} else {
		because(judgement, "Whose limit it was cannot be seen from here.");
	}
}

static void because_of_v1_peaks(
	const struct evidence *evidence, struct finding finding, struct judgement *judgement)
{
	char limit[PHRASE_SIZE], peak[PHRASE_SIZE], path[PHRASE_SIZE];

	phrase_size(evidence->limit_bytes, limit);
	phrase_size(evidence->peak_bytes, peak);
	because(judgement, "Memory use %s the cage's own limit (peak %s, limit %s).",
		finding.reason == REASON_OWN_LIMIT ? "reached" : "did not reach", peak, limit);

	if (finding.reason == REASON_INNER_LIMIT) {
		because(judgement,
			"A process was killed in a group that the command made inside the cage.");
	} else if (finding.reason == REASON_ANCESTOR_LIMIT) {
		const struct evidence_ancestor *ancestor = &evidence->ancestors[finding.ancestor];

		because(judgement, "A group above the cage reached its limit (%s): %s.",
			phrase_size(ancestor->limit_bytes, limit),
			phrase_path(ancestor->path, path));
	} else if (finding.reason == REASON_HOST) {
		because(judgement,
			"No group above the cage has a limit: the host itself ran out of memory.");
	} else if (finding.reason == REASON_OUTSIDE) {
		because(judgement, "Whose limit it was cannot be seen from here.");
	} else if (finding.confidence < CONFIDENCE_HIGH) {
		because(judgement,
			"File cache, or the limit of another group, could explain it too.");
	}
	because(judgement,
		"No record of the kernel log tells whose limit it was; on cgroup v1 only "
		"that would be proof.");
}

/* v2 counters are about limits, the record is about this kill: where they differ it wins, and the
 * judgement says so. "Outside" only means not ours, and v1 peaks prove nothing. */
static bool contradicts(
	enum evidence_backend backend, struct finding counted, struct finding record)
{
	if (backend != EVIDENCE_V2 || !counted.known || counted.reason == record.reason)
		return false;
	return counted.reason != REASON_OUTSIDE || record.reason == REASON_OWN_LIMIT;
}

bool judge_owner(const struct evidence *evidence, uint64_t kills, struct judgement *judgement)
{
	bool v2 = evidence->backend == EVIDENCE_V2;
	const struct evidence_kill *kill = deciding_record(evidence);
	struct finding record = from_record(evidence, kill);
	struct finding counted = v2 ? from_v2_counters(evidence, kills) : from_v1_peaks(evidence);
	struct finding finding = record.known ? record : counted;

	if (!finding.known) {
		conclude(judgement, REASON_EVIDENCE_LOST, CONFIDENCE_CERTAIN);
		because(judgement,
			"Whose limit it was is not known: %s could not be read, and no record of "
			"the kernel log tells.",
			v2 ? "memory.events.local" : "the peak memory use");
		return false;
	}
	conclude(judgement, finding.reason, finding.confidence);
	judgement->owner_ancestor = finding.ancestor;
	if (record.known)
		because_of_record(evidence, kill, judgement);
	else if (v2)
		because_of_v2_counters(evidence, counted, judgement);
	else
		because_of_v1_peaks(evidence, counted, judgement);
	if (record.known && contradicts(evidence->backend, counted, record)) {
		confidence_at_most(judgement, CONFIDENCE_HIGH);
		because(judgement,
			"The counters alone would say %s; the record is of the kill itself.",
			reason_name(counted.reason));
	}
	return true;
}
