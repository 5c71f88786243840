/* SPDX-License-Identifier: MIT
 *
 * test_verdict_table.c - judge() on combinations of everything that can be seen of a run. What it
 * says is written down in golden/verdict-table.txt, so that a change of judgement is a diff to
 * read; what it must never say is checked on many more combinations.
 *
 * MEMCAGE_UPDATE_GOLDEN=1 writes the file anew.
 */
#include "judge/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "verdict_evidence.h"

#define GOLDEN_PATH MEMCAGE_SOURCE_DIR "/tests/golden/verdict-table.txt"
#define OPTIONS_MAX 24
#define LINES_SHOWN 10

/* One thing that may differ between runs. The first option is the quiet one. */
struct option {
	const char *name;
	void (*change)(struct evidence *evidence);
};

enum dimension { START, END, SEEN, TREE, ACT, REFUSALS, TEXT, MODE, PIDS, INSIDE, DIMENSIONS };

static const struct option starts[] = { { "started", as_is }, { "setup failed", setup_failed },
	{ "not found", exec_not_found }, { "exec ENOMEM", exec_no_memory },
	{ "died early", died_before_exec }, { NULL, NULL } };

enum { EXIT_0, EXIT_1, EXIT_137, SEGV, ABRT, TERM, KILL, END_UNKNOWN };
static const struct option end_options[] = { { "exit 0", as_is }, { "exit 1", exit_1 },
	{ "exit 137", exit_137 }, { "SEGV", by_segv }, { "ABRT", by_abrt }, { "TERM", by_term },
	{ "KILL", by_kill }, { "end unknown", end_unknown }, { NULL, NULL } };

/* What the kernel counted and logged: of other kinds on each backend, the first four of one kind.
 */
enum { NOTHING, KILLS_UNKNOWN, OWN_KILL, AT_LIMIT, OOMS_WITHOUT_KILL, REMOVED };
static const struct option seen_v2[] = { { "no kill", as_is }, { "kills unknown", kills_unknown },
	{ "own kill", own_kill }, { "at limit", limit_touched },
	{ "ooms, no kill", ooms_without_kill }, { "group removed", group_removed },
	{ "oomd", oomd }, { "own+outer kill", own_and_outer_kill }, { "inner kill", inner_kill },
	{ "ancestor kill", ancestor_kill }, { "host kill", one_kill },
	{ "outside kill", outside_kill }, { "local oom unknown", local_unknown },
	{ "log: own", log_own }, { "log: ancestor", log_ancestor }, { "log: host", log_host },
	{ "log, no counters", log_without_counters }, { NULL, NULL } };
static const struct option seen_v1[] = { { "no kill", as_is }, { "kills unknown", kills_unknown },
	{ "own kill", own_kill }, { "at limit", limit_touched }, { "host has kills", host_kills },
	{ "group removed", group_removed }, { "inner unknown", inner_unknown },
	{ "own, outer limit", own_kill_outer_limit }, { "own, file cache", cached_kill },
	{ "inner kill", inner_kill }, { "ancestor kill", ancestor_kill }, { "host kill", one_kill },
	{ "below, outer limit", below_outer_limit }, { "outside kill", outside_kill },
	{ "peak unknown", peak_unknown }, { "log: own", log_own },
	{ "log: ancestor", log_ancestor }, { "log: host", log_host },
	{ "log: inner, gone", log_inner }, { "log, no counters", log_without_counters },
	{ NULL, NULL } };
static const struct option seen_rlimit[] = { { "host: no kill", as_is },
	{ "host: unknown", host_unknown }, { "host: kills", host_kills }, { "oomd", oomd },
	{ NULL, NULL } };

static const struct option trees[] = { { "alone", as_is }, { "tree", tree },
	{ "log names main", log_main }, { "log names child", log_child },
	{ "kernel group", kernel_group }, { "emulated group", emulated_group }, { NULL, NULL } };

static const struct option acts[] = { { "no act", as_is }, { "wall", wall },
	{ "kill, wall", wall_after_kill }, { "wall, order ?", wall_order_unknown },
	{ "wall, throttled", wall_throttled }, { "cpu", cpu }, { "stall", stall },
	{ "stdout", output_stdout }, { "stderr", output_stderr }, { "interrupted", interrupted },
	{ NULL, NULL } };

