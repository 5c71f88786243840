/* SPDX-License-Identifier: MIT
 *
 * The examination of this host: its shape, that it says the same as a run would, that nothing of it
 * is left, and what its probes make of hosts that this one is not.
 */
#include "engine/doctor.h"

#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "prerequisite.h"

/* The command is not part of the library: its source is part of this test. */
#include "commands/doctor.c"

static const char *missing; /* what keeps some tests from running here */

int complain(const char *format, ...)
{
	(void)format;
	return EXIT_STATUS_ERROR;
}

static json_t *examine_host(void)
{
	struct memcage_failure failure;
	json_t *doctor;
	char *json;

	assert_int_equal(memcage_doctor_json(&json, &failure), 0);
	doctor = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	free(json);
	assert_non_null(doctor);
	return doctor;
}

static const json_t *check_of(const json_t *doctor, const char *name)
{
	const json_t *check;
	size_t i;

	json_array_foreach(json_object_get(doctor, "checks"), i,
		check) if (strcmp(text_of(check, "name"), name) == 0) return check;
	fail_msg("no check %s", name);
	return NULL;
}

static void test_every_check_says_something(void **state)
{
	json_t *doctor = examine_host(), *names = json_object();
	const json_t *check;
	size_t i;

	(void)state;
	assert_string_equal(text_of(doctor, "schema"), "memcage.doctor/1");
	assert_true(text_of(doctor, "summary")[0] != '\0');
	assert_true(json_is_boolean(json_object_get(doctor, "enforces")));
	assert_int_equal(json_integer_value(json_object_get(doctor, "user_id")), geteuid());
	assert_true(json_array_size(json_object_get(doctor, "checks")) >= 40);
	json_array_foreach(json_object_get(doctor, "checks"), i, check)
	{
		const char *status = text_of(check, "status"), *finding = text_of(check, "finding");
		const json_t *remedy = json_object_get(check, "remedy");

		assert_int_equal(
			json_object_set_new_nocheck(names, text_of(check, "name"), json_true()), 0);
		assert_int_equal(json_object_size(names), i + 1);
		assert_non_null(mark_of(status)->status);
		assert_true(finding[0] != '\0');
		assert_true(finding[strlen(finding) - 1] != '.');
		if (strcmp(status, "ok") == 0 || strncmp(finding, "not tried", 9) == 0)
			assert_true(json_is_null(remedy));
		else
			assert_true(json_is_string(remedy));
	}
	json_decref(names);
	json_decref(doctor);
}

/* What doctor promises must be what a run gets. */
static void test_says_what_a_run_finds(void **state)
{
	const char *const argv[] = { "true", NULL };
	const struct memcage_spec spec = {
		.struct_size = sizeof(spec), .argv = argv, .memory_max_bytes = TRIAL_LIMIT_BYTES
	};
	struct memcage_result *result = NULL;
	struct memcage_failure failure;
	json_t *doctor = examine_host();

	(void)state;
	if (memcage_run(&spec, &result, &failure) == 0) {
		json_t *report = json_loads(memcage_result_json(result), 0, NULL);

		assert_string_equal(memcage_result_verdict(result), "ok");
		assert_true(json_is_true(json_object_get(doctor, "enforces")));
		assert_string_equal(text_of(doctor, "backend"),
			text_of(json_object_get(report, "enforcement"), "backend"));
		json_decref(report);
		memcage_result_free(result);
	} else {
		assert_true(json_is_false(json_object_get(doctor, "enforces")));
	}
	json_decref(doctor);
}

static char own_prefix[64];
static int own_groups;

static int count_own(const char *path, const struct stat *facts, int type, struct FTW *at)
{
	(void)facts;
	own_groups += type == FTW_D &&
		      strncmp(path + at->base, own_prefix, strlen(own_prefix)) == 0;
	return 0;
}

