/* SPDX-License-Identifier: MIT
 *
 * test_verdict.c - judge() on evidence written by hand: one row per kind of end. The whole space of
 * combinations is in test_verdict_table.c.
 */
#include "judge/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "judge/because.h"
#include "verdict_evidence.h"

#define CHANGES_MAX 6

struct row {
	const char *name;
	enum evidence_backend backend;
	void (*changes[CHANGES_MAX])(struct evidence *evidence);
	enum reason reason; /* the verdict follows */
	enum victim victim;
	enum confidence confidence;
	const char *because; /* part of one sentence */
};

#define V2 EVIDENCE_V2
#define V1 EVIDENCE_V1
#define RL EVIDENCE_RLIMIT
#define NOBODY VICTIM_NONE
#define CERTAIN CONFIDENCE_CERTAIN
#define HIGH CONFIDENCE_HIGH
#define MEDIUM CONFIDENCE_MEDIUM
#define LOW CONFIDENCE_LOW

/* clang-format off */
static const struct row ends[] = {
	/* exit 0 */
	{ "a quiet run", V2, { as_is }, REASON_CLEAN, NOBODY, CERTAIN, "exited 0" },
	{ "a quiet run on v1", V1, { as_is }, REASON_CLEAN, NOBODY, CERTAIN, "exited 0" },
	{ "a quiet run without a cgroup", RL, { as_is }, REASON_CLEAN, NOBODY, HIGH, "exited 0" },
	{ "kills on the host, no cgroup", RL, { host_kills }, REASON_CLEAN, NOBODY, MEDIUM, "nobody counts" },
	{ "limit touched", V2, { limit_touched }, REASON_UNDER_PRESSURE, NOBODY, CERTAIN, "reached the limit" },
	{ "throttled, but done", V2, { high_touched }, REASON_UNDER_PRESSURE, NOBODY, CERTAIN, "throttling mark" },
	{ "v1 peak at limit", V1, { limit_touched }, REASON_UNDER_PRESSURE, NOBODY, CERTAIN, "256 MiB of a limit of 256 MiB" },
	{ "caught and lived", V2, { hard }, REASON_RECOVERED_ALLOC_FAILURE, NOBODY, HIGH, "asked for 7.5 GiB by malloc" },
	{ "recovered beats pressure", V2, { hard, limit_touched }, REASON_RECOVERED_ALLOC_FAILURE, NOBODY, HIGH, "script.py:2" },
	{ "injected, and lived with", V2, { injected }, REASON_RECOVERED_ALLOC_FAILURE, NOBODY, HIGH, "1 refusal was injected by --fail-alloc" },
	{ "injected, and gave up", V2, { injected, exit_1 }, REASON_REFUSED, NOBODY, HIGH, "injected on purpose" },
	{ "injected, and crashed", V2, { injected, by_segv }, REASON_UNCHECKED, NOBODY, HIGH, "1 refusal was injected by --fail-alloc" },
	{ "injected, and another way found", V2, { injected_and_retried }, REASON_CLEAN, NOBODY, CERTAIN, "1 refusal was injected by --fail-alloc" },
	{ "injected, another way, bad end", V2, { injected_and_retried, exit_1 }, REASON_EXIT, NOBODY, HIGH, "1 refusal was injected by --fail-alloc" },
	{ "injected, and killed at the limit", V2, { injected, own_kill, by_kill }, REASON_OWN_LIMIT, VICTIM_MAIN, CERTAIN, "1 refusal was injected by --fail-alloc" },
	{ "only retried", V2, { retried }, REASON_CLEAN, NOBODY, CERTAIN, "7 refused allocations were asked for again" },
	{ "only impossible", V2, { impossible }, REASON_CLEAN, NOBODY, CERTAIN, "no machine could give" },
	{ "the log names main, which exited", V2, { log_main }, REASON_CLEAN, NOBODY, CERTAIN, "exited 0" },
	{ "MemoryError printed, exit 0", V2, { fail_mode, text_and_end }, REASON_CLEAN, NOBODY, CERTAIN, "exited 0" },

	/* OOM kills: whose victim */
	{ "a child killed, main exits 0", V2, { own_kill, tree }, REASON_OWN_LIMIT, VICTIM_DESCENDANT, CERTAIN, "exited 0" },
	{ "a child killed, main exits 1", V2, { own_kill, tree, exit_1 }, REASON_OWN_LIMIT, VICTIM_DESCENDANT, CERTAIN, "exited 1" },
	{ "a child killed, main exits 137", V2, { own_kill, tree, exit_137 }, REASON_OWN_LIMIT, VICTIM_DESCENDANT, CERTAIN, "exited 137" },
	{ "main killed, alone", V2, { own_kill, by_kill }, REASON_OWN_LIMIT, VICTIM_MAIN, CERTAIN, "never another one" },
	{ "main killed, marked by the kernel", V2, { own_kill, tree, by_kill, marked_main }, REASON_OWN_LIMIT, VICTIM_MAIN, CERTAIN, "marked it as the victim" },
	{ "another one was marked", V2, { own_kill, tree, by_kill, marked_child }, REASON_OWN_LIMIT, VICTIM_DESCENDANT, CERTAIN, "every kill is recorded" },
	{ "main killed, says the log", V2, { own_kill, tree, by_kill, log_main }, REASON_OWN_LIMIT, VICTIM_MAIN, CERTAIN, "the kernel log names it" },
	{ "the whole cage", V2, { own_kill, by_kill, kernel_group }, REASON_OWN_LIMIT, VICTIM_GROUP, CERTAIN, "every process" },
	{ "the whole cage, by us", V1, { log_own, by_kill, emulated_group }, REASON_OWN_LIMIT, VICTIM_GROUP, CERTAIN, "done by memcage" },
	{ "several, no proof which", V2, { own_kill, tree, by_kill }, REASON_OWN_LIMIT, VICTIM_UNKNOWN, HIGH, "not proved" },
	{ "main killed by another", V2, { own_kill, tree, by_kill, log_child }, REASON_OWN_LIMIT, VICTIM_DESCENDANT, CERTAIN, "something else" },
	{ "another pid, not comparable", V2, { own_kill, tree, by_kill, log_child, log_not_comparable }, REASON_OWN_LIMIT, VICTIM_UNKNOWN, HIGH, "not proved" },
	{ "an inner group went whole", V2, { own_kill, inner_group, exit_1 }, REASON_OWN_LIMIT, VICTIM_DESCENDANT, CERTAIN, "exited 1" },
	{ "end of main unknown", V2, { own_kill, end_unknown }, REASON_OWN_LIMIT, VICTIM_UNKNOWN, HIGH, "could not be learned" },
	{ "refusals and a kill", V2, { own_kill, by_kill, hard_last }, REASON_OWN_LIMIT, VICTIM_MAIN, CERTAIN, "1 allocation was refused" },

	/* OOM kills: whose limit, v2 */
	{ "own and outer hit", V2, { own_and_outer_kill, by_kill }, REASON_OWN_LIMIT, VICTIM_MAIN, HIGH, "above the cage was hit as well" },
	{ "inner", V2, { inner_kill, tree }, REASON_INNER_LIMIT, VICTIM_DESCENDANT, CERTAIN, "made inside the cage" },
	{ "ancestor", V2, { ancestor_kill, by_kill }, REASON_ANCESTOR_LIMIT, VICTIM_MAIN, CERTAIN, "(128 MiB): /sys/fs/cgroup/outer" },
	{ "host", V2, { one_kill, by_kill }, REASON_HOST, VICTIM_MAIN, HIGH, "the host itself" },
	{ "host does not count it", V2, { one_kill, host_unknown, by_kill }, REASON_OUTSIDE, VICTIM_MAIN, MEDIUM, "cannot be seen" },
	{ "ancestor above an unreadable one", V2, { ancestor_kill, nearest_unknown, by_kill }, REASON_ANCESTOR_LIMIT, VICTIM_MAIN, HIGH, "(128 MiB)" },
	{ "an unreadable one, nobody else", V2, { one_kill, nearest_unknown, by_kill }, REASON_OUTSIDE, VICTIM_MAIN, MEDIUM, "cannot be seen" },
	{ "outside", V2, { outside_kill, by_kill }, REASON_OUTSIDE, VICTIM_MAIN, MEDIUM, "cannot be seen" },
	{ "the log agrees", V2, { log_own, by_kill }, REASON_OWN_LIMIT, VICTIM_MAIN, CERTAIN, "at the cage's own limit" },
	{ "the log overrules", V2, { log_ancestor, by_kill }, REASON_ANCESTOR_LIMIT, VICTIM_MAIN, HIGH, "would say own_limit" },
	{ "the log says host", V2, { log_host, outside_kill, by_kill }, REASON_HOST, VICTIM_MAIN, CERTAIN, "the host itself" },
	{ "local ooms unknown", V2, { local_unknown, by_kill }, REASON_EVIDENCE_LOST, NOBODY, CERTAIN, "memory.events.local" },
	{ "local ooms unknown, log", V2, { local_unknown, log_own, by_kill }, REASON_OWN_LIMIT, VICTIM_MAIN, CERTAIN, "kernel log says" },
	{ "only the log is left", V2, { log_without_counters, by_kill }, REASON_OWN_LIMIT, VICTIM_MAIN, CERTAIN, "kernel log says" },

	{ "not counted, but logged", V2, { by_kill, log_main }, REASON_OUTSIDE, VICTIM_MAIN, MEDIUM, "cannot be seen" },

	/* OOM kills: whose limit, v1 */
	{ "v1, the log", V1, { log_own, by_kill }, REASON_OWN_LIMIT, VICTIM_MAIN, CERTAIN, "/outer/job/leaf" },
	{ "v1, the log, ancestor", V1, { log_ancestor, by_kill }, REASON_ANCESTOR_LIMIT, VICTIM_MAIN, CERTAIN, "/outer" },
	{ "v1, peak at limit", V1, { own_kill, by_kill }, REASON_OWN_LIMIT, VICTIM_MAIN, HIGH, "peak 256 MiB, limit 256 MiB" },
	{ "v1, and an outer limit", V1, { own_kill_outer_limit, by_kill }, REASON_OWN_LIMIT, VICTIM_MAIN, MEDIUM, "could explain it too" },
	{ "v1, and file cache", V1, { cached_kill, by_kill }, REASON_OWN_LIMIT, VICTIM_MAIN, MEDIUM, "File cache" },
	{ "v1, below, ancestor reached", V1, { ancestor_kill, by_kill }, REASON_ANCESTOR_LIMIT, VICTIM_MAIN, MEDIUM, "did not reach" },
	{ "v1, below, nobody limited", V1, { one_kill, by_kill }, REASON_HOST, VICTIM_MAIN, MEDIUM, "the host itself" },
	{ "v1, below, outer limit", V1, { below_outer_limit, by_kill }, REASON_OUTSIDE, VICTIM_MAIN, MEDIUM, "cannot be seen" },
	{ "v1, below, inner unknown", V1, { below_outer_limit, inner_unknown, by_kill }, REASON_OUTSIDE, VICTIM_MAIN, LOW, "cannot be seen" },
	{ "v1, inner", V1, { inner_kill, tree }, REASON_INNER_LIMIT, VICTIM_DESCENDANT, MEDIUM, "inside the cage" },
	{ "v1, inner group is gone", V1, { log_inner, tree }, REASON_INNER_LIMIT, VICTIM_DESCENDANT, CERTAIN, "inside the cage" },
	{ "v1, peak unknown", V1, { peak_unknown, by_kill }, REASON_EVIDENCE_LOST, NOBODY, CERTAIN, "peak memory use" },

	/* what we did */
	{ "wall time", V2, { by_kill, wall }, REASON_WALL, NOBODY, CERTAIN, "after 5.0 s" },
	{ "cpu time", V2, { by_kill, cpu }, REASON_CPU, NOBODY, CERTAIN, "CPU time" },
	{ "kill, then wall time", V2, { own_kill, by_kill, wall_after_kill }, REASON_OWN_LIMIT, VICTIM_MAIN, CERTAIN, "1 kill" },
	{ "kill, wall time, group removed", V2, { own_kill, by_kill, removed_after_kill }, REASON_OWN_LIMIT, VICTIM_MAIN, CERTAIN, "1 kill" },
	{ "wall time, then kill", V2, { own_kill, by_kill, wall }, REASON_WALL, NOBODY, CERTAIN, "only after that" },
	{ "wall time, order unknown", V2, { own_kill, by_kill, wall_order_unknown }, REASON_WALL, NOBODY, MEDIUM, "before or after" },
	{ "v1, inner kill, wall time", V1, { inner_kill, by_kill, wall }, REASON_WALL, NOBODY, MEDIUM, "before or after" },
	{ "wall time, kills unknown", V2, { kills_unknown, host_unknown, by_kill, wall }, REASON_WALL, NOBODY, MEDIUM, "before that is not known" },
	{ "wall time, no cgroup", RL, { by_kill, wall }, REASON_WALL, NOBODY, HIGH, "wall time" },
	{ "throttled", V2, { by_kill, wall_throttled }, REASON_THROTTLED, NOBODY, HIGH, "187 times" },
	{ "high hits of an inner group", V2, { by_kill, wall_throttled, no_high_mark }, REASON_WALL, NOBODY, CERTAIN, "wall time" },
	{ "stalled until wall time", V2, { ooms_without_kill, by_kill, wall }, REASON_STALLED_AT_LIMIT, NOBODY, HIGH, "9604 times" },
	{ "stalled", V2, { ooms_without_kill, by_kill, stall }, REASON_STALLED_AT_LIMIT, NOBODY, CERTAIN, "no progress" },
	{ "too much output", V2, { by_kill, output_stdout }, REASON_STDOUT, NOBODY, CERTAIN, "standard output" },
	{ "too many errors", V2, { by_kill, output_stderr }, REASON_STDERR, NOBODY, CERTAIN, "standard error" },
	{ "interrupted", V2, { by_kill, interrupted }, REASON_INTERRUPTED, NOBODY, CERTAIN, "signal 15" },
	{ "ended well in its grace time", V2, { wall }, REASON_WALL, NOBODY, CERTAIN, "exited 0" },

	/* SIGKILL, and no kill for memory */
	{ "oomd", V2, { by_kill, oomd }, REASON_OOMD, NOBODY, CERTAIN, "systemd-oomd" },
	{ "from outside", V2, { by_kill }, REASON_EXTERNAL, NOBODY, CERTAIN, "41 MiB of a limit of 256 MiB" },
	{ "from outside, at the limit", V2, { by_kill, ooms_without_kill }, REASON_EXTERNAL, NOBODY, LOW, "does not count every victim" },
	{ "from outside, v1", V1, { by_kill }, REASON_EXTERNAL, NOBODY, CERTAIN, "counted no kill" },
	{ "from outside, v1, host had kills", V1, { by_kill, host_kills }, REASON_EXTERNAL, NOBODY, MEDIUM, "counted no kill" },
	{ "the same with the log", V1, { by_kill, host_kills, log_readable }, REASON_EXTERNAL, NOBODY, CERTAIN, "counted no kill" },
	{ "no cgroup, host had kills", RL, { by_kill, host_kills }, REASON_EVIDENCE_LOST, NOBODY, HIGH, "not known" },
	{ "no cgroup, host unknown", RL, { by_kill, host_unknown }, REASON_EVIDENCE_LOST, NOBODY, HIGH, "not known" },
	{ "no cgroup, host had none", RL, { by_kill }, REASON_EXTERNAL, NOBODY, MEDIUM, "host counted no kill" },

	/* bad ends */
	{ "refused, gave up", V2, { exit_1, hard_last }, REASON_REFUSED, NOBODY, HIGH, "RLIMIT_DATA 251658240" },
	{ "refused earlier", V2, { exit_1, hard }, REASON_REFUSED, NOBODY, MEDIUM, "7.5 GiB" },
	{ "refused, and says so", V2, { exit_1, hard, text_and_end }, REASON_REFUSED, NOBODY, HIGH, "MemoryError" },
	{ "refused, seen from outside", V2, { exit_1, hard_last, from_outside }, REASON_REFUSED, NOBODY, MEDIUM, "refused system call" },
	{ "refused, seen from outside in part", V2, { exit_1, hard_last, from_outside, calls_lost }, REASON_REFUSED, NOBODY, LOW, "7 records were lost" },
	{ "none seen of those that were", V2, { calls_lost }, REASON_CLEAN, NOBODY, MEDIUM, "7 records were lost" },
	{ "a process too many", V2, { exit_1, calls_unwatched }, REASON_EXIT, NOBODY, MEDIUM, "1 process was not watched" },
	{ "lived with, seen in part", V2, { hard, from_outside, calls_unwatched }, REASON_RECOVERED_ALLOC_FAILURE, NOBODY, LOW, "not watched" },
	{ "refused, seen from outside too", V2, { exit_1, hard_last, partly_from_outside }, REASON_REFUSED, NOBODY, HIGH, "7.5 GiB" },
	{ "lived with, seen from outside", V2, { hard, from_outside }, REASON_RECOVERED_ALLOC_FAILURE, NOBODY, MEDIUM, "refused system call" },
	{ "unchecked, seen from outside", V2, { by_segv, hard_last, from_outside }, REASON_UNCHECKED, NOBODY, MEDIUM, "SIGSEGV" },
	{ "refused, abort", V2, { by_abrt, hard_last }, REASON_REFUSED, NOBODY, HIGH, "SIGABRT" },
	{ "refused in a child", V2, { exit_1, hard_in_child }, REASON_REFUSED, NOBODY, HIGH, "pid 4713" },
	{ "unchecked", V2, { by_segv, hard_last }, REASON_UNCHECKED, NOBODY, HIGH, "SIGSEGV" },
	{ "unchecked, perhaps", V2, { by_bus, hard }, REASON_UNCHECKED, NOBODY, MEDIUM, "SIGBUS" },
	{ "crash beside a child's refusal", V2, { by_segv, hard_in_child }, REASON_REFUSED, NOBODY, MEDIUM, "pid 4713" },
	{ "fork refused", V2, { exit_1, pids_refused }, REASON_PIDS, NOBODY, MEDIUM, "4 times" },
	{ "fork refused, kernel object", V2, { exit_1, pids_refused, object_refused }, REASON_PIDS, NOBODY, MEDIUM, "pids.events" },
	{ "fork and memory refused", V2, { exit_1, pids_refused, hard_last }, REASON_REFUSED, NOBODY, HIGH, "7.5 GiB" },
	{ "kernel object refused", V2, { exit_1, object_refused }, REASON_KERNEL_OBJECT, NOBODY, MEDIUM, "kernel's own" },
	{ "runtime heap", V2, { exit_1, heap_and_image }, REASON_RUNTIME_HEAP, NOBODY, MEDIUM, "its own cap" },
	{ "heap text without image", V2, { exit_1, heap_and_end, fail_mode }, REASON_EXIT, NOBODY, MEDIUM, "text alone" },
	{ "text, unwatched, fail", V2, { exit_1, unwatched, text_and_end, fail_mode }, REASON_REFUSED, NOBODY, MEDIUM, "240 MiB" },
	{ "text, unwatched, no limit in force", V2, { exit_1, unwatched, text_and_end, fail_mode, rlimit_unknown }, REASON_EXIT, NOBODY, MEDIUM, "text alone" },
	{ "text, unwatched, kill", V2, { exit_1, unwatched, text_and_end }, REASON_EXIT, NOBODY, MEDIUM, "text alone" },
	{ "text, static program, fail", V2, { exit_1, uncovered, text_and_end, fail_mode }, REASON_REFUSED, NOBODY, MEDIUM, "No witness" },
	{ "loader's text, uncovered, fail", V2, { exit_1, uncovered, start_and_end, fail_mode }, REASON_AT_EXEC, NOBODY, MEDIUM, "while loading" },
	{ "loader's text, unwatched, fail", V2, { exit_1, unwatched, start_and_end, fail_mode }, REASON_AT_EXEC, NOBODY, MEDIUM, "failed to map" },
	{ "loader's text, kill", V2, { exit_1, uncovered, start_and_end }, REASON_EXIT, NOBODY, MEDIUM, "text alone" },
	{ "loader's text, watched and silent", V2, { exit_1, start_and_end, fail_mode }, REASON_EXIT, NOBODY, MEDIUM, "text alone" },
	{ "loader's text beside a refusal", V2, { exit_1, hard_last, start_and_end, fail_mode }, REASON_REFUSED, NOBODY, HIGH, "7.5 GiB" },
	{ "text, watched and silent", V2, { exit_1, text_and_end, fail_mode }, REASON_EXIT, NOBODY, MEDIUM, "text alone" },
	{ "text, watched, retried", V2, { exit_1, retried, text_and_end, fail_mode }, REASON_REFUSED, NOBODY, LOW, "granted" },
	{ "text, another end", V2, { exit_1, unwatched, text, fail_mode }, REASON_EXIT, NOBODY, HIGH, "exited 1" },
	{ "refused at the limit by the kernel", V2, { exit_1, ooms_without_kill }, REASON_KERNEL_OBJECT, NOBODY, MEDIUM, "9604 times" },
	{ "crash", V2, { by_segv }, REASON_CRASH, NOBODY, CERTAIN, "SIGSEGV" },
	{ "bus error", V2, { by_bus }, REASON_CRASH, NOBODY, CERTAIN, "SIGBUS" },
	{ "another signal", V2, { by_term }, REASON_SIGNAL, NOBODY, CERTAIN, "SIGTERM" },
	{ "exit 1", V2, { exit_1 }, REASON_EXIT, NOBODY, CERTAIN, "exited 1" },
	{ "exit 1, unwatched", V2, { exit_1, unwatched }, REASON_EXIT, NOBODY, HIGH, "cannot be ruled out" },
	{ "exit 137", V2, { exit_137 }, REASON_EXIT, NOBODY, CERTAIN, "returned 137 itself" },
	{ "exit 1, no cgroup", RL, { exit_1 }, REASON_EXIT, NOBODY, HIGH, "exited 1" },
	{ "refused, no cgroup", RL, { exit_1, hard_last }, REASON_REFUSED, NOBODY, HIGH, "7.5 GiB" },

	/* never started */
	{ "setup failed", V2, { setup_failed }, REASON_SETUP, NOBODY, CERTAIN, "chdir: Permission denied" },
	{ "setup failed, and a kill", V2, { setup_failed, own_kill }, REASON_SETUP, NOBODY, CERTAIN, "chdir" },
	{ "not found", V2, { exec_not_found }, REASON_EXEC, NOBODY, CERTAIN, "No such file" },
	{ "exec refused for memory", V2, { exec_no_memory }, REASON_AT_EXEC, NOBODY, HIGH, "Cannot allocate memory" },
	{ "limit too small", V2, { died_before_exec, own_kill, by_kill }, REASON_LIMIT_TOO_SMALL, NOBODY, CERTAIN, "too small to start" },
	{ "limit too small, v1, log", V1, { died_before_exec, log_own, by_kill }, REASON_LIMIT_TOO_SMALL, NOBODY, CERTAIN, "too small to start" },
	{ "limit too small, v1", V1, { died_before_exec, own_kill, by_kill }, REASON_LIMIT_TOO_SMALL, NOBODY, HIGH, "too small to start" },
	{ "ancestor before exec", V2, { died_before_exec, ancestor_kill, by_kill }, REASON_ANCESTOR_LIMIT, VICTIM_MAIN, CERTAIN, "above the cage" },
	{ "time was up before exec", V2, { died_before_exec, by_kill, wall }, REASON_WALL, NOBODY, CERTAIN, "wall time" },
	{ "killed before exec", V2, { died_before_exec, by_kill }, REASON_EXTERNAL, NOBODY, CERTAIN, "not been started" },
	{ "died before exec", V2, { died_before_exec, exit_1 }, REASON_SETUP, NOBODY, MEDIUM, "before it got there" },
	{ "killed before exec, kills unknown", V2, { died_before_exec, by_kill, kills_unknown }, REASON_SETUP, NOBODY, LOW, "not known" },

	/* missing evidence */
	{ "kills unknown, exit 0", V2, { kills_unknown }, REASON_EVIDENCE_LOST, NOBODY, CERTAIN, "not known" },
	{ "kills unknown, v1, exit 0", V1, { kills_unknown }, REASON_EVIDENCE_LOST, NOBODY, CERTAIN, "not known" },
	{ "kills unknown, killed", V2, { kills_unknown, by_kill }, REASON_EVIDENCE_LOST, NOBODY, CERTAIN, "SIGKILL" },
	{ "end unknown", V2, { end_unknown }, REASON_EVIDENCE_LOST, NOBODY, CERTAIN, "could not be learned" },
	{ "end unknown, no cgroup", RL, { end_unknown }, REASON_EVIDENCE_LOST, NOBODY, HIGH, "could not be learned" },
	{ "group removed", V2, { group_removed }, REASON_GROUP_REMOVED, NOBODY, CERTAIN, "removed" },
	{ "group removed, refusals", V2, { group_removed, exit_1, hard_last }, REASON_GROUP_REMOVED, NOBODY, CERTAIN, "removed" },
	{ "inner groups unknown, v1", V1, { inner_unknown }, REASON_CLEAN, NOBODY, HIGH, "could not be counted" },
};
/* clang-format on */

