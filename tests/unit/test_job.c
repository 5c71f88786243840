/* SPDX-License-Identifier: MIT
 *
 * The lines of a batch: every option that a job may have is read as the command line reads it, what
 * is wrong gives one clear line, and what a job says is its own.
 */
#include "spec/job.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/option_table.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define MIB (UINT64_C(1) << 20)

static const struct options none = { .spec.struct_size = sizeof(none.spec) };

static void parse(const char *line, const struct options *defaults, struct job *job)
{
	struct memcage_failure failure;

	if (job_parse(line, strlen(line), defaults, job, &failure) < 0)
		fail_msg("%s: %s", line, failure.detail);
}

static void test_smallest(void **state)
{
	struct job job;

	(void)state;
	parse("{\"id\": \"a\", \"argv\": [\"true\"]}", &none, &job);
	assert_string_equal(job.id, "a");
	assert_string_equal(job.options.spec.argv[0], "true");
	assert_null(job.options.spec.argv[1]);
	assert_memory_equal(job.options.given, none.given, sizeof(none.given));
	job_done(&job);
	assert_null(job.line);
}

static void test_values(void **state)
{
	static const char line[] = "{\"id\": \"ä\", \"argv\": [\"sh\", \"\", \"x y\"], \"memory\": "
				   "\"64M\", \"swap\": 1048576,"
				   " \"at_limit\": \"fail\", \"oom_group\": true, \"wall_time\": "
				   "\"500ms\", \"pids\": 7,"
				   " \"stdin\": \"in\", \"chdir\": \"/\", \"clear_env\": true, "
				   "\"env\": {\"A\": \"\", \"B\": \"b=c\"},"
				   " \"user\": 5, \"wait_tree\": true, \"witness\": "
				   "\"preload,kmsg\", \"expect\": \"ok\"}";
	const struct memcage_spec *spec;
	struct job job;

	(void)state;
	parse(line, &none, &job);
	spec = &job.options.spec;
	assert_string_equal(job.id, "ä");
	assert_string_equal(spec->argv[1], "");
	assert_string_equal(spec->argv[2], "x y");
	assert_null(spec->argv[3]);
	assert_int_equal(spec->memory_max_bytes, 64 * MIB);
	assert_int_equal(spec->swap_max_bytes, MIB);
	assert_int_equal(spec->at_limit, MEMCAGE_FAIL_AT_LIMIT);
	assert_true(spec->oom_group);
	assert_int_equal(spec->wall_time_max_ms, 500);
	assert_int_equal(spec->pids_max, 7);
	assert_string_equal(spec->stdin_path, "in");
	assert_null(spec->stdout_path);
	assert_string_equal(spec->working_directory, "/");
	assert_true(job.options.clear_environment);
	assert_int_equal(job.options.environment_count, 2);
	assert_string_equal(job.options.environment[0], "A=");
	assert_string_equal(job.options.environment[1], "B=b=c");
	assert_true(spec->set_user);
	assert_int_equal(spec->user_id, 5);
	assert_true(spec->wait_tree);
	assert_int_equal(spec->witnesses, MEMCAGE_WITNESS_PRELOAD | MEMCAGE_WITNESS_KMSG);
	assert_string_equal(job.options.expect, "ok");
	job_done(&job);
}

/* What the line does not say is as the command line says; what it says is not kept for the next. */
static void test_defaults(void **state)
{
	const char *variables[] = { "A=1" };
	struct options defaults = none;
	struct job job;

	(void)state;
	defaults.spec.memory_max_bytes = MIB;
	defaults.spec.oom_group = true;
	defaults.environment = variables;
	defaults.environment_count = 1;
	defaults.given[0] = true;
	parse("{\"id\": \"a\", \"argv\": [\"x\"], \"oom_group\": false, \"env\": {\"B\": \"2\"}}",
		&defaults, &job);
	assert_int_equal(job.options.spec.memory_max_bytes, MIB);
	assert_false(job.options.spec.oom_group);
	assert_int_equal(job.options.environment_count, 2);
	assert_string_equal(job.options.environment[0], "A=1");
	assert_string_equal(job.options.environment[1], "B=2");
	assert_true(job.options.given[0]);
	job_done(&job);
	assert_int_equal(defaults.environment_count, 1);
	assert_true(defaults.spec.oom_group);
}

/* What a command line was parsed into stays its own, however many jobs it is the default of. */
static void test_defaults_of_a_command_line(void **state)
{
	char words[][12] = { "batch", "-m", "64M", "--env", "A=1", "jobs.jsonl" };
	char *argv[] = { words[0], words[1], words[2], words[3], words[4], words[5], NULL };
	struct memcage_failure failure;
	struct options defaults;
	struct job job;

	(void)state;
	assert_int_equal(options_parse(FOR_BATCH, 6, argv, &defaults, &failure), 0);
	for (int i = 0; i < 2; i++) {
		parse("{\"id\": \"a\", \"argv\": [\"x\"]}", &defaults, &job);
		assert_int_equal(job.options.spec.memory_max_bytes, 64 * MIB);
		assert_null(job.options.uses);
		assert_null(job.options.injections);
		job_done(&job);
	}
	assert_non_null(defaults.uses);
	options_done(&defaults);
}

