/* SPDX-License-Identifier: MIT
 *
 * Logs of tests/fixtures/explain, recorded from kernels and transcribed from public threads: what
 * is said of each (tests/golden/explain; MEMCAGE_UPDATE_GOLDEN=1 writes it anew), and that what was
 * recorded agrees with the counters of the same run.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/text.h"
#include "explain_log.h"
#include "report/json.h"

#define FIXTURES MEMCAGE_SOURCE_DIR "/tests/fixtures/explain"
#define GOLDEN MEMCAGE_SOURCE_DIR "/tests/golden/explain"
#define TEXT_SIZE (1 << 20)

static char *load(const char *directory, const char *name, const char *suffix)
{
	char path[4096], *text = calloc(1, TEXT_SIZE);
	FILE *file;
	size_t length = 0;

	(void)snprintf(path, sizeof(path), "%s/%s%s", directory, name, suffix);
	file = fopen(path, "r");
	if (file == NULL || text == NULL)
		fail_msg("cannot read %s", path);
	else
		length = fread(text, 1, TEXT_SIZE - 1, file);
	if (length == 0 || length == TEXT_SIZE - 1 || fclose(file) != 0)
		fail_msg("%s is empty or too long", path);
	return text;
}

static void compare(const char *name, const char *suffix, const char *text)
{
	char *golden, path[4096];
	FILE *file;

	if (getenv("MEMCAGE_UPDATE_GOLDEN") != NULL) {
		(void)mkdir(GOLDEN, 0777);
		(void)snprintf(path, sizeof(path), "%s/%s%s", GOLDEN, name, suffix);
		file = fopen(path, "w");
		assert_non_null(file);
		assert_true(fputs(text, file) >= 0);
		assert_int_equal(fclose(file), 0);
		return;
	}
	golden = load(GOLDEN, name, suffix);
	if (strcmp(golden, text) != 0)
		fail_msg("other than " GOLDEN "/%s%s:\n%s", name, suffix, text);
	free(golden);
}

static void check_golden(const char *name, const struct explanation *explanation)
{
	char *text = NULL, *dumped;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	json_t *json = explain_json(explanation);

	assert_non_null(out);
	explain_print(explanation, out);
	assert_int_equal(fclose(out), 0);
	compare(name, ".txt", text);
	assert_non_null(json);
	dumped = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	assert_non_null(dumped);
	compare(name, ".json", dumped);
	free(dumped);
	json_decref(json);
	free(text);
}

/* The value of " key=VALUE" in a header line, up to the next blank; NULL where it is not there. */
static const char *counter_text(const char *header, const char *key, char value[static 512])
{
	char wanted[64];
	const char *at, *end = strchr(header, '\n');

	(void)snprintf(wanted, sizeof(wanted), " %s=", key);
	at = strstr(header, wanted);
	if (at == NULL || at > end)
		return NULL;
	at += strlen(wanted);
	text_copy(value, strcspn(at, " \n") + 1, at);
	return value;
}

static uint64_t counter_number(const char *header, const char *key, uint64_t otherwise)
{
	char value[512];
	uint64_t number;

	if (counter_text(header, key, value) == NULL)
		return otherwise;
	assert_int_equal(parse_number(value, &number), 0);
	return number;
}

static int count_of(const char *text, const char *needle)
{
	int count = 0;

	for (; (text = strstr(text, needle)) != NULL; text++)
		count++;
	return count;
}