static void make(struct evidence *evidence, const struct row *row)
{
	quiet_run(evidence, row->backend);
	for (int i = 0; i < CHANGES_MAX && row->changes[i] != NULL; i++)
		row->changes[i](evidence);
}

static bool says(const struct judgement *judgement, const char *part)
{
	for (int i = 0; i < judgement->because_count; i++)
		if (strstr(judgement->because[i], part) != NULL)
			return true;
	return false;
}

static void print_judgement(const struct judgement *judgement)
{
	const char *victim = victim_name(judgement->victim);

	print_error("  got %s/%s %s %s\n", verdict_name(judgement->verdict),
		reason_name(judgement->reason), victim != NULL ? victim : "-",
		confidence_name(judgement->confidence));
	for (int i = 0; i < judgement->because_count; i++)
		print_error("    %s\n", judgement->because[i]);
}

static void test_ends(void **state)
{
	static struct evidence evidence;
	int wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		const struct row *row = &ends[i];
		struct judgement judgement;

		make(&evidence, row);
		judgement = judge(&evidence);
		if (judgement.verdict == reason_verdict(row->reason) &&
			judgement.reason == row->reason && judgement.victim == row->victim &&
			judgement.confidence == row->confidence && says(&judgement, row->because))
			continue;
		wrong++;
		print_error("%s: expected %s, %s, \"%s\"\n", row->name, reason_name(row->reason),
			confidence_name(row->confidence), row->because);
		print_judgement(&judgement);
	}
	assert_int_equal(wrong, 0);
}

