/* SPDX-License-Identifier: MIT */
#include "spec/job.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/text.h"
#include "spec/option_table.h"
#include "spec/values.h"

#define MEMBER_SIZE 32 /* longer than any member that there is */

/* The member's name for an option: "wall_time". */
static void member_name(const char *option, char member[static MEMBER_SIZE])
{
	text_copy(member, MEMBER_SIZE, option);
	for (char *at = member; *at != '\0'; at++)
		if (*at == '-')
			*at = '_';
}

static const struct option_row *row_of(const char *member)
{
	char name[MEMBER_SIZE];

	for (size_t i = 0; i < option_row_count; i++) {
		if ((option_rows[i].commands & (unsigned)FOR_JOB) == 0)
			continue;
		member_name(option_rows[i].name, name);
		if (strcmp(name, member) == 0)
			return &option_rows[i];
	}
	return NULL;
}

static int unknown_member(const char *member, struct memcage_failure *failure)
{
	char names[OPTION_ROWS_MAX][MEMBER_SIZE];
	const char *known[OPTION_ROWS_MAX + 3] = { "id", "argv" };
	const char *near;
	size_t count = 2;

	for (size_t i = 0; i < option_row_count && i < OPTION_ROWS_MAX; i++) {
		if ((option_rows[i].commands & (unsigned)FOR_JOB) == 0)
			continue;
		member_name(option_rows[i].name, names[i]);
		known[count++] = names[i];
	}
	near = nearest_word(member, known);
	if (near != NULL)
		return failure_set(failure, EINVAL,
			"a job has no member \"%.64s\"; did you mean \"%s\"?", member, near);
	return failure_set(
		failure, EINVAL, "a job has no member \"%.64s\"; see memcage(1), BATCHES", member);
}

static int wants(const char *member, const char *what, struct memcage_failure *failure)
{
	return failure_set(failure, EINVAL, "\"%s\" has to be %s", member, what);
}

/* {"NAME": "VALUE"} as the option has it, NAME=VALUE. */
static int store_variables(const struct option_row *row, json_t *environment, struct job *job,
	struct memcage_failure *failure)
{
	size_t count = 0;
	const char *name;
	json_t *value;

	if (!json_is_object(environment))
		return wants("env", "an object of texts, {\"NAME\": \"VALUE\"}", failure);
	job->variables = calloc(json_object_size(environment) + 1, sizeof(*job->variables));
	if (job->variables == NULL)
		return failure_set(failure, ENOMEM, "no memory for a job");
	json_object_foreach(environment, name, value)
	{
		int result;

		if (!json_is_string(value) || *name == '\0' || strchr(name, '=') != NULL)
			return wants("env", "an object of texts, {\"NAME\": \"VALUE\"}", failure);
		if (asprintf(&job->variables[count], "%s=%s", name, json_string_value(value)) < 0) {
			job->variables[count] = NULL;
			return failure_set(failure, ENOMEM, "no memory for a job");
		}
		result = value_store(row, job->variables[count++], &job->options, failure);
		if (result < 0)
			return result;
	}
	return 0;
}

/* A flag can be taken back, which a command line cannot do. */
static int store_flag(const struct option_row *row, const char *member, const json_t *value,
	struct job *job, struct memcage_failure *failure)
{
	if (!json_is_boolean(value))
		return wants(member, "true or false", failure);
	*(bool *)((char *)&job->options + row->offset) = json_is_true(value);
	return 0;
}

/* The option's own text, or a whole number where its value is one. */
static int store_text(const struct option_row *row, const char *member, const json_t *value,
	struct job *job, struct memcage_failure *failure)
{
	bool may_be_number = row->kind != VALUE_TEXT;
	char number[TEXT_NUMBER_SIZE];

	if (json_is_string(value))
		return value_store(row, json_string_value(value), &job->options, failure);
	if (!may_be_number || !json_is_integer(value))
		return wants(
			member, may_be_number ? "a text or a whole number" : "a text", failure);
	(void)snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return value_store(row, number, &job->options, failure);
}