static void test_leaves_no_group(void **state)
{
	(void)state;
	json_decref(examine_host());
	(void)snprintf(own_prefix, sizeof(own_prefix), OWN_NAME_PREFIX "%d-", (int)getpid());
	own_groups = 0;
	(void)nftw("/sys/fs/cgroup", count_own, 16, FTW_PHYS);
	assert_int_equal(own_groups, 0);
}

/* A group that nobody holds is found, and only counted. */
static void test_counts_abandoned(void **state)
{
	char home[GROUP_PATH_SIZE];
	struct home *own;
	struct memcage_failure failure;
	const json_t *check;
	json_t *doctor;

	(void)state;
	if (home_acquire(MEMCAGE_BACKEND_AUTO, NULL, false, &own, &failure) < 0) {
		missing = "no cage can be made here: groups left by crashed runs were not tried";
		skip();
	}
	/* beside ours, which lives and must not be counted */
	(void)snprintf(home, sizeof(home), "%.*s00000000", (int)strlen(own->memory.path) - 8,
		own->memory.path);
	assert_int_equal(mkdir(home, 0755), 0);
	doctor = examine_host();
	assert_int_equal(access(home, F_OK), 0);
	assert_int_equal(rmdir(home), 0);
	home_release(own);
	check = check_of(doctor, "abandoned_groups");
	assert_string_equal(text_of(check, "status"), "degraded");
	assert_string_equal(text_of(check, "remedy"), "memcage doctor --clean");
	json_decref(doctor);
}

static struct examination other_host;

static struct examination *no_cage(int error_number, const char *detail)
{
	other_host = (struct examination){ .opened = -error_number, .limited = -error_number };
	(void)snprintf(other_host.opened_failure.detail, sizeof(other_host.opened_failure.detail),
		"%s", detail);
	return &other_host;
}

static void test_takes_failures_apart(void **state)
{
	char detail[1024], remedy[512];
	struct finding finding;
	struct hierarchy memory = { .is_v2 = true };

	(void)state;
	place_remedy(&memory, EROFS, remedy, sizeof(remedy));
	(void)snprintf(detail, sizeof(detail), "/sys/fs/cgroup is read-only: %s", remedy);
	probe_cage(no_cage(EROFS, detail), &finding);
	assert_string_equal(finding.text, "/sys/fs/cgroup is read-only");
	assert_string_equal(finding.remedy, remedy);

	probe_cage(no_cage(ENOTSUP, "nothing is mounted; mount it, or go on"), &finding);
	assert_string_equal(finding.text, "nothing is mounted");
	assert_string_equal(finding.remedy, "mount it, or go on");

	probe_cage(no_cage(ENOTSUP, "no remedy"), &finding);
	assert_string_equal(finding.text, "no remedy");
	assert_true(finding.remedy[0] != '\0');
	assert_int_equal(finding.status, CHECK_MISSING);
}

static const struct {
	struct trial_child child;
	enum check_status start, kill;
} trials[] = {
	{ { .inside = true, .killed = true }, CHECK_OK, CHECK_OK },
	{ { .inside = true, .kill_error = ENOENT }, CHECK_OK, CHECK_DEGRADED },
	{ { .inside = true, .killed = false }, CHECK_OK, CHECK_MISSING },
	{ { .inside = true, .clone_error = ENOSYS, .killed = true }, CHECK_DEGRADED, CHECK_OK },
	{ { .inside = true, .clone_error = ENOENT, .kill_error = ENOENT }, CHECK_DEGRADED,
		CHECK_DEGRADED },
	{ { .clone_error = EPERM, .start_error = EACCES, .killed = true }, CHECK_MISSING,
		CHECK_OK },
	{ { .clone_error = 0, .killed = true }, CHECK_MISSING, CHECK_OK },
};

