/* SPDX-License-Identifier: MIT
 *
 * The option list: every row parses, every bad value gives one clear line (tests/golden/
 * option-errors.txt; MEMCAGE_UPDATE_GOLDEN=1 rewrites it), and the lists for people are complete.
 */
#include "spec/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/option_table.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define ARGUMENTS_MAX 12
#define GOLDEN MEMCAGE_SOURCE_DIR "/tests/golden/option-errors.txt"
#define MIB (UINT64_C(1) << 20)
#define COLUMNS_MAX 100

static const enum option_command commands[] = { FOR_RUN, FOR_BATCH, FOR_REPORT, FOR_DOCTOR,
	FOR_SWEEP, FOR_FIT, FOR_SELFTEST };

static const char *name_of(enum option_command command)
{
	return command == FOR_RUN        ? "run"
	       : command == FOR_BATCH    ? "batch"
	       : command == FOR_REPORT   ? "report"
	       : command == FOR_SWEEP    ? "sweep"
	       : command == FOR_FIT      ? "fit"
	       : command == FOR_SELFTEST ? "selftest"
					 : "doctor";
}

/* Parses words (NULL-terminated, without the command's name). */
static int parse_as(enum option_command command, const char *const *words, struct options *options,
	struct memcage_failure *failure)
{
	static char *argv[ARGUMENTS_MAX + 2];
	int argc = 0;

	argv[argc++] = (char *)(uintptr_t)name_of(command);
	while (*words != NULL && argc <= ARGUMENTS_MAX)
		argv[argc++] = (char *)(uintptr_t)*words++;
	argv[argc] = NULL;
	return options_parse(command, argc, argv, options, failure);
}

/* What parse() made, to be given back after each test. */
static struct options made[64];
static size_t made_count;

static struct options parse(const char *const *words)
{
	struct options options;
	struct memcage_failure failure;

	assert_true(made_count < COUNT(made));
	if (parse_as(FOR_RUN, words, &options, &failure) < 0)
		fail_msg("%s...: %s", words[0], failure.detail);
	made[made_count++] = options;
	return options;
}

static int give_back(void **state)
{
	(void)state;
	while (made_count > 0)
		options_done(&made[--made_count]);
	return 0;
}

#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })

/* A value of each kind that is right. */
static const char *right_value(const struct option_row *row)
{
	switch (row->kind) {
	case VALUE_FLAG:
	case VALUE_COUNT:
		return NULL;
	case VALUE_SIZE:
	case VALUE_LIMIT:
	case VALUE_CAP:
		return "64M";
	case VALUE_DURATION:
	case VALUE_STALL:
		return "5s";
	case VALUE_NUMBER:
		return "17";
	case VALUE_TEXT:
		return "some/text";
	case VALUE_CHOICE:
		return row->choices[0];
	case VALUE_ENVIRONMENT:
		return "KEY=value";
	case VALUE_USER:
		return "1234:5678";
	case VALUE_WITNESSES:
		return "preload,kmsg";
	case VALUE_INJECTION:
		return "nth=3,comm=ls";
	}
	return NULL;
}

/* What else an option needs to be accepted. */
static const char *companion(const struct option_row *row)
{
	if (strcmp(row->name, "last-words") == 0)
		return "--memory=1M";
	return strcmp(row->name, "output-truncate") == 0 ? "--output-max=1K" : "--no-tap";
}