static const struct option refusals[] = { { "none refused", as_is }, { "unwatched", unwatched },
	{ "uncovered", uncovered }, { "refused", hard }, { "refused last", hard_last },
	{ "child refused", hard_in_child }, { "object refused", object_refused },
	{ "injected", injected }, { "retried", retried }, { "impossible", impossible },
	{ NULL, NULL } };

static const struct option texts[] = { { "no text", as_is }, { "text", text },
	{ "text+end", text_and_end }, { "heap+end", heap_and_end },
	{ "heap+end+image", heap_and_image }, { "start+end", start_and_end }, { NULL, NULL } };

static const struct option modes[] = { { "kill", as_is }, { "fail", fail_mode }, { NULL, NULL } };
static const struct option pids[] = { { "", as_is }, { "fork refused", pids_refused },
	{ NULL, NULL } };

static const struct option insides[] = { { "", as_is }, { "nothing inside", looked_inside },
	{ "inside", inside_main }, { "inside+end", inside_main_and_end },
	{ "heap inside", heap_inside_main }, { "heap inside+end", heap_inside_main_and_end },
	{ "heap in child", heap_inside_child }, { "heap in child+end", heap_inside_child_and_end },
	{ NULL, NULL } };

static const struct option *options_of(enum evidence_backend backend, enum dimension dimension)
{
	static const struct option *const seen[] = {
		[EVIDENCE_V2] = seen_v2, [EVIDENCE_V1] = seen_v1, [EVIDENCE_RLIMIT] = seen_rlimit
	};
	static const struct option *const others[DIMENSIONS] = { [START] = starts,
		[END] = end_options,
		[TREE] = trees,
		[ACT] = acts,
		[REFUSALS] = refusals,
		[TEXT] = texts,
		[MODE] = modes,
		[PIDS] = pids,
		[INSIDE] = insides };

	return dimension == SEEN ? seen[backend] : others[dimension];
}

/* The combinations of some options (bits) of each dimension; 0 is the first alone. */
#define ALL UINT32_MAX
#define BIT(option) (UINT32_C(1) << (option))
#define NOT_FIRST (ALL & ~BIT(0))

struct section {
	const char *title;
	enum evidence_backend backend;
	uint32_t options[DIMENSIONS];
};

/* clang-format off */
#define FEW_ENDS (BIT(EXIT_0) | BIT(EXIT_1) | BIT(KILL) | BIT(END_UNKNOWN))
#define BAD_ENDS (BIT(EXIT_1) | BIT(EXIT_137) | BIT(SEGV) | BIT(ABRT) | BIT(TERM))
#define FEW_BAD_ENDS (BIT(EXIT_1) | BIT(SEGV))
#define NO_KILLS (BIT(NOTHING) | BIT(KILLS_UNKNOWN) | BIT(AT_LIMIT) | BIT(OOMS_WITHOUT_KILL) | BIT(REMOVED))

