/* SPDX-License-Identifier: MIT */
#include "spec/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/text.h"
#include "spec/check.h"
#include "spec/option_table.h"
#include "spec/policy.h"
#include "spec/policy_file.h"
#include "spec/values.h"

#define FIRST_LONG 256 /* getopt's value of row 0; letters stay below */

/* getopt's view of the rows that belong to one command. */
struct getopt_tables {
	char letters[2 * OPTION_ROWS_MAX + 3];
	struct option longs[OPTION_ROWS_MAX + 1];
	const char *names[OPTION_ROWS_MAX + 1]; /* for suggestions */
};

static void getopt_tables_fill(enum option_command command, struct getopt_tables *tables)
{
	char *letter = tables->letters;
	size_t count = 0;

	*letter++ = '+'; /* stop at the first operand: the command's own options are not ours */
	*letter++ = ':'; /* tell a missing argument from an unknown option */
	for (size_t i = 0; i < option_row_count && count < OPTION_ROWS_MAX; i++) {
		const struct option_row *row = &option_rows[i];

		if ((row->commands & (unsigned)command) == 0)
			continue;
		if (row->letter != 0) {
			*letter++ = row->letter;
			if (row->argument != NULL)
				*letter++ = ':';
		}
		tables->longs[count].name = row->name;
		tables->longs[count].has_arg = row->argument ? required_argument : no_argument;
		tables->longs[count].val = FIRST_LONG + (int)i;
		tables->names[count++] = row->name;
	}
	*letter = '\0';
}

bool options_have(enum option_command command, const char *name)
{
	for (size_t i = 0; i < option_row_count; i++)
		if (strcmp(option_rows[i].name, name) == 0 &&
			(option_rows[i].commands & (unsigned)command) != 0)
			return true;
	return false;
}

static const struct option_row *row_of(enum option_command command, int value)
{
	if (value >= FIRST_LONG)
		return &option_rows[value - FIRST_LONG];
	for (size_t i = 0; i < option_row_count; i++)
		if (option_rows[i].letter == value &&
			(option_rows[i].commands & (unsigned)command) != 0)
			return &option_rows[i];
	return NULL;
}

/* The first name that begins so, else the one that is spelled most alike; NULL where none is. */
static const char *name_like(const char *word, const char *const *names)
{
	for (const char *const *name = names; *name != NULL && *word != '\0'; name++)
		if (strncmp(*name, word, strlen(word)) == 0)
			return *name;
	return nearest_word(word, names);
}

static int unknown_option(const char *program, const char *word, const struct getopt_tables *tables,
	struct memcage_failure *failure)
{
	char name[64];
	const char *near = NULL;

	if (strncmp(word, "--", 2) == 0) {
		text_copy(name, sizeof(name), word + 2);
		name[strcspn(name, "=")] = '\0';
		near = name_like(name, tables->names);
	}
	if (near != NULL && strcmp(near, name) == 0)
		return failure_set(failure, EINVAL,
			"option '--%s' takes no value; see 'memcage %s --help'", near, program);
	if (near != NULL)
		return failure_set(failure, EINVAL,
			"unknown option '%s'; did you mean '--%s'? See 'memcage %s --help'", word,
			near, program);
	return failure_set(
		failure, EINVAL, "unknown option '%s'; see 'memcage %s --help'", word, program);
}

static bool is_spelled_out(const char *element, const struct option_row *row)
{
	size_t length = strlen(row->name);

	return strncmp(element, "--", 2) == 0 && strncmp(element + 2, row->name, length) == 0 &&
	       (element[2 + length] == '\0' || element[2 + length] == '=');
}

static bool remember_use(struct options *options, const struct option_row *row, const char *value)
{
	struct option_use *grown = reallocarray(
		options->uses, options->use_count + 1, sizeof(*grown));

	if (grown == NULL)
		return false;
	grown[options->use_count++] = (struct option_use){ row, value };
	options->uses = grown;
	return true;
}

/* The runs of a fit have a limit, whether or not one was given as the upper bound. */
static int check_runs(enum option_command command, struct memcage_spec spec,
	struct memcage_failure *reterr_failure)
{
	if (command == FOR_FIT && !spec_has_limit(&spec))
		spec.memory_max_bytes = INT64_MAX;
	return spec_check(&spec, reterr_failure);
}

int options_parse(enum option_command command, int argc, char **argv, struct options *ret_options,
	struct memcage_failure *reterr_failure)
{
	struct options options = { .spec.struct_size = sizeof(options.spec) };
	struct getopt_tables tables = { 0 };
	int value, result;