/* Each row that a job may have is known by its name and remembered as given; no other is. */
static void test_every_row(void **state)
{
	size_t known = 0;

	(void)state;
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		bool is_flag = row->kind == VALUE_FLAG;
		struct memcage_failure failure;
		char line[256], *dash;
		struct job job;
		int result;

		(void)snprintf(line, sizeof(line), "{\"id\": \"a\", \"argv\": [\"x\"], \"%s\": %s}",
			row->name, is_flag ? "true" : "null");
		while ((dash = strchr(line, '-')) != NULL)
			*dash = '_';
		result = job_parse(line, strlen(line), &none, &job, &failure);
		if ((row->commands & (unsigned)FOR_JOB) == 0) {
			assert_int_equal(result, -EINVAL);
			assert_non_null(strstr(failure.detail, "no member"));
		} else {
			known++;
			assert_int_equal(result, is_flag ? 0 : -EINVAL);
			assert_int_equal(job.options.given[i], is_flag);
			assert_true(is_flag || strstr(failure.detail, "has to be") != NULL);
		}
		job_done(&job);
	}
	assert_true(known > 20);
}

static const struct {
	const char *line, *id, *says;
} errors[] = {
	{ "", NULL, "no JSON" },
	{ "{", NULL, "no JSON" },
	{ "nul", NULL, "no JSON" },
	{ "[]", NULL, "a job is an object" },
	{ "{}", NULL, "\"id\"" },
	{ "{\"id\": 5, \"argv\": [\"x\"]}", NULL, "\"id\"" },
	{ "{\"id\": \"\", \"argv\": [\"x\"]}", NULL, "\"id\"" },
	{ "{\"id\": \"a\\u0000b\", \"argv\": [\"x\"]}", NULL, "no JSON" },
	{ "{\"id\": \"\xff\", \"argv\": [\"x\"]}", NULL, "no JSON" },
	{ "{\"id\": \"a\", \"id\": \"b\", \"argv\": [\"x\"]}", NULL, "no JSON" },
	{ "{\"id\": \"a\"}", "a", "\"argv\"" },
	{ "{\"id\": \"a\", \"argv\": []}", "a", "\"argv\"" },
	{ "{\"id\": \"a\", \"argv\": \"x\"}", "a", "\"argv\"" },
	{ "{\"id\": \"a\", \"argv\": [\"x\", 5]}", "a", "\"argv\"" },
	{ "{\"id\": \"a\", \"argv\": [\"x\"], \"memory\": \"64X\"}", "a", "not a size" },
	{ "{\"id\": \"a\", \"argv\": [\"x\"], \"memory\": -1}", "a", "not a size" },
	{ "{\"id\": \"a\", \"argv\": [\"x\"], \"memory\": 1.5}", "a", "\"memory\" has to be" },
	{ "{\"id\": \"a\", \"argv\": [\"x\"], \"memory\": \"\"}", "a", "empty" },
	{ "{\"id\": \"a\", \"argv\": [\"x\"], \"pids\": 0}", "a", "greater than 0" },
	{ "{\"id\": \"a\", \"argv\": [\"x\"], \"stdin\": 5}", "a", "\"stdin\" has to be a text" },
	{ "{\"id\": \"a\", \"argv\": [\"x\"], \"at_limit\": 1}", "a", "it takes one of" },
	{ "{\"id\": \"a\", \"argv\": [\"x\"], \"oom_group\": 1}", "a", "true or false" },
	{ "{\"id\": \"a\", \"argv\": [\"x\"], \"env\": [\"A=1\"]}", "a", "\"env\"" },
	{ "{\"id\": \"a\", \"argv\": [\"x\"], \"env\": {\"A\": 1}}", "a", "\"env\"" },
	{ "{\"id\": \"a\", \"argv\": [\"x\"], \"env\": {\"A=B\": \"1\"}}", "a", "\"env\"" },
	{ "{\"id\": \"a\", \"argv\": [\"x\"], \"env\": {\"\": \"1\"}}", "a", "\"env\"" },
	{ "{\"id\": \"a\", \"argv\": [\"x\"], \"wall-time\": \"1s\"}", "a",
		"did you mean \"wall_time\"" },
	{ "{\"id\": \"a\", \"argv\": [\"x\"], \"jobs\": 2}", "a", "no member" },
};

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct memcage_failure failure = { 0 };
		struct job job;

		if (job_parse(errors[i].line, strlen(errors[i].line), &none, &job, &failure) !=
			-EINVAL)
			fail_msg("%s is accepted", errors[i].line);
		if (strstr(failure.detail, errors[i].says) == NULL)
			fail_msg("%s: %s", errors[i].line, failure.detail);
		assert_null(strchr(failure.detail, '\n'));
		if (errors[i].id != NULL)
			assert_string_equal(job.id, errors[i].id);
		else
			assert_null(job.id);
		job_done(&job);
	}
}

static void test_longest_id(void **state)
{
	char line[400], id[JOB_ID_MAX + 2];
	struct memcage_failure failure;
	struct job job;

	(void)state;
	memset(id, 'x', sizeof(id));
	id[JOB_ID_MAX] = '\0';
	(void)snprintf(line, sizeof(line), "{\"id\": \"%s\", \"argv\": [\"x\"]}", id);
	parse(line, &none, &job);
	job_done(&job);
	id[JOB_ID_MAX] = 'x';
	id[JOB_ID_MAX + 1] = '\0';
	(void)snprintf(line, sizeof(line), "{\"id\": \"%s\", \"argv\": [\"x\"]}", id);
	assert_int_equal(job_parse(line, strlen(line), &none, &job, &failure), -EINVAL);
	job_done(&job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smallest),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_defaults_of_a_command_line),
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_longest_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