/* The group that the kernel names, found among ours however the paths begin. */
static void test_owner_ancestor(void **state)
{
	static const struct {
		const char *oom_memcg, *nearest, *farthest;
		int index;
	} paths[] = {
		{ "/outer", "/outer/job", "/outer", 1 },
		{ "/outer/job", "/outer/job", "/outer", 0 },
		{ "/outer", "/sys/fs/cgroup/memory/outer/job", "/sys/fs/cgroup/memory/outer", 1 },
		{ "/a", "/sys/fs/cgroup/a/a", "/sys/fs/cgroup/a", 1 },
		{ "/namespace/outer/job", "/outer/job", "/outer", 0 },
		{ "/router", "/outer/job", "/outer", -1 },
		{ "/elsewhere", "/outer/job", "/", -1 },
		{ "", "/outer/job", "/outer", -1 },
	};
	static struct evidence evidence;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct judgement judgement;

		quiet_run(&evidence, EVIDENCE_V1);
		log_ancestor(&evidence);
		(void)snprintf(evidence.kills[0].log.oom_memcg, EVIDENCE_PATH_SIZE, "%s",
			paths[i].oom_memcg);
		(void)snprintf(
			evidence.ancestors[0].path, EVIDENCE_PATH_SIZE, "%s", paths[i].nearest);
		(void)snprintf(
			evidence.ancestors[1].path, EVIDENCE_PATH_SIZE, "%s", paths[i].farthest);
		judgement = judge(&evidence);
		assert_int_equal(judgement.reason, REASON_ANCESTOR_LIMIT);
		assert_int_equal(judgement.owner_ancestor, paths[i].index);
	}
}