static const struct section written[] = {
	{ "v2: did not get to exec", EVIDENCE_V2, { [START] = BIT(1) | BIT(2) | BIT(3), [SEEN] = BIT(NOTHING) | BIT(KILLS_UNKNOWN) | BIT(OWN_KILL), [ACT] = BIT(0) | BIT(1) } },
	{ "v2: died before exec was through", EVIDENCE_V2, { [START] = BIT(4), [END] = FEW_ENDS, [SEEN] = ALL, [ACT] = BIT(0) | BIT(1) | BIT(2) } },
	{ "v2: nothing done by memcage, every end", EVIDENCE_V2, { [END] = ALL, [SEEN] = ALL } },
	{ "v2: victims", EVIDENCE_V2, { [END] = FEW_ENDS, [SEEN] = ALL, [TREE] = NOT_FIRST } },
	{ "v2: ended by memcage", EVIDENCE_V2, { [END] = BIT(EXIT_0) | BIT(KILL), [SEEN] = ALL, [ACT] = NOT_FIRST } },
	{ "v2: bad ends", EVIDENCE_V2, { [END] = BAD_ENDS, [REFUSALS] = ALL, [TEXT] = ALL, [MODE] = ALL } },
	{ "v2: bad ends, a fork refused by pids.max", EVIDENCE_V2, { [END] = FEW_BAD_ENDS, [REFUSALS] = ALL, [TEXT] = BIT(0) | BIT(2) | BIT(4), [PIDS] = BIT(1) } },
	{ "v2: bad ends, limit hit and nobody killed", EVIDENCE_V2, { [END] = FEW_BAD_ENDS, [SEEN] = BIT(OOMS_WITHOUT_KILL), [REFUSALS] = ALL, [TEXT] = BIT(0) | BIT(2) | BIT(4), [MODE] = ALL } },
	{ "v2: exit 0", EVIDENCE_V2, { [SEEN] = NO_KILLS, [REFUSALS] = ALL, [TEXT] = BIT(0) | BIT(2), [MODE] = ALL } },

	{ "v1: did not get to exec", EVIDENCE_V1, { [START] = BIT(1) | BIT(2) | BIT(3), [SEEN] = BIT(NOTHING) | BIT(OWN_KILL) } },
	{ "v1: died before exec was through", EVIDENCE_V1, { [START] = BIT(4), [END] = BIT(EXIT_1) | BIT(KILL), [SEEN] = ALL, [ACT] = BIT(0) | BIT(1) } },
	{ "v1: nothing done by memcage, every end", EVIDENCE_V1, { [END] = ALL, [SEEN] = ALL } },
	{ "v1: victims", EVIDENCE_V1, { [END] = BIT(EXIT_0) | BIT(KILL), [SEEN] = ALL, [TREE] = NOT_FIRST } },
	{ "v1: ended by memcage", EVIDENCE_V1, { [END] = BIT(KILL), [SEEN] = ALL, [ACT] = BIT(1) | BIT(2) | BIT(3) | BIT(6) } },
	{ "v1: bad ends", EVIDENCE_V1, { [END] = FEW_BAD_ENDS, [REFUSALS] = ALL, [TEXT] = ALL, [MODE] = ALL } },
	{ "v1: exit 0", EVIDENCE_V1, { [SEEN] = NO_KILLS | BIT(6), [REFUSALS] = ALL, [MODE] = BIT(1) } },

	{ "rlimit: did not get to exec", EVIDENCE_RLIMIT, { [START] = NOT_FIRST, [END] = BIT(EXIT_1) | BIT(KILL), [SEEN] = ALL } },
	{ "rlimit: nothing done by memcage, every end", EVIDENCE_RLIMIT, { [END] = ALL, [SEEN] = ALL, [TREE] = BIT(0) | BIT(2) } },
	{ "rlimit: ended by memcage", EVIDENCE_RLIMIT, { [END] = BIT(KILL), [SEEN] = ALL, [ACT] = NOT_FIRST } },
	{ "rlimit: bad ends", EVIDENCE_RLIMIT, { [END] = FEW_BAD_ENDS, [SEEN] = BIT(0) | BIT(2), [REFUSALS] = ALL, [TEXT] = BIT(0) | BIT(2) | BIT(4), [MODE] = BIT(1) } },
	{ "rlimit: exit 0", EVIDENCE_RLIMIT, { [SEEN] = ALL, [REFUSALS] = ALL, [MODE] = BIT(1) } },
	{ "v2: seen inside runtimes", EVIDENCE_V2, { [END] = BIT(EXIT_0) | BIT(EXIT_1) | BIT(ABRT) | BIT(KILL), [SEEN] = BIT(NOTHING) | BIT(OWN_KILL) | BIT(AT_LIMIT), [INSIDE] = NOT_FIRST } },
	{ "v2: seen inside runtimes, and refusals beside", EVIDENCE_V2, { [END] = BIT(EXIT_0) | BIT(EXIT_1), [REFUSALS] = ALL, [INSIDE] = NOT_FIRST } },
	{ "v1: seen inside runtimes, with text", EVIDENCE_V1, { [END] = BIT(EXIT_0) | BIT(EXIT_1) | BIT(ABRT), [TEXT] = ALL, [INSIDE] = BIT(1) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) } },
};