static void test_judges_trials(void **state)
{
	struct finding finding;

	(void)state;
	for (size_t i = 0; i < sizeof(trials) / sizeof(*trials); i++) {
		other_host = (struct examination){ .child = trials[i].child,
			.cage = { .kind = CAGE_V1, .memory = GROUP_NONE, .twin = GROUP_NONE } };
		probe_start_in_cage(&other_host, &finding);
		assert_int_equal(finding.status, trials[i].start);
		assert_int_equal(finding.remedy[0] == '\0', finding.status == CHECK_OK);
		probe_cgroup_kill(&other_host, &finding);
		assert_int_equal(finding.status, trials[i].kill);
		assert_int_equal(finding.remedy[0] == '\0', finding.status == CHECK_OK);
	}
}

/* systemd has nothing to give on v1, where nothing may be written, and where there is nothing. */
static void test_systemd_is_no_cure_for_all(void **state)
{
	struct hierarchies v1 = { .memory = { .found = true } };
	struct hierarchies frozen = { .memory = {
					      .found = true, .is_v2 = true, .read_only = true } };
	struct hierarchies none = { 0 };

	(void)state;
	assert_int_equal(systemd_manager_find(&v1), SYSTEMD_NONE);
	assert_int_equal(systemd_manager_find(&frozen), SYSTEMD_NONE);
	assert_int_equal(systemd_manager_find(&none), SYSTEMD_NONE);
}

static char *printed(const char *json, bool colored)
{
	json_t *doctor = json_loads(json, 0, NULL);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(doctor);
	assert_non_null(out);
	print_doctor(out, doctor, colored);
	assert_int_equal(fclose(out), 0);
	json_decref(doctor);
	return text;
}

static void test_prints(void **state)
{
	static const char json[] = "{\"summary\": \"It can.\", \"kernel\": \"6.1\", "
				   "\"cgroup_mode\": \"v2\", \"backend\": \"v2\","
				   " \"user_id\": 7, \"checks\": ["
				   "{\"name\": \"a\", \"status\": \"ok\", \"finding\": "
				   "\"/\\u001b[2J\\u00e9\", \"remedy\": null},"
				   "{\"name\": \"b_c\", \"status\": \"missing\", \"finding\": "
				   "\"gone\", \"remedy\": \"get it\"},"
				   "{\"name\": \"d\", \"status\": \"later\", \"finding\": \"new\", "
				   "\"remedy\": null}]}";
	char *text = printed(json, false), *colored = printed(json, true),
	     *empty = printed("{}", false);

	(void)state;
	assert_string_equal(text, "It can.\n"
				  "Linux 6.1, cgroups: v2, backend: v2, user 7\n"
				  "\n"
				  "ok  a                    /?[2J??\n"
				  "no  b_c                  gone\n"
				  "                         -> get it\n"
				  "??  d                    new\n");
	assert_non_null(strstr(colored, "\033[31mno\033[0m  b_c"));
	assert_null(strstr(colored, "\033[2J"));
	assert_non_null(strstr(empty, "cgroups: unknown, backend: none without --allow-degraded"));
	free(text);
	free(colored);
	free(empty);
}

static void test_refuses_bad_options(void **state)
{
	char name[] = "doctor", unknown[] = "--jsn", operand[] = "now";
	char *bad_option[] = { name, unknown, NULL }, *bad_operand[] = { name, operand, NULL };

	(void)state;
	assert_int_equal(command_doctor(2, bad_option), EXIT_STATUS_ERROR);
	assert_int_equal(command_doctor(2, bad_operand), EXIT_STATUS_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_check_says_something),
		cmocka_unit_test(test_says_what_a_run_finds),
		cmocka_unit_test(test_leaves_no_group),
		cmocka_unit_test(test_counts_abandoned),
		cmocka_unit_test(test_takes_failures_apart),
		cmocka_unit_test(test_judges_trials),
		cmocka_unit_test(test_systemd_is_no_cure_for_all),
		cmocka_unit_test(test_prints),
		cmocka_unit_test(test_refuses_bad_options),
	};

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return tests_finish(failed, missing);
}
