/* SPDX-License-Identifier: MIT
 *
 * batch_job.c - one job: from its line to a specification, and from its end to its record.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/batch_runs.h"
#include "commands/expectation.h"
#include "spec/check.h"

/* The policy of this name, loaded when it is named first. */
static int policy_find(struct batch *batch, const char *name,
	const struct memcage_policy **ret_policy, struct memcage_failure *failure)
{
	struct batch_policy *entry = batch->policies;
	int result;

	while (entry != NULL && strcmp(entry->name, name) != 0)
		entry = entry->next;
	if (entry != NULL) {
		*ret_policy = entry->policy;
		return 0;
	}
	entry = calloc(1, sizeof(*entry));
	if (entry != NULL)
		entry->name = strdup(name);
	if (entry == NULL || entry->name == NULL) {
		free(entry);
		failure->detail[0] = '\0';
		return -ENOMEM;
	}
	result = memcage_policy_load(name, &entry->policy, failure);
	if (result < 0) {
		free(entry->name);
		free(entry);
		return result;
	}
	entry->next = batch->policies;
	batch->policies = entry;
	*ret_policy = entry->policy;
	return 0;
}

static int adopt_policy(
	struct batch *batch, struct options *options, struct memcage_failure *failure)
{
	const struct memcage_policy *policy;
	int result;

	if (options->policy == NULL)
		return spec_check(&options->spec, failure);
	result = policy_find(batch, options->policy, &policy, failure);
	return result < 0 ? result : options_adopt_policy(options, policy, failure);
}

/* Without files of its own a job must not read our jobs or write among our reports. */
static void keep_to_itself(struct memcage_spec *spec)
{
	if (spec->stdin_path == NULL)
		spec->stdin_path = "/dev/null";
	if (spec->stdout_path == NULL)
		spec->stdout_path = "/dev/null";
	if (spec->stderr_path == NULL)
		spec->stderr_path = "/dev/null";
}

static int prepare(struct batch *batch, struct batch_job *job, const char *text, size_t length,
	struct memcage_failure *failure)
{
	struct options *options = &job->job.options;
	struct expectation expectation;
	int result = job_parse(text, length, batch->defaults, &job->job, failure);

	if (result < 0)
		return result;
	if (options->expect != NULL)
		result = expectation_parse(options->expect, &expectation, failure);
	if (result == 0)
		result = adopt_policy(batch, options, failure);
	if (result == 0)
		result = options_environment(options, environ, &job->environment);
	if (result < 0)
		return result;
	options->spec.envp = job->environment;
	keep_to_itself(&options->spec);
	job->memory_bytes = spec_has_limit(&options->spec) ? options->spec.memory_max_bytes
							   : UINT64_MAX;
	return 0;
}

/* Whether a job of this id is to be run; if it is an error, with a failure. */
static bool is_wanted(struct batch *batch, const char *id, struct memcage_failure *failure)
{
	int before = id_set_mark(&batch->ids, id, ID_TAKEN);

	failure->detail[0] = '\0';
	if (before == ID_NEW)
		return true;
	if (before == ID_DONE)
		batch->tally.skipped++;
	else
		(void)snprintf(failure->detail, sizeof(failure->detail), "%s",
			before < 0 ? "no memory for an id"
				   : "another job of this batch has the same id");
	return false;
}

struct batch_job *batch_job_make(struct batch *batch, const char *text, size_t length)
{
	struct batch_job *job = calloc(1, sizeof(*job));
	struct memcage_failure failure = { 0 };
	uint64_t line = batch->input.number;
	int result;

	if (job == NULL) {
		batch_error(batch, NULL, line, "no memory for a job");
		return NULL;
	}
	job->line = line;
	result = prepare(batch, job, text, length, &failure);
	if (result == 0 && is_wanted(batch, job->job.id, &failure)) {
		if (job->memory_bytes == UINT64_MAX && batch->memory_total_bytes != UINT64_MAX)
			job->memory_bytes = batch->memory_total_bytes;
		if (job->memory_bytes <= batch->memory_total_bytes)
			return job;
		(void)snprintf(failure.detail, sizeof(failure.detail),
			"its memory limit is above --memory-total: it could never run");
	}
	if (result < 0 || failure.detail[0] != '\0')
		batch_error(batch, job->job.id, line,
			failure.detail[0] != '\0' ? failure.detail : strerrordesc_np(-result));
	return batch_job_free(job);
}

struct batch_job *batch_job_free(struct batch_job *job)
{
	if (job != NULL) {
		free(job->environment);
		job_done(&job->job);
	}
	free(job);
	return NULL;
}

/* ---- records ---- */

/* A text as JSON has it. Bytes of a name that are no UTF-8 cannot be told. */
static char *quoted(const char *text)
{
	json_t *string = json_string(text);
	char *result;

	if (string == NULL)
		string = json_string("(not UTF-8)");
	result = json_dumps(string, JSON_ENCODE_ANY);
	json_decref(string);
	return result;
}

static void add_id(struct batch *batch, const char *id)
{
	char *text = quoted(id);

	record_lines_add(&batch->output, "{\"id\":");
	record_lines_add(&batch->output, text != NULL ? text : "null");
	record_lines_add(&batch->output, ",");
	free(text);
}

void batch_error(struct batch *batch, const char *id, uint64_t line, const char *message)
{
	char number[64], *text = quoted(message);

	batch->tally.errors++;
	batch->tally.unmet++;
	if (id != NULL)
		add_id(batch, id);
	else
		record_lines_add(&batch->output, "{");
	(void)snprintf(number, sizeof(number),
		"\"error\":{\"line\":%llu,\"message\":", (unsigned long long)line);
	record_lines_add(&batch->output, number);
	record_lines_add(&batch->output, text != NULL ? text : "\"\"");
	record_lines_add(&batch->output, "}}");
	record_lines_end(&batch->output);
	free(text);
}

void batch_report(
	struct batch *batch, const struct batch_job *job, const struct memcage_result *result)
{
	const char *expect = job->job.options.expect, *verdict = memcage_result_verdict(result);
	bool met = strcmp(verdict, "not_started") != 0;
	struct expectation expectation;
	struct memcage_failure failure;
	char *text;

	tally_add(&batch->tally, verdict);
	add_id(batch, job->job.id);
	if (expect != NULL && expectation_parse(expect, &expectation, &failure) == 0) {
		met = expectation_met(&expectation, result);
		text = quoted(expect);
		record_lines_add(&batch->output, "\"expect\":");
		record_lines_add(&batch->output, text != NULL ? text : "null");
		record_lines_add(
			&batch->output, met ? ",\"expect_met\":true," : ",\"expect_met\":false,");
		free(text);
	}
	batch->tally.unmet += !met;
	record_lines_add(&batch->output, memcage_result_json(result) + 1); /* behind its brace */
	record_lines_end(&batch->output);
}