/* Wider, and not written down. */
static const struct section wide[] = {
	{ "", EVIDENCE_V2, { [START] = ALL, [END] = ALL, [SEEN] = ALL, [ACT] = BIT(0) | BIT(1), [INSIDE] = ALL } },
	{ "", EVIDENCE_V1, { [END] = ALL, [SEEN] = ALL, [REFUSALS] = ALL, [TEXT] = ALL, [MODE] = ALL, [INSIDE] = ALL } },
	{ "", EVIDENCE_RLIMIT, { [END] = ALL, [SEEN] = ALL, [REFUSALS] = ALL, [TEXT] = ALL, [INSIDE] = ALL } },
	{ "", EVIDENCE_V2, { [START] = ALL, [END] = ALL, [SEEN] = ALL, [TREE] = BIT(0) | BIT(1) | BIT(3), [ACT] = ALL, [REFUSALS] = BIT(0) | BIT(4), [TEXT] = BIT(0) | BIT(2) } },
	{ "", EVIDENCE_V2, { [END] = ALL, [SEEN] = ALL, [REFUSALS] = ALL, [TEXT] = ALL, [MODE] = ALL, [PIDS] = ALL } },
	{ "", EVIDENCE_V1, { [START] = ALL, [END] = ALL, [SEEN] = ALL, [TREE] = BIT(0) | BIT(1) | BIT(3), [ACT] = ALL, [REFUSALS] = BIT(0) | BIT(4), [TEXT] = BIT(0) | BIT(2) } },
	{ "", EVIDENCE_V1, { [END] = ALL, [SEEN] = ALL, [REFUSALS] = ALL, [TEXT] = ALL, [MODE] = ALL, [PIDS] = ALL } },
	{ "", EVIDENCE_RLIMIT, { [START] = ALL, [END] = ALL, [SEEN] = ALL, [TREE] = ALL, [ACT] = ALL, [REFUSALS] = ALL, [TEXT] = BIT(0) | BIT(2), [MODE] = ALL } },
};
/* clang-format on */

/* One run of a section: which option of each dimension. */
struct choice {
	const struct section *section;
	unsigned option[DIMENSIONS];
};

static uint32_t allowed(const struct section *section, enum dimension dimension)
{
	uint32_t options = section->options[dimension] != 0 ? section->options[dimension] : BIT(0);
	unsigned count = 0;

	while (options_of(section->backend, dimension)[count].name != NULL)
		count++;
	assert_true(count < OPTIONS_MAX);
	return options & (BIT(count) - 1);
}

/* The next allowed option after (or the first, from -1); false, and the first, when there is none.
 */
static bool step(struct choice *choice, enum dimension dimension, int after)
{
	uint32_t options = allowed(choice->section, dimension);
	uint32_t rest = options & ~(BIT(after + 1) - 1);

	assert_true(options != 0);
	choice->option[dimension] = (unsigned)__builtin_ctz(rest != 0 ? rest : options);
	return rest != 0;
}

static void for_each(const struct section *section,
	void (*visit)(const struct choice *choice, const struct evidence *evidence, void *data),
	void *data)
{
	static struct evidence evidence;
	struct choice choice = { .section = section };
	int turned;

	for (enum dimension d = 0; d < DIMENSIONS; d++)
		(void)step(&choice, d, -1);
	do {
		quiet_run(&evidence, section->backend);
		for (enum dimension d = 0; d < DIMENSIONS; d++)
			options_of(section->backend, d)[choice.option[d]].change(&evidence);
		visit(&choice, &evidence, data);
		turned = DIMENSIONS - 1;
		while (turned >= 0 &&
			!step(&choice, (enum dimension)turned, (int)choice.option[turned]))
			turned--;
	} while (turned >= 0);
}

/* ------------------------------------------------------------------ the written table */

static void write_line(const struct choice *choice, const struct evidence *evidence, void *data)
{
	static const int widths[DIMENSIONS] = { 12, 11, 18, 15, 15, 14, 14, 4, 12, 17 };
	struct judgement judgement = judge(evidence);
	const char *victim = victim_name(judgement.victim);
	FILE *out = data;

	for (enum dimension d = 0; d < DIMENSIONS; d++) {
		const struct option *options = options_of(choice->section->backend, d);

		if (choice->section->options[d] != 0) /* else it is the same all over the section */
			(void)fprintf(out, "%-*s  ", widths[d], options[choice->option[d]].name);
	}
	(void)fprintf(out, "-> %s/%s%s%s, %s\n", verdict_name(judgement.verdict),
		reason_name(judgement.reason), victim != NULL ? " of " : "",
		victim != NULL ? victim : "", confidence_name(judgement.confidence));
}