/* Records of different owners: the main process's decides, and the other is told of. */
static void test_records_differ(void **state)
{
	static struct evidence evidence;
	struct judgement judgement;

	(void)state;
	quiet_run(&evidence, EVIDENCE_V1);
	by_kill(&evidence);
	evidence.oom_kills = counter_of(2);
	log_kill(&evidence, OWNER_ANCESTOR, 4713);
	log_kill(&evidence, OWNER_OWN, 4711);
	judgement = judge(&evidence);
	assert_int_equal(judgement.reason, REASON_OWN_LIMIT);
	assert_true(says(&judgement, "Another process, pid 4713"));

	evidence.kills[1].is_main = false; /* no main: the first */
	judgement = judge(&evidence);
	assert_int_equal(judgement.reason, REASON_ANCESTOR_LIMIT);
}

/* Strings of the workload's own choice stay one sentence each. */
static void test_hostile_strings(void **state)
{
	static struct evidence evidence;
	struct judgement judgement;

	(void)state;
	quiet_run(&evidence, EVIDENCE_V2);
	by_segv(&evidence);
	hard_last(&evidence);
	text_and_end(&evidence);
	memset(evidence.main_command, '\n', sizeof(evidence.main_command) - 1);
	memset(evidence.refusals.first.command, '\x1b',
		sizeof(evidence.refusals.first.command) - 1);
	memset(evidence.refusals.first.source_line, 'x',
		sizeof(evidence.refusals.first.source_line) - 1);
	memset(evidence.refusals.first.cause_detail, '%',
		sizeof(evidence.refusals.first.cause_detail) - 1);
	memset(evidence.signature.text, '"', sizeof(evidence.signature.text) - 1);
	judgement = judge(&evidence);
	assert_int_equal(judgement.reason, REASON_UNCHECKED);
	for (int i = 0; i < judgement.because_count; i++) {
		size_t length = strlen(judgement.because[i]);

		assert_in_range(length, 1, BECAUSE_SIZE - 1);
		assert_int_equal(judgement.because[i][length - 1], '.');
		for (const char *c = judgement.because[i]; *c != '\0'; c++)
			assert_true((unsigned char)*c >= ' ');
	}
}

