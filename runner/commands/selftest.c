/* SPDX-License-Identifier: MIT
 *
 * selftest.c - memcage selftest: whether a cage holds what it promises on this very host. Each
 * attack runs without a cage first: where it does not work then, it proves nothing.
 */
#include "commands/commands.h"

#include <errno.h>
#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "commands/attack_run.h"
#include "memcage/memcage.h"
#include "spec/options.h"
#include "witness/library.h"

#define PROGRAM "memcage-attacks"
#define ATTACKS_MAX 512
#define LIST_SIZE 65536

static const char *const outcome_names[] = { "held", "NOT HELD", "not applicable", "unclear" };
static const char *const outcome_words[] = { "held", "not_held", "not_applicable", "unclear" };

struct selftest {
	const struct options *options;
	struct attack_place cage, outside;
	char list[LIST_SIZE];
	struct attack attacks[ATTACKS_MAX];
	size_t count;
	unsigned outcomes[4]; /* by enum attack_outcome */
	json_t *results;      /* NULL: no JSON is wanted */
};

static void print_help(void)
{
	(void)puts(
		"Usage: memcage selftest [OPTIONS] [-- CAGE...]\n"
		"\n"
		"Attacks a cage on this host in many ways, and tells what it holds. Each attack "
		"is\n"
		"made without a cage first, on things that memcage puts there for it: what does "
		"not\n"
		"work then is not applicable here.\n"
		"\n"
		"CAGE is the command that cages, `memcage run -p untrusted` if there is none; for\n"
		"comparison it may be another one, such as bwrap --unshare-all --ro-bind / / --.");
	options_print_help(FOR_SELFTEST, stdout);
	(void)puts("\n"
		   "Exit status: 0 when no attack worked; 1 when one did, or when it is not clear; "
		   "125\n"
		   "when nothing could be tried.");
}

/* ---- the list ---- */

/* name, row, flags, verdicts, options, what it tries; with tabs between them. */
static bool take_row(char *line, struct attack *attack)
{
	char *fields[6];
	uint64_t row;

	for (int i = 0; i < 6; i++) {
		fields[i] = strsep(&line, "\t");
		if (fields[i] == NULL)
			return false;
	}
	if (parse_number(fields[1], &row) < 0)
		return false;
	*attack = (struct attack){ .name = fields[0],
		.row = (int)row,
		.flags = fields[2],
		.verdicts = fields[3],
		.options = fields[4],
		.tries = fields[5] };
	return true;
}

static int read_list(struct selftest *test)
{
	const char *only = test->options->only;
	char command[PATH_MAX + 16], *rest = test->list, *line;
	size_t length = 0;
	FILE *pipe;

	(void)snprintf(command, sizeof(command), "'%s' --list", test->cage.program);
	pipe = popen(command, "re");
	if (pipe != NULL) {
		length = fread(test->list, 1, sizeof(test->list) - 1, pipe);
		(void)pclose(pipe);
	}
	test->list[length] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL && test->count < ATTACKS_MAX) {
		struct attack *attack = &test->attacks[test->count];

		if (take_row(line, attack) &&
			(only == NULL || fnmatch(only, attack->name, FNM_EXTMATCH) == 0))
			test->count++;
	}
	return test->count > 0 ? 0 : -ENOENT;
}

/* ---- where ---- */