static void check_stored(const struct option_row *row, const struct options *options)
{
	const void *at = (const char *)options + row->offset;
	const struct memcage_spec *spec = &options->spec;
	bool right = false;

	switch (row->kind) {
	case VALUE_FLAG:
		right = *(const bool *)at;
		break;
	case VALUE_COUNT:
		right = *(const int *)at == 1;
		break;
	case VALUE_SIZE:
	case VALUE_LIMIT:
	case VALUE_CAP:
		right = *(const uint64_t *)at == 64 * MIB;
		break;
	case VALUE_DURATION:
	case VALUE_STALL:
		right = *(const uint64_t *)at == 5000;
		break;
	case VALUE_NUMBER:
		right = *(const uint64_t *)at == 17;
		break;
	case VALUE_TEXT:
		right = strcmp(*(const char *const *)at, "some/text") == 0;
		break;
	case VALUE_CHOICE:
		right = *(const int *)at == 0;
		break;
	case VALUE_ENVIRONMENT:
		right = options->environment_count == 1 &&
			strcmp(options->environment[0], "KEY=value") == 0;
		break;
	case VALUE_USER:
		right = spec->set_user && spec->user_id == 1234 && spec->group_id == 5678;
		break;
	case VALUE_WITNESSES:
		right = spec->witnesses == (MEMCAGE_WITNESS_PRELOAD | MEMCAGE_WITNESS_KMSG);
		break;
	case VALUE_INJECTION:
		right = spec->injection_count == 1 &&
			spec->injections[0].kind == MEMCAGE_INJECT_NTH &&
			spec->injections[0].number == 3 &&
			strcmp(spec->injections[0].command, "ls") == 0;
		break;
	}
	if (!right)
		fail_msg("--%s did not arrive", row->name);
}

/* Each row in each form, for each command that has it. */
static void check_row(enum option_command command, const struct option_row *row)
{
	const char *value = right_value(row),
		   *last = row->kind == VALUE_CAP ? "--quiet" : companion(row);
	char joined[128], letter[32];
	const char *forms[4][6] = { { joined, NULL }, { joined, value, NULL }, { letter, NULL },
		{ letter, value, NULL } };

	for (int form = 0; form < 4; form++) {
		struct options options;
		struct memcage_failure failure;
		size_t count = value != NULL && form % 2 == 1 ? 2 : 1;
		bool apart = form % 2 == 1;

		if (form >= 2 && row->letter == 0)
			break;
		if (value == NULL && apart)
			continue;
		(void)snprintf(joined, sizeof(joined), "--%s%s%s", row->name,
			value && !apart ? "=" : "", value && !apart ? value : "");
		(void)snprintf(letter, sizeof(letter), "-%c%s", row->letter ? row->letter : '?',
			value && !apart ? value : "");
		if (command == FOR_RUN)
			forms[form][count++] = last;
		forms[form][count++] = "operand";
		forms[form][count] = NULL;
		if (parse_as(command, forms[form], &options, &failure) < 0)
			fail_msg("%s: %s", forms[form][0], failure.detail);
		check_stored(row, &options);
		assert_int_equal(options.operand_count, 1);
		assert_string_equal(options.operands[0], "operand");
		options_done(&options);
	}
}

static void test_every_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < option_row_count; i++) {
		bool used = false;

		for (size_t c = 0; c < COUNT(commands); c++) {
			if ((option_rows[i].commands & (unsigned)commands[c]) == 0)
				continue;
			check_row(commands[c], &option_rows[i]);
			used = true;
		}
		if (!used)
			fail_msg("--%s belongs to no command", option_rows[i].name);
	}
}

static void test_table_is_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		bool flag = row->kind == VALUE_FLAG || row->kind == VALUE_COUNT;

		assert_true(flag == (row->argument == NULL));
		assert_true((row->kind == VALUE_CHOICE) == (row->choices != NULL));
		assert_true(row->help[strlen(row->help) - 1] != '.'); /* the man page adds it */
		for (size_t other = 0; other < i; other++)
			if ((option_rows[other].commands & row->commands) != 0) {
				assert_string_not_equal(option_rows[other].name, row->name);
				assert_true(row->letter == 0 ||
					    option_rows[other].letter != row->letter);
			}
	}
}