/* What has to be cut is cut between characters: sentences at their end, paths at their beginning.
 */
static void test_cut_between_characters(void **state)
{
	static const char sign[] = "\xe2\x82\xac"; /* one character, three bytes */
	char text[400] = "", path[PHRASE_SIZE];

	(void)state;
	for (size_t i = 0; i + sizeof(sign) <= sizeof(text); i += 3)
		memcpy(text + i, sign, sizeof(sign));
	for (int blanks = 0; blanks < 3; blanks++) {
		struct judgement judgement = { 0 };
		size_t length;

		because(&judgement, "%*s%s", blanks, "", text);
		length = strlen(judgement.because[0]);
		assert_in_range(length, BECAUSE_SIZE - 3, BECAUSE_SIZE - 1);
		assert_int_equal((length - (size_t)blanks) % 3, 0);
	}
	for (int tail = 0; tail < 3; tail++) {
		(void)snprintf(text + 390, 4, "%.*s", tail, "xx");
		phrase_path(text, path);
		assert_in_range(strlen(path), PHRASE_SIZE - 4, PHRASE_SIZE - 1);
		assert_memory_equal(path, "...\xe2", 4);
	}
}

/* A limit under what loading needs is said to be so, as the verdict alone would not explain it. */
static void test_tiny_limit(void **state)
{
	static struct evidence evidence;
	struct judgement judgement;

	(void)state;
	quiet_run(&evidence, EVIDENCE_V2);
	own_kill(&evidence);
	by_kill(&evidence);
	evidence.limit_bytes = counter_of(128 << 10);
	judgement = judge(&evidence);
	assert_int_equal(judgement.reason, REASON_OWN_LIMIT);
	assert_true(says(&judgement, "128 KiB is below what loading a program needs"));
}

