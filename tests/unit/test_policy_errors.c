/* SPDX-License-Identifier: MIT
 *
 * Wrong policies and profiles (tests/fixtures/policies/bad.txt): each gives one line with file,
 * line and column, exactly the one in tests/golden/policy-errors.txt. MEMCAGE_UPDATE_GOLDEN=1
 * rewrites it. Files called parent-* and profile-* are only there for others.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "memcage/memcage.h"
#include "spec/policy.h"

#define GOLDEN MEMCAGE_SOURCE_DIR "/tests/golden/policy-errors.txt"
#define ENOUGH 60

static bool is_for_others(const char *name)
{
	return strncmp(name, "parent-", 7) == 0 || strncmp(name, "profile-", 8) == 0;
}

/* "name:LINE:COLUMN: " at the start, of this file or of one that it names. */
static void check_form(const char *name, const struct memcage_failure *failure)
{
	const char *colon = strchr(failure->detail, ':');
	int line, column, length = 0;

	if (strpbrk(failure->detail, "\n\r\t\033") != NULL || colon == NULL)
		fail_msg("%s: not one line: '%s'", name, failure->detail);
	if (sscanf(colon, ":%d:%d: %n", &line, &column, &length) != 2 || length == 0 || line < 1 ||
		column < 1)
		fail_msg("%s: no line and column: '%s'", name, failure->detail);
	assert_int_equal(failure->error_number, EINVAL);
}

static void write_errors(FILE *out)
{
	char *text = fixture_load("policies/bad"), name[FIXTURE_PATH_SIZE];
	const char *at = text, *start;
	size_t size, count = 0;

	while (fixture_next(&at, name, &start, &size)) {
		struct memcage_policy *policy = NULL;
		struct memcage_failure failure = { 0 };

		if (is_for_others(name))
			continue;
		if (memcage_policy_load(name, &policy, &failure) != -EINVAL)
			fail_msg("%s is accepted, or fails otherwise: %s", name, failure.detail);
		assert_null(policy); /* written only on success */
		check_form(name, &failure);
		(void)fprintf(out, "%s\n", failure.detail);
		count++;
	}
	assert_true(count >= ENOUGH);
	free(text);
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

static void compare(char *text)
{
	char *golden = read_golden(), *state_line, *state_expected;
	char *line = strtok_r(text, "\n", &state_line);
	char *expected = strtok_r(golden, "\n", &state_expected);

	while (line != NULL && expected != NULL && strcmp(line, expected) == 0) {
		line = strtok_r(NULL, "\n", &state_line);
		expected = strtok_r(NULL, "\n", &state_expected);
	}
	if (line != NULL || expected != NULL)
		fail_msg("other than " GOLDEN ":\n  %s\n  %s", line ? line : "(nothing)",
			expected ? expected : "(nothing)");
	free(golden);
}

static void test_error_lines(void **state)
{
	char directory[] = "/tmp/memcage-policies-XXXXXX", *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	fixture_unpack("policies/bad", directory);
	assert_int_equal(chdir(directory), 0);
	write_errors(out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chdir("/"), 0);
	fixture_remove(directory);
	if (getenv("MEMCAGE_UPDATE_GOLDEN") != NULL) {
		FILE *file = fopen(GOLDEN, "w");

		assert_non_null(file);
		assert_int_equal(fwrite(text, 1, size, file), size);
		assert_int_equal(fclose(file), 0);
	}
	compare(text);
	free(text);
}

/* What a text fixture cannot hold. */
static const struct {
	const char *text;
	size_t length;
	const char *says;
} bytes[] = {
	{ "summary: \xff", 10, "bytes.yaml:1:10: not a text" },
	{ "summary: x\nroot: \xc3\x28", 19, "bytes.yaml:2:8: not a text" },
	{ "summary: \xc3\xa4\xc3\xa4 \xff", 16, "bytes.yaml:1:13: not a text" },
	{ "summary: a\0b", 12, "bytes.yaml:1:11: not a text" },
	{ "summary: \033[31m", 14, "bytes.yaml:1:10: not a text" },
	{ "summary: \"\\e[31m\"\nroot: \"\\e[31m\"", 32,
		"bytes.yaml:2:7: unknown value for root "
		"'?[31m'" },
};

static void test_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bytes) / sizeof(*bytes); i++) {
		struct memcage_failure failure = { 0 };

		assert_int_equal(
			policy_check_text("bytes.yaml", bytes[i].text, bytes[i].length, &failure),
			-EINVAL);
		if (strncmp(failure.detail, bytes[i].says, strlen(bytes[i].says)) != 0)
			fail_msg("'%s' does not begin with '%s'", failure.detail, bytes[i].says);
		check_form("bytes.yaml", &failure);
	}
}

static void test_names(void **state)
{
	struct memcage_policy *policy = NULL;
	struct memcage_failure failure;

	(void)state;
	assert_int_equal(memcage_policy_load("untrustd", &policy, &failure), -ENOENT);
	assert_string_equal(failure.detail, "no policy 'untrustd'; did you mean 'untrusted'?");
	assert_int_equal(memcage_policy_load("qqqqqqqq", &policy, &failure), -ENOENT);
	assert_non_null(strstr(failure.detail, "there are docker, github-actions, judge"));
	assert_int_equal(memcage_policy_load("./not/there.yaml", &policy, &failure), -ENOENT);
	assert_string_equal(failure.detail, "./not/there.yaml: No such file or directory");
	assert_int_equal(memcage_policy_load("/dev/zero", &policy, &failure), -EINVAL);
	assert_string_equal(failure.detail, "/dev/zero: not a regular file");
	assert_null(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_lines),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_names),
	};

	if (setenv("MEMCAGE_POLICY_PATH", MEMCAGE_SOURCE_DIR "/policies", 1) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