/* One incident for one run; its members are what the run's counters say. */
static void check_counters(const char *text, const char *header, const struct explanation *seen)
{
	const struct oom_incident *incident = &seen->incidents[0];
	uint64_t kills = counter_number(header, "oom_kill", 0);
	const struct counter *amounts = incident->amounts;
	char value[512];

	assert_int_equal(seen->count, 1);
	assert_int_equal(
		kills, count_of(text, " Killed process ") + count_of(text, ";Killed process "));
	/* of a group the kernel kills, and counts, the first one twice */
	assert_int_equal(incident->victim_count, kills - (incident->group[0] != '\0' ? 1 : 0));
	if (counter_text(header, "limit_bytes", value) != NULL) {
		assert_true(amounts[OOM_LIMIT].known && amounts[OOM_USAGE].known);
		assert_int_equal(
			amounts[OOM_LIMIT].value, counter_number(header, "limit_bytes", 0));
		/* read a moment after the peak */
		assert_true(amounts[OOM_USAGE].value <=
			    counter_number(header, "peak_bytes", amounts[OOM_LIMIT].value));
		assert_true(amounts[OOM_USAGE].value > amounts[OOM_LIMIT].value * 15 / 16);
		assert_true(amounts[OOM_ANON].known && amounts[OOM_FILE].known);
		/* all that is told apart is within the whole, and is most of it */
		assert_true(amounts[OOM_ANON].value + amounts[OOM_FILE].value <=
			    amounts[OOM_LIMIT].value);
		assert_true(amounts[OOM_ANON].value + amounts[OOM_FILE].value >
			    amounts[OOM_LIMIT].value * 9 / 10);
		assert_int_equal(incident->scope, strstr(text, "cgroup v1") != NULL
							  ? OOM_SCOPE_MEMCG_V1
							  : OOM_SCOPE_MEMCG_V2);
	} else {
		assert_true(incident->scope >= OOM_SCOPE_HOST);
	}
	if (counter_text(header, "oom_memcg", value) != NULL)
		assert_string_equal(incident->oom_memcg, value);
	if (counter_text(header, "task_memcg", value) != NULL)
		assert_string_equal(incident->task_memcg, value);
}

/* A sample says where it is from. */
static bool check_header(const char *name, const char *text)
{
	if (strncmp(text, "# recorded: Linux ", 18) == 0)
		return true;
	if (strncmp(text, "# transcribed: https://", 23) != 0 ||
		strstr(text, "; changed: ") == NULL)
		fail_msg("%s does not say where it is from", name);
	return false;
}

static void test_samples(void **state)
{
	DIR *directory = opendir(FIXTURES);
	struct dirent *entry;
	int recorded = 0, transcribed = 0;

	(void)state;
	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		char name[256], *text, *dot;
		const char *header;
		struct explained *explained;

		if (entry->d_name[0] == '.')
			continue;
		text_copy(name, sizeof(name), entry->d_name);
		dot = strstr(name, ".log");
		assert_non_null(dot);
		*dot = '\0';
		text = load(FIXTURES, name, ".log");
		explained = explain_text_of(entry->d_name, text);
		if (check_header(name, text)) {
			recorded++;
			header = strchr(text, '\n') + 1;
			assert_true(strncmp(header, "# counters: ", 12) == 0);
			check_counters(text, header, &explained->explanation);
		} else {
			transcribed++;
		}
		check_golden(name, &explained->explanation);
		free(explained);
		free(text);
	}
	(void)closedir(directory);
	assert_true(recorded >= 12 && recorded + transcribed >= 30);
}

static const struct {
	const char *sample;
	enum oom_scope scope;
} scopes[] = {
	{ "v1-6.18-own-limit", OOM_SCOPE_MEMCG_V1 },
	{ "v2-6.1-own-limit", OOM_SCOPE_MEMCG_V2 },
	{ "v2-6.12-own-limit", OOM_SCOPE_MEMCG_V2 },
	{ "uml-6.1-host", OOM_SCOPE_HOST },
	{ "v1-6.1-cpuset", OOM_SCOPE_CPUSET },
	{ "v2-6.12-cpuset", OOM_SCOPE_CPUSET },
	{ "v2-6.1-mempolicy", OOM_SCOPE_MEMPOLICY },
	{ "v2-6.12-mempolicy", OOM_SCOPE_MEMPOLICY },
	{ "v2-6.1-sysrq", OOM_SCOPE_SYSRQ },
	{ "uml-6.1-sysrq", OOM_SCOPE_SYSRQ },
	{ "raw-photon-4.19", OOM_SCOPE_MEMCG_V1 },
	{ "plain-killed", OOM_SCOPE_MEMCG },
};