static void test_forms(void **state)
{
	struct options options = PARSE("-m256M", "true");

	(void)state;
	assert_true(options.spec.memory_max_bytes == 256 * MIB);
	options = PARSE("--memory=256M", "true");
	assert_true(options.spec.memory_max_bytes == 256 * MIB);
	options = PARSE("--memory", "256M", "true");
	assert_true(options.spec.memory_max_bytes == 256 * MIB);
	options = PARSE("-qvvm64M", "true");
	assert_true(
		options.quiet && options.verbose == 2 && options.spec.memory_max_bytes == 64 * MIB);
	options = PARSE("-m", "64M", "--memory", "128M", "true"); /* the last one wins */
	assert_true(options.spec.memory_max_bytes == 128 * MIB);
	options = PARSE("--stall-time=off", "true");
	assert_true(options.spec.stall_ms == MEMCAGE_UNLIMITED);
	options = PARSE("--grace=0", "true");
	assert_true(options.spec.grace_ms == 0);
	options = PARSE("-m", "max", "--swap", "max", "true");
	assert_true(options.spec.memory_max_bytes == MEMCAGE_UNLIMITED);
	assert_true(options.spec.swap_max_bytes == MEMCAGE_UNLIMITED);
	assert_true(options.spec.struct_size == sizeof(options.spec));
}

/* The command's own options are not ours. */
static void test_operands(void **state)
{
	static const struct {
		const char *because;
		const char *words[6];
		int count;
		const char *first;
	} rows[] = {
		{ "behind --", { "-q", "--", "ls", "-l" }, 2, "ls" },
		{ "at the first word that is none", { "-q", "ls", "-m", "--help" }, 3, "ls" },
		{ "a command that looks like an option", { "--", "--memory" }, 1, "--memory" },
		{ "a second -- is the command's", { "--", "ls", "--" }, 2, "ls" },
		{ "- is a word", { "-", "-q" }, 2, "-" },
		{ "an empty word too", { "", "-q" }, 2, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct options options = parse(rows[i].words);

		if (options.operand_count != rows[i].count ||
			strcmp(options.operands[0], rows[i].first) != 0 ||
			options.spec.argv[options.operand_count] != NULL ||
			options.spec.argv[0] != options.operands[0])
			fail_msg("%s", rows[i].because);
	}
}

static void test_help_needs_no_command(void **state)
{
	struct options options = PARSE("-h");

	(void)state;
	assert_true(options.help);
	options = PARSE("--help", "--at-limit", "fail"); /* nor must the rest go together */
	assert_true(options.help);
}

static const struct {
	const char *because;
	const char *options[8];
	const char *environment[6], *expected[8];
} environments[] = {
	{ "nothing asked", { NULL }, { "A=1", NULL }, { "unchanged", NULL } },
	{ "one more", { "--env", "B=2" }, { "A=1", NULL }, { "A=1", "B=2", NULL } },
	{ "another value in the same place", { "--env", "A=2" }, { "A=1", "B=1", NULL },
		{ "A=2", "B=1", NULL } },
	{ "the last of two", { "--env", "C=1", "--env", "C=2" }, { "A=1", NULL },
		{ "A=1", "C=2", NULL } },
	{ "a name that begins another", { "--env", "A=2" }, { "AA=1", NULL },
		{ "AA=1", "A=2", NULL } },
	{ "a value with =", { "--env", "A=b=c" }, { "A=b=d", NULL }, { "A=b=c", NULL } },
	{ "an empty value", { "--env", "A=" }, { "A=1", NULL }, { "A=", NULL } },
	{ "nothing inherited", { "--clear-env" }, { "A=1", NULL }, { NULL } },
	{ "only ours", { "--env", "B=2", "--clear-env" }, { "A=1", NULL }, { "B=2", NULL } },
	{ "an entry without =", { "--env", "B=2" }, { "odd", NULL }, { "odd", "B=2", NULL } },
};

static void test_environment(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(environments); i++) {
		const char *words[9] = { NULL };
		const char *const *expected = environments[i].expected;
		size_t count = 0;
		struct options options;
		const char **envp;

		while (environments[i].options[count] != NULL) {
			words[count] = environments[i].options[count];
			count++;
		}
		words[count] = "true";
		options = parse(words);
		assert_int_equal(
			options_environment(&options,
				(char *const *)(uintptr_t)environments[i].environment, &envp),
			0);
		if (envp == NULL) {
			assert_string_equal(expected[0], "unchanged");
		} else {
			for (count = 0; envp[count] != NULL && expected[count] != NULL; count++)
				if (strcmp(envp[count], expected[count]) != 0)
					fail_msg("%s: %s", environments[i].because, envp[count]);
			if (envp[count] != NULL || expected[count] != NULL)
				fail_msg("%s: not as many", environments[i].because);
		}
		free(envp);
	}
}