static int find_programs(struct selftest *test, char self[static PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", self, PATH_MAX - 1);
	char found[PATH_MAX];

	if (length < 0)
		return complain("/proc/self/exe: %s", strerrordesc_np(errno));
	self[length] = '\0';
	/* Without dots: in the cage what they lead through is not there. */
	if (library_find(PROGRAM, found, sizeof(found)) < 0 ||
		realpath(found, test->cage.program) == NULL)
		return complain(PROGRAM " is neither beside the program nor in " MEMCAGE_LIBDIR);
	text_copy(test->cage.directory, sizeof(test->cage.directory), test->cage.program);
	*strrchr(test->cage.directory, '/') = '\0';
	test->outside = test->cage;
	return 0;
}

static int choose_cage(struct selftest *test, char *self)
{
	static char run[] = "run", p[] = "-p", m[] = "-m", t[] = "-t", q[] = "-q",
		    none[] = "untrusted", memory[] = "24M", parent[] = "--parent", time[] = "30s",
		    directory[] = "/tmp/memcage-selftest-XXXXXX";
	const struct options *options = test->options;
	char *policy = options->policy != NULL ? (char *)(uintptr_t)options->policy : none;
	char *const ours[] = { self, run, p, policy, m, memory, t, time, q };
	struct attack_place *cage = &test->cage;

	if (options->operand_count > 60)
		return complain("too many words for a cage");
	for (int i = 0; i < options->operand_count; i++)
		cage->prefix[cage->prefix_count++] = options->operands[i];
	if (cage->prefix_count > 0)
		return 0;
	if (mkdtemp(directory) == NULL)
		return complain("%s: %s", directory, strerrordesc_np(errno));
	text_format(cage->report, sizeof(cage->report), "%s/report", directory);
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		cage->prefix[cage->prefix_count++] = ours[i];
	if (options->spec.parent_group != NULL) {
		cage->prefix[cage->prefix_count++] = parent;
		cage->prefix[cage->prefix_count++] = (char *)(uintptr_t)options->spec.parent_group;
	}
	return 0;
}

static void leave_cage(const struct selftest *test)
{
	char directory[sizeof(test->cage.report)];

	if (test->cage.report[0] == '\0')
		return;
	text_copy(directory, sizeof(directory), test->cage.report);
	(void)unlink(test->cage.report);
	*strrchr(directory, '/') = '\0';
	(void)rmdir(directory);
}

/* ---- the attacks ---- */

static struct attack_answer attack_one(
	struct selftest *test, const struct attack *attack, struct attack_answer *ret_outside)
{
	const bool tried = !attack_has_flag(attack, 'D') || test->options->spoil;
	struct attack_answer outside = { ATTACK_WORKED, "not tried" };

	if (tried)
		outside = attack_run(&test->outside, attack);
	*ret_outside = outside;
	if (outside.outcome != ATTACK_WORKED) {
		outside.outcome = ATTACK_NOT_HERE;
		return outside;
	}
	return attack_run(&test->cage, attack);
}

static void tell(struct selftest *test, const struct attack *attack,
	const struct attack_answer *answer, const struct attack_answer *outside)
{
	test->outcomes[answer->outcome]++;
	if (test->results == NULL) {
		(void)printf("%-14s %2d  %-32s %s\n", outcome_names[answer->outcome], attack->row,
			attack->name, answer->how);
		(void)fflush(stdout);
		return;
	}
	(void)json_array_append_new(
		test->results, json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}", "name", attack->name,
				       "row", attack->row, "tries", attack->tries, "outcome",
				       outcome_words[answer->outcome], "how", answer->how,
				       "without_cage", outside->how));
}

static int attack_all(struct selftest *test)
{
	const unsigned *outcomes = test->outcomes;
	struct attack_answer hello = attack_run_hello(&test->cage);

	if (hello.outcome != ATTACK_HELD)
		return complain("nothing starts in the cage: %s", hello.how);
	for (size_t i = 0; i < test->count; i++) {
		struct attack_answer outside;
		struct attack_answer answer = attack_one(test, &test->attacks[i], &outside);

		tell(test, &test->attacks[i], &answer, &outside);
	}
	if (test->results == NULL)
		(void)printf("%u held, %u not held, %u not applicable, %u unclear\n",
			outcomes[ATTACK_HELD], outcomes[ATTACK_WORKED], outcomes[ATTACK_NOT_HERE],
			outcomes[ATTACK_UNCLEAR]);
	else if (json_dumpf(test->results, stdout, JSON_INDENT(1)) == 0)
		(void)putchar('\n');
	if (fflush(stdout) != 0 || ferror(stdout))
		return complain("standard output cannot be written");
	return outcomes[ATTACK_WORKED] + outcomes[ATTACK_UNCLEAR] > 0;
}

static int selftest(const struct options *options)
{
	static struct selftest test; /* large */
	char self[PATH_MAX];
	int status;

	test.options = options;
	status = find_programs(&test, self);
	if (status == 0 && read_list(&test) < 0)
		status = complain(options->only != NULL ? "no attack has such a name"
							: PROGRAM " has no list of attacks");
	if (status != 0)
		return status;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return complain("become a subreaper: %s", strerrordesc_np(errno));
	test.results = options->json ? json_array() : NULL;
	status = choose_cage(&test, self);
	if (status == 0)
		status = attack_all(&test);
	leave_cage(&test);
	json_decref(test.results);
	return status;
}

int command_selftest(int argc, char **argv)
{
	struct memcage_failure failure;
	struct options options;
	int status = 0;

	if (options_parse(FOR_SELFTEST, argc, argv, &options, &failure) < 0)
		return complain("%s", failure.detail);
	if (options.help)
		print_help();
	else
		status = selftest(&options);
	options_done(&options);
	return status;
}