	getopt_tables_fill(command, &tables);
	opterr = 0;
	optind = 0; /* start anew, as glibc documents */
	for (;;) {
		const struct option_row *row;
		const char *element = argv[optind > 0 ? optind : 1]; /* what getopt looks at now */
		char shown[3] = "-";
		const char *word;

		value = getopt_long(argc, argv, tables.letters, tables.longs, NULL);
		if (value == -1)
			break;
		/* One letter of a group by itself; what is no letter (half of one) as it was
		 * written. */
		shown[1] = (char)optopt;
		word = optopt > ' ' && optopt < 127 ? shown : element;

		/* getopt takes any beginning that is unique; tomorrow's options may make it
		 * another's. */
		if (value >= FIRST_LONG &&
			!is_spelled_out(element, &option_rows[value - FIRST_LONG]))
			value = '?', word = element;
		if (value == '?') {
			result = unknown_option(argv[0], word, &tables, reterr_failure);
			goto fail;
		}
		if (value == ':') {
			result = failure_set(reterr_failure, EINVAL,
				"option '%s' needs a value; see 'memcage %s --help'", word,
				argv[0]);
			goto fail;
		}
		row = row_of(command, value);
		if (row == NULL) {
			result = failure_set(reterr_failure, EINVAL, "unknown option -%c", value);
			goto fail;
		}
		result = value_store(row, optarg, &options, reterr_failure);
		if (result < 0)
			goto fail;
		options.given[row - option_rows] = true;
		if (!remember_use(&options, row, optarg)) {
			result = failure_set(reterr_failure, ENOMEM, "no memory for the options");
			goto fail;
		}
	}
	options.operands = argv + optind;
	options.operand_count = argc - optind;
	options.spec.argv = (const char *const *)(argv + optind);
	if ((command & (FOR_RUN | FOR_SWEEP | FOR_FIT)) != 0 && !options.help) {
		if (options.operand_count == 0) {
			result = failure_set(reterr_failure, EINVAL,
				"no command given; say: memcage %s [OPTIONS] -- COMMAND [ARG...]",
				argv[0]);
			goto fail;
		}
		result = options.policy == NULL ? check_runs(command, options.spec, reterr_failure)
						: 0;
		if (result < 0)
			goto fail;
	}
	*ret_options = options;
	return 0;
fail:
	options_done(&options);
	return result;
}

void options_done(struct options *options)
{
	free(options->uses);
	options->uses = NULL;
	free(options->injections);
	options->injections = NULL;
	options->spec.injections = NULL;
	free(options->environment);
	options->environment = NULL;
	options->environment_count = 0;
}

/* How many bytes a limit's value has. */
static size_t size_of(enum value_kind kind)
{
	return kind == VALUE_FLAG     ? sizeof(bool)
	       : kind == VALUE_CHOICE ? sizeof(int)
				      : sizeof(uint64_t);
}

/* Whether a policy may have it too, as a limit. */
static bool is_limit(const struct option_row *row)
{
	const cyaml_schema_field_t *field = policy_limit_fields;

	while (field->key != NULL && strcmp(field->key, row->name) != 0)
		field++;
	return field->key != NULL;
}

int options_adopt_policy(struct options *options, const struct memcage_policy *policy,
	struct memcage_failure *reterr_failure)
{
	const struct options from = { .spec = policy->limits };

	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (is_limit(row) && !options->given[i])
			memcpy((char *)options + row->offset, (const char *)&from + row->offset,
				size_of(row->kind));
	}
	options->spec.policy = policy;
	options->spec.limits_complete = true;
	return spec_check(&options->spec, reterr_failure);
}

static bool sets_variable(const char *assignment, const char *entry)
{
	size_t length = strcspn(assignment, "=") + 1;

	return strncmp(assignment, entry, length) == 0;
}

int options_environment(
	const struct options *options, char *const *environment, const char ***ret_envp)
{
	const struct memcage_policy *policy = options->spec.policy;
	size_t count = 0, inherited = 0;
	const char **envp, **base = NULL;

	*ret_envp = NULL;
	if (policy != NULL && policy_environment(policy, environment, &base) < 0)
		return -ENOMEM;
	if (options->environment_count == 0 && !options->clear_environment) {
		*ret_envp = base;
		return 0;
	}
	if (base != NULL)
		environment = (char *const *)base;
	if (!options->clear_environment)
		while (environment[inherited] != NULL)
			inherited++;
	envp = calloc(inherited + options->environment_count + 1, sizeof(*envp));
	for (size_t i = 0; envp != NULL && i < inherited; i++)
		envp[count++] = environment[i];
	free(base);
	if (envp == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < options->environment_count; i++) {
		size_t at = 0;

		while (at < count && !sets_variable(options->environment[i], envp[at]))
			at++;
		envp[at] = options->environment[i];
		if (at == count)
			count++;
	}
	*ret_envp = envp;
	return 0;
}