static void test_scopes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scopes) / sizeof(*scopes); i++) {
		char *text = load(FIXTURES, scopes[i].sample, ".log");
		struct explained *explained = explain_text_of(scopes[i].sample, text);

		if (explained->incidents[0].scope != scopes[i].scope)
			fail_msg("%s: %s", scopes[i].sample,
				oom_scope_name(explained->incidents[0].scope));
		free(explained);
		free(text);
	}
}

/* A report tells less than a log, and what it does not tell stays unknown. */
static void test_report(void **state)
{
	static const char text[] =
		"{\"limits\": {\"memory_bytes\": 16777216, \"swap_bytes\": 4096, \"oom_group\": "
		"true},"
		" \"enforcement\": {\"backend\": \"v1\"}, \"memory\": {\"anon_bytes\": 5},"
		" \"oom_kills\": [{\"pid\": 7, \"command\": \"a\", \"anon_bytes\": 6, "
		"\"limit_owner\": \"own\","
		" \"limit_group\": \"/x\", \"victim_group\": \"/x/y\"},"
		" {\"command\": null, \"limit_owner\": \"host\"}, 3]}";
	struct oom_incident incidents[3];
	json_t *report = json_loads(text, 0, NULL);

	(void)state;
	assert_non_null(report);
	assert_int_equal(explain_report(report, incidents, 2), 2);
	assert_int_equal(explain_report(report, incidents, 3), 3);
	assert_int_equal(incidents[0].scope, OOM_SCOPE_MEMCG_V1);
	assert_int_equal(incidents[0].victims[0].pid, 7);
	assert_int_equal(incidents[0].victims[0].anon_bytes.value, 6);
	assert_false(incidents[0].victims[0].file_bytes.known);
	assert_int_equal(incidents[0].amounts[OOM_LIMIT].value, 16777216);
	assert_int_equal(incidents[0].amounts[OOM_SWAP_LIMIT].value, 16777216 + 4096);
	assert_string_equal(incidents[0].group, "/x/y");
	assert_int_equal(incidents[1].scope, OOM_SCOPE_HOST);
	assert_false(incidents[1].amounts[OOM_LIMIT].known);
	assert_int_equal(incidents[2].scope, OOM_SCOPE_UNKNOWN);
	json_decref(report);
}

/* Where the kernel's log did not tell whose limit it was, the verdict still does. */
static void test_report_by_its_verdict(void **state)
{
	static const struct {
		const char *end;
		enum oom_scope scope;
		bool has_limit;
	} ends[] = {
		{ "\"verdict\": \"oom_kill\", \"reason\": \"own_limit\"", OOM_SCOPE_MEMCG_V2,
			true },
		{ "\"verdict\": \"oom_kill\", \"reason\": \"ancestor_limit\"", OOM_SCOPE_MEMCG_V2,
			true },
		{ "\"verdict\": \"oom_kill\", \"reason\": \"inner_limit\"", OOM_SCOPE_MEMCG_V2,
			false },
		{ "\"verdict\": \"oom_kill\", \"reason\": \"host\"", OOM_SCOPE_HOST, false },
		{ "\"verdict\": \"oom_kill\", \"reason\": \"outside\"", OOM_SCOPE_UNKNOWN, false },
		{ "\"verdict\": \"timeout\", \"reason\": \"own_limit\"", OOM_SCOPE_UNKNOWN, false },
		{ "\"verdict\": 3", OOM_SCOPE_UNKNOWN, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct oom_incident incident;
		json_t *report = json_loads("{\"limits\": {\"memory_bytes\": 16777216, "
					    "\"effective_bytes\": 8192}, \"enforcement\": "
					    "{\"backend\": \"v2\"}, \"oom_kills\": [{\"pid\": 7, "
					    "\"limit_owner\": \"unknown\"}]}",
			0, NULL);
		char text[256];
		json_t *end;

		(void)snprintf(text, sizeof(text), "{%s}", ends[i].end);
		end = json_loads(text, 0, NULL);
		assert_int_equal(json_object_update(report, end), 0);
		assert_int_equal(explain_report(report, &incident, 1), 1);
		assert_int_equal(incident.scope, ends[i].scope);
		assert_int_equal(incident.amounts[OOM_LIMIT].known, ends[i].has_limit);
		json_decref(end);
		json_decref(report);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_report_by_its_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