static char *table_text(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	(void)fputs("# What judge() says, by what was seen. Written by "
		    "tests/unit/test_verdict_table.c\n"
		    "# (MEMCAGE_UPDATE_GOLDEN=1); the names are explained in verdict_evidence.h.\n",
		out);
	for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++) {
		(void)fprintf(out, "\n== %s\n", written[i].title);
		for_each(&written[i], write_line, out);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *file_text(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *in = fopen(path, "re"), *out = open_memstream(&text, &size);
	int c;

	assert_non_null(out);
	while (in != NULL && (c = fgetc(in)) != EOF)
		(void)fputc(c, out);
	if (in != NULL)
		(void)fclose(in);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* Prints the first lines that differ; returns how many do. */
static size_t differing_lines(const char *expected, const char *got)
{
	size_t differing = 0;

	for (size_t line = 1; *expected != '\0' || *got != '\0'; line++) {
		size_t expected_length = strcspn(expected, "\n"), got_length = strcspn(got, "\n");

		if (expected_length != got_length || strncmp(expected, got, got_length) != 0) {
			if (differing++ < LINES_SHOWN)
				print_error("%s:%zu:\n  - %.*s\n  + %.*s\n", GOLDEN_PATH, line,
					(int)expected_length, expected, (int)got_length, got);
		}
		expected += expected_length + (expected[expected_length] == '\n');
		got += got_length + (got[got_length] == '\n');
	}
	return differing;
}

static void test_golden(void **state)
{
	char *got = table_text();

	(void)state;
	if (getenv("MEMCAGE_UPDATE_GOLDEN") != NULL) {
		FILE *out = fopen(GOLDEN_PATH, "we");

		assert_non_null(out);
		assert_true(fputs(got, out) >= 0);
		assert_int_equal(fclose(out), 0);
		print_message("%s was written anew\n", GOLDEN_PATH);
	} else {
		char *expected = file_text(GOLDEN_PATH);
		size_t differing = differing_lines(expected, got);

		free(expected);
		if (differing > 0)
			print_error("%zu lines differ; MEMCAGE_UPDATE_GOLDEN=1 accepts them\n",
				differing);
		assert_int_equal(differing, 0);
	}
	free(got);
}

/* ------------------------------------------------------------------ what must never be said */

static bool same_answer(const struct judgement *a, const struct judgement *b)
{
	return a->verdict == b->verdict && a->reason == b->reason && a->victim == b->victim &&
	       a->confidence == b->confidence && a->owner_ancestor == b->owner_ancestor;
}

/* Counted, or recorded of a process that was certainly this run's. */
static bool any_kill(const struct evidence *e)
{
	bool killed = !e->end_known || (e->signaled && e->status == SIGKILL);

	for (int i = 0; i < e->kill_count; i++)
		if (e->kills[i].owner == OWNER_OWN || e->kills[i].owner == OWNER_INNER ||
			(e->kills[i].is_main && killed))
			return true;
	return counter_some(e->oom_kills) || counter_some(e->oom_kills_before_act) ||
	       counter_some(e->inner_oom_kills);
}

/* The first rule that a judgement breaks, or NULL. */
static const char *broken_rule(const struct evidence *e, const struct judgement *j)
{
	static struct evidence without;
	bool rlimit = e->backend == EVIDENCE_RLIMIT, ok = j->verdict == VERDICT_OK;
	bool refused = e->refusals.hard > 0 || e->refusals.retried > 0;
	bool text_stands_alone = !refused && !e->at_limit_fail && !e->signature.image_matches;
	bool exited_0 = e->end_known && !e->signaled && e->status == 0;

	if (reason_verdict(j->reason) != j->verdict)
		return "a reason belongs to its verdict";
	if (j->because_count < 1)
		return "every judgement says why";
	if (j->because_count >= BECAUSE_MAX)
		return "no sentence is lost for want of room";
	for (int i = 0; i < j->because_count; i++)
		if (j->because[i][0] == '\0' || strstr(j->because[i], "(null)") != NULL)
			return "every sentence says something";
	if (ok && (!exited_0 || e->start != START_DONE || e->act != ACT_NONE))
		return "ok is for runs that began, exited 0 and were left alone";
	if (ok && !rlimit && (!e->oom_kills.known || e->group_removed || any_kill(e)))
		return "never ok with a kill, or with kills unknown";
	if (rlimit && j->confidence == CONFIDENCE_CERTAIN)
		return "nothing is certain without a cgroup";
	if (rlimit && j->verdict == VERDICT_OOM_KILL)
		return "no OOM kill is claimed without a cgroup";
	if (j->verdict == VERDICT_OOM_KILL && !any_kill(e))
		return "an OOM kill was counted or recorded";
	if ((j->verdict == VERDICT_OOM_KILL) != (j->victim != VICTIM_NONE))
		return "OOM kills and only they have a victim";
	if (j->owner_ancestor >= 0 &&
		(j->reason != REASON_ANCESTOR_LIMIT || j->owner_ancestor >= e->ancestor_count))
		return "an ancestor is named for its limit only";
	if (j->reason == REASON_EXTERNAL && !rlimit && any_kill(e))
		return "a kill for memory is not called external";
	if (j->verdict == VERDICT_FAILED && (exited_0 || (e->signaled && e->status == SIGKILL)))
		return "failed ended badly, and not by SIGKILL";
	if (j->reason == REASON_RUNTIME_HEAP && !e->signature.image_matches &&
		!e->runtime.told.is_heap_cap)
		return "a heap limit was seen inside the runtime, or said by it";
	if (e->runtime.hits > 0) {
		struct judgement other;

		without = *e;
		memset(&without.runtime, 0, sizeof(without.runtime));
		other = judge(&without);
		if (other.verdict != VERDICT_OK && other.verdict != VERDICT_FAILED &&
			other.verdict != VERDICT_ALLOC_FAILURE && !same_answer(j, &other))
			return "what a runtime knows of itself changes no other verdict";
		if (j->verdict != VERDICT_OK && other.verdict == VERDICT_OK)
			return "what a runtime lived with is no failure";
		if (j->reason == REASON_CLEAN && e->refusals.impossible == 0)
			return "a failure inside a runtime is not passed over";
	}
	if (e->signature.seen && (exited_0 || text_stands_alone)) {
		struct judgement other;

		without = *e;
		memset(&without.signature, 0, sizeof(without.signature));
		other = judge(&without);
		if (exited_0 ? !same_answer(j, &other) : j->reason != other.reason)
			return "text alone changes no verdict";
	}
	return NULL;
}

struct tally {
	size_t runs, broken;
	size_t of_reason[REASON_COUNT];
};

static void check(const struct choice *choice, const struct evidence *evidence, void *data)
{
	struct judgement judgement = judge(evidence);
	const char *rule = broken_rule(evidence, &judgement);
	struct tally *tally = data;

	tally->runs++;
	tally->of_reason[judgement.reason]++;
	if (rule == NULL || tally->broken++ >= LINES_SHOWN)
		return;
	print_error("broken: %s\n ", rule);
	for (enum dimension d = 0; d < DIMENSIONS; d++)
		print_error(
			" %s,", options_of(choice->section->backend, d)[choice->option[d]].name);
	print_error(" -> %s/%s\n", verdict_name(judgement.verdict), reason_name(judgement.reason));
}

static void test_rules(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++)
		for_each(&written[i], check, &tally);
	for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++)
		for_each(&wide[i], check, &tally);
	print_message("%zu combinations\n", tally.runs);
	assert_int_equal(tally.broken, 0);
	/* A rule about a verdict that never comes up would prove nothing. No evidence leads to the
	 * reasons file and syscall yet. */
	for (enum reason r = 0; r < REASON_COUNT; r++)
		if ((tally.of_reason[r] == 0) != (r == REASON_FILE || r == REASON_SYSCALL))
			fail_msg("%s came up %zu times", reason_name(r), tally.of_reason[r]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