/* Every name is there, and none twice. */
static void test_names(void **state)
{
	static const int statuses[VERDICT_COUNT] = { 0, 10, 11, 12, 13, 14, 15, 16, 17, 18 };

	(void)state;
	for (enum verdict v = 0; v < VERDICT_COUNT; v++) {
		assert_non_null(verdict_name(v));
		assert_int_equal(verdict_status(v), statuses[v]);
	}
	for (enum reason r = 0; r < REASON_COUNT; r++) {
		assert_non_null(reason_name(r));
		for (enum reason other = 0; other < r; other++)
			assert_string_not_equal(reason_name(r), reason_name(other));
	}
	assert_null(victim_name(VICTIM_NONE));
	for (enum victim v = VICTIM_MAIN; v < VICTIM_COUNT; v++)
		assert_non_null(victim_name(v));
	for (enum confidence c = 0; c < CONFIDENCE_COUNT; c++)
		assert_non_null(confidence_name(c));
	assert_string_equal(verdict_name(VERDICT_OOM_KILL), "oom_kill");
	assert_string_equal(reason_name(REASON_GROUP_REMOVED), "group_removed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_owner_ancestor),
		cmocka_unit_test(test_records_differ),
		cmocka_unit_test(test_hostile_strings),
		cmocka_unit_test(test_cut_between_characters),
		cmocka_unit_test(test_tiny_limit),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