static void test_users(void **state)
{
	static const struct {
		const char *because, *text;
		uint32_t user, group;
	} rows[] = {
		{ "numbers", "1234:5678", 1234, 5678 },
		{ "a number that has no name is its own group", "1234567", 1234567, 1234567 },
		{ "a number's own group", "0", 0, 0 },
		{ "a name", "root", 0, 0 },
		{ "a name and a group's name", "root:root", 0, 0 },
		{ "a number and a group's name", "1234:root", 1234, 0 },
		{ "a name and a number", "root:42", 0, 42 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct options options = PARSE("--user", rows[i].text, "true");

		if (!options.spec.set_user || options.spec.user_id != rows[i].user ||
			options.spec.group_id != rows[i].group)
			fail_msg("%s: %u:%u", rows[i].because, options.spec.user_id,
				options.spec.group_id);
	}
	assert_false(PARSE("true").spec.set_user);
}

static void test_witnesses(void **state)
{
	static const struct {
		const char *text;
		uint32_t set;
	} rows[] = {
		{ "auto", MEMCAGE_WITNESS_AUTO },
		{ "none", MEMCAGE_WITNESS_NONE },
		{ "preload", MEMCAGE_WITNESS_PRELOAD },
		{ "trace", MEMCAGE_WITNESS_TRACE },
		{ "bpf", MEMCAGE_WITNESS_BPF },
		{ "kmsg,preload", MEMCAGE_WITNESS_PRELOAD | MEMCAGE_WITNESS_KMSG },
		{ "preload,signature,kmsg", MEMCAGE_WITNESS_PRELOAD | MEMCAGE_WITNESS_SIGNATURE |
						    MEMCAGE_WITNESS_KMSG },
		{ "kmsg,kmsg", MEMCAGE_WITNESS_KMSG },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(
			PARSE("--witness", rows[i].text, "true").spec.witnesses, rows[i].set);
	assert_int_equal(PARSE("--witness=none", "--witness=auto", "true").spec.witnesses,
		MEMCAGE_WITNESS_AUTO);
}

static void test_injections(void **state)
{
	static const struct {
		const char *text;
		struct memcage_injection right;
	} rows[] = {
		{ "nth=0", { MEMCAGE_INJECT_NTH, 0, 0, "" } },
		{ "nth=12,comm=python3", { MEMCAGE_INJECT_NTH, 12, 0, "python3" } },
		{ "size>=64K", { MEMCAGE_INJECT_SIZE, 65536, 0, "" } },
		{ "after=1.5M,comm=ls", { MEMCAGE_INJECT_AFTER, 3 * MIB / 2, 0, "ls" } },
		{ "random=1", { MEMCAGE_INJECT_RANDOM, 1000000000, 0, "" } },
		{ "random=.5,seed=7", { MEMCAGE_INJECT_RANDOM, 500000000, 7, "" } },
		{ "random=0.000000001", { MEMCAGE_INJECT_RANDOM, 1, 0, "" } },
		{ "random=0.01,comm=sh,seed=3", { MEMCAGE_INJECT_RANDOM, 10000000, 3, "sh" } },
		/* as much as the kernel keeps of a name */
		{ "nth=1,comm=a-name-that-is-long",
			{ MEMCAGE_INJECT_NTH, 1, 0, "a-name-that-is-" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct options options = PARSE("--fail-alloc", rows[i].text, "true");
		const struct memcage_injection *got = options.spec.injections,
					       *right = &rows[i].right;

		assert_int_equal(options.spec.injection_count, 1);
		assert_int_equal(got->kind, right->kind);
		assert_int_equal(got->number, right->number);
		assert_int_equal(got->seed, right->seed);
		assert_string_equal(got->command, right->command);
	}
}

static void test_injections_add_up(void **state)
{
	struct options options = PARSE("--fail-alloc=nth=1", "--fail-alloc=size>=1M", "true");

	(void)state;
	assert_int_equal(options.spec.injection_count, 2);
	assert_int_equal(options.spec.injections[0].kind, MEMCAGE_INJECT_NTH);
	assert_int_equal(options.spec.injections[1].kind, MEMCAGE_INJECT_SIZE);
}

/* What a sweep tells to type has to have all that was typed. */
static void test_uses_are_kept(void **state)
{
	struct options options = PARSE("-qm64M", "--env", "A=b", "--env=C=d", "true");

	(void)state;
	assert_int_equal(options.use_count, 4);
	assert_string_equal(options.uses[0].row->name, "quiet");
	assert_null(options.uses[0].value);
	assert_string_equal(options.uses[1].row->name, "memory");
	assert_string_equal(options.uses[1].value, "64M");
	assert_string_equal(options.uses[2].value, "A=b");
	assert_string_equal(options.uses[3].value, "C=d");
}

/* The limits of a fit are its own: without an upper bound allocations can be refused at them, too.
 */
static void test_fit_needs_no_limit(void **state)
{
	static const char *const words[] = { "--at-limit", "fail", "--repeat=5", "true", NULL };
	struct memcage_failure failure;
	struct options options;

	(void)state;
	assert_int_equal(parse_as(FOR_FIT, words, &options, &failure), 0);
	assert_int_equal(options.spec.memory_max_bytes, 0);
	assert_int_equal(options.repeat, 5);
	options_done(&options);
}

/* ---- errors: one line each, in the golden file ---- */

static const struct {
	enum option_command command;
	const char *words[6];
} errors[] = {
	{ FOR_RUN, { NULL } },
	{ FOR_RUN, { "-q", "--" } },
	{ FOR_RUN, { "-m", "0", "true" } },
	{ FOR_RUN, { "-m", "4095", "true" } },
	{ FOR_RUN, { "-m", "lots", "true" } },
	{ FOR_RUN, { "-m", "", "true" } },
	{ FOR_RUN, { "-m", "-64M", "true" } },
	{ FOR_RUN, { "-m", "99999999T", "true" } },
	{ FOR_RUN, { "-m" } },
	{ FOR_RUN, { "-qm" } },
	{ FOR_RUN, { "--memory" } },
	{ FOR_RUN, { "--memory=", "true" } },
	{ FOR_RUN, { "--swap", "much", "true" } },
	{ FOR_RUN, { "--memory-high", "0", "true" } },
	{ FOR_RUN, { "--memory-high", "2M", "-m1M", "true" } },
	{ FOR_RUN, { "--at-limit", "fial", "-m1M", "true" } },
	{ FOR_RUN, { "--at-limit", "explode", "-m1M", "true" } },
	{ FOR_RUN, { "--at-limit", "fail", "true" } },
	{ FOR_RUN, { "-t", "0", "true" } },
	{ FOR_RUN, { "-t", "soon", "true" } },
	{ FOR_RUN, { "-t", "99999999999999999", "true" } },
	{ FOR_RUN, { "--cpu-time", "0.1ms", "true" } },
	{ FOR_RUN, { "--grace", "off", "true" } },
	{ FOR_RUN, { "--stall-time", "on", "true" } },
	{ FOR_RUN, { "--stall-time", "0", "true" } },
	{ FOR_RUN, { "--pids", "0", "true" } },
	{ FOR_RUN, { "--fail-alloc", "size", "true" } },
	{ FOR_RUN, { "--fail-alloc", "nth=", "true" } },
	{ FOR_RUN, { "--fail-alloc", "nth=-1", "true" } },
	{ FOR_RUN, { "--fail-alloc", "nth=1,nth=2", "true" } },
	{ FOR_RUN, { "--fail-alloc", "nth=1,", "true" } },
	{ FOR_RUN, { "--fail-alloc", "nth=1,comm=", "true" } },
	{ FOR_RUN, { "--fail-alloc", "nth=1,seed=2", "true" } },
	{ FOR_RUN, { "--fail-alloc", "comm=ls", "true" } },
	{ FOR_RUN, { "--fail-alloc", "size>=max", "true" } },
	{ FOR_RUN, { "--fail-alloc", "after=some", "true" } },
	{ FOR_RUN, { "--fail-alloc", "random=0", "true" } },
	{ FOR_RUN, { "--fail-alloc", "random=1.1", "true" } },
	{ FOR_RUN, { "--fail-alloc", "random=0.0000000001", "true" } },
	{ FOR_RUN, { "--fail-alloc", "random=1e-3", "true" } },
	{ FOR_RUN, { "--fail-alloc", "nth=1", "--witness=kmsg", "true" } },
	{ FOR_SWEEP, { NULL } },
	{ FOR_SWEEP, { "--jobs", "0", "true" } },
	{ FOR_SWEEP, { "--budget", "0", "true" } },
	{ FOR_SWEEP, { "--at-limit", "fail", "true" } },
	{ FOR_FIT, { NULL } },
	{ FOR_FIT, { "--repeat", "0", "true" } },
	{ FOR_FIT, { "--precision", "1", "true" } },
	{ FOR_FIT, { "-m", "1", "true" } },
	{ FOR_FIT, { "--report", "x", "true" } },
	{ FOR_FIT, { "--backend", "rlimit", "--oom-group", "true" } },
	{ FOR_RUN, { "--pids", "many", "true" } },
	{ FOR_RUN, { "--pids", "1K", "true" } },
	{ FOR_RUN, { "--output-max", "0", "true" } },
	{ FOR_RUN, { "--output-max", "x", "true" } },
	{ FOR_RUN, { "--output-truncate", "true" } },
	{ FOR_RUN, { "--no-tap", "--output-max=1K", "true" } },
	{ FOR_RUN, { "--stdin", "", "true" } },
	{ FOR_RUN, { "--env", "NOVALUE", "true" } },
	{ FOR_RUN, { "--env", "=value", "true" } },
	{ FOR_RUN, { "--user", "nobody-of-this-name", "true" } },
	{ FOR_RUN, { "--user", "0:no-group-of-this-name", "true" } },
	{ FOR_RUN, { "--user", "4294967295", "true" } },
	{ FOR_RUN, { "--user", "0:4294967295", "true" } },
	{ FOR_RUN, { "--user", "-1", "true" } },
	{ FOR_RUN, { "--user", ":0", "true" } },
	{ FOR_RUN, { "--user", "0:", "true" } },
	{ FOR_RUN, { "--backend", "v3", "true" } },
	{ FOR_RUN, { "--backend", "rlimit", "--parent=/x", "true" } },
	{ FOR_RUN, { "--backend", "rlimit", "--oom-group", "-m1M", "true" } },
	{ FOR_RUN, { "--witness", "magic", "true" } },
	{ FOR_RUN, { "--witness", "preload,", "true" } },
	{ FOR_RUN, { "--witness", "auto,kmsg", "true" } },
	{ FOR_RUN, { "--witness", "kmsg,none", "true" } },
	{ FOR_RUN, { "--witness", "bpf,trace", "true" } },
	{ FOR_RUN, { "--witness", "bpf", "--backend", "rlimit", "true" } },
	{ FOR_RUN, { "--exit-code", "wrapper", "true" } },
	{ FOR_RUN, { "--color", "sometimes", "true" } },
	{ FOR_RUN, { "--memroy", "1M", "true" } },
	{ FOR_RUN, { "--memroy=1M", "true" } },
	{ FOR_RUN,
		{ "--wall", "5s", "true" } }, /* no abbreviations: they would become a contract */
	{ FOR_RUN, { "--mem", "5M", "true" } },
	{ FOR_RUN, { "--s=5M", "true" } },
	{ FOR_RUN, { "--mem", "1M", "true" } },
	{ FOR_RUN, { "--frobnicate", "true" } },
	{ FOR_RUN, { "--quiet=yes", "true" } },
	{ FOR_RUN, { "-Z", "true" } },
	{ FOR_RUN, { "-qZ", "true" } },
	{ FOR_RUN, { "-\xc3\xa9", "true" } },
	{ FOR_RUN, { "--json", "true" } },
	{ FOR_REPORT, { "--format", "pdf", "x" } },
	{ FOR_REPORT, { "--memory=1M", "x" } },
	{ FOR_BATCH, { "--jobs", "0", "-" } },
	{ FOR_BATCH, { "--jobs=many", "-" } },
	{ FOR_BATCH, { "--memory-total", "1K", "-" } },
	{ FOR_BATCH, { "--resume", "", "-" } },
	{ FOR_BATCH, { "--report", "x", "-" } },
	{ FOR_BATCH, { "--job", "2", "-" } },
	{ FOR_DOCTOR, { "--jsno" } },
};

static void write_errors(FILE *out)
{
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct options options = { .operand_count = -42 };
		struct memcage_failure failure = { 0 };

		if (parse_as(errors[i].command, errors[i].words, &options, &failure) != -EINVAL)
			fail_msg("'%s %s' is accepted",
				errors[i].words[0] ? errors[i].words[0] : "",
				errors[i].words[0] && errors[i].words[1] ? errors[i].words[1] : "");
		assert_int_equal(options.operand_count, -42); /* written only on success */
		assert_int_equal(failure.error_number, EINVAL);
		if (strpbrk(failure.detail, "\n\r") != NULL || strlen(failure.detail) < 8)
			fail_msg("not one clear line: '%s'", failure.detail);
		(void)fprintf(out, "memcage %s", name_of(errors[i].command));
		for (size_t word = 0; errors[i].words[word] != NULL; word++)
			(void)fprintf(
				out, " %s", *errors[i].words[word] ? errors[i].words[word] : "''");
		(void)fprintf(out, "\n    %s\n", failure.detail);
	}
}

static char *read_golden(void)
{
	FILE *file = fopen(GOLDEN, "r");
	char *text = calloc(1, 1 << 16);

	assert_non_null(text);
	if (file != NULL) {
		assert_true(fread(text, 1, (1 << 16) - 1, file) < (1 << 16) - 1);
		assert_int_equal(fclose(file), 0);
	}
	return text;
}

static void test_error_lines(void **state)
{
	char *text = NULL, *golden, *line, *expected, *state_line, *state_expected;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	write_errors(out);
	assert_int_equal(fclose(out), 0);
	if (getenv("MEMCAGE_UPDATE_GOLDEN") != NULL) {
		FILE *file = fopen(GOLDEN, "w");

		assert_non_null(file);
		assert_int_equal(fwrite(text, 1, size, file), size);
		assert_int_equal(fclose(file), 0);
	}
	golden = read_golden();
	if (strcmp(text, golden) != 0) {
		line = strtok_r(text, "\n", &state_line);
		expected = strtok_r(golden, "\n", &state_expected);
		while (line != NULL && expected != NULL && strcmp(line, expected) == 0) {
			line = strtok_r(NULL, "\n", &state_line);
			expected = strtok_r(NULL, "\n", &state_expected);
		}
		fail_msg("other than " GOLDEN ":\n  %s\n  %s", line ? line : "(nothing)",
			expected ? expected : "(nothing)");
	}
	free(golden);
	free(text);
}

/* ---- the lists for people ---- */

static char *printed(void (*print)(enum option_command, FILE *), enum option_command command)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	print(command, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static int occurrences(const char *text, const char *word)
{
	int count = 0;

	while ((text = strstr(text, word)) != NULL) {
		text += strlen(word);
		count += strchr(" \n\t", *text) != NULL;
	}
	return count;
}

/* How an option begins its entry in each list. */
static void entry_help(const struct option_row *row, char *text, size_t size)
{
	if (row->letter != 0)
		(void)snprintf(text, size, "\n  -%c, --%s", row->letter, row->name);
	else
		(void)snprintf(text, size, "\n      --%s", row->name);
}

static void entry_words(const struct option_row *row, char *text, size_t size)
{
	(void)snprintf(text, size, "\n--%s", row->name);
}

static void entry_man(const struct option_row *row, char *text, size_t size)
{
	size_t length = (size_t)snprintf(text, size, "\\fB\\-\\-");

	for (const char *at = row->name; *at != '\0'; at++)
		length += (size_t)snprintf(
			text + length, size - length, "%s%c", *at == '-' ? "\\" : "", *at);
	(void)snprintf(text + length, size - length, "\\fR");
}

static void check_list(void (*print)(enum option_command, FILE *),
	void (*entry)(const struct option_row *, char *, size_t), bool narrow)
{
	for (size_t c = 0; c < COUNT(commands); c++) {
		char *text = printed(print, commands[c]), *whole = NULL, wanted[128];

		assert_true(asprintf(&whole, "\n%s", text) > 0);
		for (size_t i = 0; i < option_row_count; i++) {
			int expected = (option_rows[i].commands & (unsigned)commands[c]) != 0;

			entry(&option_rows[i], wanted, sizeof(wanted));
			if (occurrences(whole, wanted) != expected)
				fail_msg("--%s: %d times, not %d", option_rows[i].name,
					occurrences(whole, wanted), expected);
		}
		for (const char *line = text; narrow && *line != '\0'; line += *line == '\n') {
			size_t length = strcspn(line, "\n");

			if (length > COLUMNS_MAX || (length > 0 && line[length - 1] == ' '))
				fail_msg("too long, or blanks at the end: '%.*s'", (int)length,
					line);
			line += length;
		}
		free(whole);
		free(text);
	}
}

static void test_help(void **state)
{
	(void)state;
	check_list(options_print_help, entry_help, true);
}

static void test_man(void **state)
{
	(void)state;
	check_list(options_print_man, entry_man, false);
}

static void test_words(void **state)
{
	(void)state;
	check_list(options_print_words, entry_words, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_injections, give_back),
		cmocka_unit_test_teardown(test_injections_add_up, give_back),
		cmocka_unit_test_teardown(test_uses_are_kept, give_back),
		cmocka_unit_test(test_fit_needs_no_limit),
		cmocka_unit_test_teardown(test_every_row, give_back),
		cmocka_unit_test_teardown(test_table_is_sound, give_back),
		cmocka_unit_test_teardown(test_forms, give_back),
		cmocka_unit_test_teardown(test_operands, give_back),
		cmocka_unit_test_teardown(test_help_needs_no_command, give_back),
		cmocka_unit_test_teardown(test_environment, give_back),
		cmocka_unit_test_teardown(test_users, give_back),
		cmocka_unit_test_teardown(test_witnesses, give_back),
		cmocka_unit_test_teardown(test_error_lines, give_back),
		cmocka_unit_test_teardown(test_help, give_back),
		cmocka_unit_test_teardown(test_man, give_back),
		cmocka_unit_test_teardown(test_words, give_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