static int store_member(
	const char *member, json_t *value, struct job *job, struct memcage_failure *failure)
{
	const struct option_row *row = row_of(member);
	int result;

	if (row == NULL)
		return unknown_member(member, failure);
	if (row->kind == VALUE_ENVIRONMENT)
		result = store_variables(row, value, job, failure);
	else if (row->kind == VALUE_FLAG)
		result = store_flag(row, member, value, job, failure);
	else
		result = store_text(row, member, value, job, failure);
	if (result == 0)
		job->options.given[row - option_rows] = true;
	return result;
}

static int store_argv(const json_t *words, struct job *job, struct memcage_failure *failure)
{
	size_t count = json_array_size(words);

	if (count == 0)
		return wants("argv", "a list of texts, the command first", failure);
	job->argv = calloc(count + 1, sizeof(*job->argv));
	if (job->argv == NULL)
		return failure_set(failure, ENOMEM, "no memory for a job");
	for (size_t i = 0; i < count; i++) {
		job->argv[i] = json_string_value(json_array_get(words, i));
		if (job->argv[i] == NULL)
			return wants("argv", "a list of texts, the command first", failure);
	}
	job->options.spec.argv = job->argv;
	return 0;
}

static int store_id(const json_t *id, struct job *job, struct memcage_failure *failure)
{
	size_t length = json_string_length(id); /* 0 where it is none */

	if (length == 0 || length > JOB_ID_MAX)
		return wants("id", "a text of 1 to 255 bytes", failure);
	job->id = json_string_value(id);
	return 0;
}

/* The defaults' lists are theirs. Of the environment the job has one of its own, which grows; what
 * was given on the command line is not said of a job, and nothing is refused on purpose in one. */
static int copy_defaults(
	const struct options *defaults, struct job *job, struct memcage_failure *failure)
{
	size_t size = defaults->environment_count * sizeof(*defaults->environment);

	job->options = *defaults;
	job->options.environment = NULL;
	job->options.environment_count = 0;
	job->options.uses = NULL;
	job->options.use_count = 0;
	job->options.injections = NULL;
	if (size == 0)
		return 0;
	job->options.environment = malloc(size);
	if (job->options.environment == NULL)
		return failure_set(failure, ENOMEM, "no memory for a job");
	memcpy(job->options.environment, defaults->environment, size);
	job->options.environment_count = defaults->environment_count;
	return 0;
}

int job_parse(const char *text, size_t length, const struct options *defaults, struct job *ret_job,
	struct memcage_failure *reterr_failure)
{
	json_error_t error;
	const char *member;
	json_t *value;
	int result;

	memset(ret_job, 0, sizeof(*ret_job));
	ret_job->line = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	if (ret_job->line == NULL)
		return failure_set(
			reterr_failure, EINVAL, "no JSON: column %d: %s", error.column, error.text);
	if (!json_is_object(ret_job->line))
		return failure_set(
			reterr_failure, EINVAL, "a job is an object: {\"id\": ..., \"argv\": ...}");
	result = store_id(json_object_get(ret_job->line, "id"), ret_job, reterr_failure);
	if (result == 0)
		result = copy_defaults(defaults, ret_job, reterr_failure);
	if (result == 0)
		result = store_argv(
			json_object_get(ret_job->line, "argv"), ret_job, reterr_failure);
	if (result < 0)
		return result;
	json_object_foreach(ret_job->line, member, value)
	{
		if (strcmp(member, "id") == 0 || strcmp(member, "argv") == 0)
			continue;
		result = store_member(member, value, ret_job, reterr_failure);
		if (result < 0)
			return result;
	}
	return 0;
}

void job_done(struct job *job)
{
	for (char **variable = job->variables; variable != NULL && *variable != NULL; variable++)
		free(*variable);
	free(job->variables);
	free(job->argv);
	options_done(&job->options);
	json_decref(job->line);
	memset(job, 0, sizeof(*job));
}
