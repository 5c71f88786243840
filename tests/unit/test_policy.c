/* SPDX-License-Identifier: MIT
 *
 * What right policies mean: each part as the run will see it, parents merged in, printed and read
 * again; and how a policy goes together with options and with a library caller's specification.
 */
#include "spec/policy.h"

#include <errno.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "spec/check.h"
#include "spec/options.h"

#define MIB (UINT64_C(1) << 20)
#define BIT(guarantee) (UINT32_C(1) << (guarantee))
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static char directory[] = "/tmp/memcage-policies-XXXXXX";

static struct memcage_policy *load(const char *name)
{
	struct memcage_policy *policy = NULL;
	struct memcage_failure failure;

	if (memcage_policy_load(name, &policy, &failure) < 0)
		fail_msg("%s: %s", name, failure.detail);
	return policy;
}

static void test_limits(void **state)
{
	struct memcage_policy *policy = load("limits.yaml");
	const struct memcage_spec *limits = &policy->limits;

	(void)state;
	assert_int_equal(limits->memory_max_bytes, 1536 * MIB);
	assert_true(limits->swap_max_bytes == MEMCAGE_UNLIMITED);
	assert_int_equal(limits->memory_high_bytes, 1024 * MIB);
	assert_int_equal(limits->at_limit, MEMCAGE_FAIL_AT_LIMIT);
	assert_true(limits->oom_group);
	assert_int_equal(limits->wall_time_max_ms, 120000);
	assert_int_equal(limits->cpu_time_max_ms, 500);
	assert_int_equal(limits->grace_ms, 3000);
	assert_true(limits->stall_ms == MEMCAGE_UNLIMITED);
	assert_int_equal(limits->pids_max, 17);
	assert_int_equal(limits->output_max_bytes, 10240);
	assert_true(limits->output_truncate);
	assert_int_equal(policy->isolation.wanted, 0);
	assert_string_equal(memcage_policy_summary(policy), "");
	(void)memcage_policy_free(policy);
}

static void test_limits_merged(void **state)
{
	struct memcage_policy *policy = load("limits-child.yaml");

	(void)state;
	assert_int_equal(policy->limits.memory_max_bytes, 64 * MIB);
	assert_false(policy->limits.oom_group);
	assert_int_equal(policy->limits.grace_ms, 0);
	assert_int_equal(policy->limits.pids_max, 17);
	(void)memcage_policy_free(policy);
}

static void check_mount(const struct isolation_mount *mount, enum mount_kind kind,
	const char *source, const char *target)
{
	assert_int_equal(mount->kind, kind);
	assert_string_equal(mount->target, target);
	if (source == NULL)
		assert_null(mount->source);
	else
		assert_string_equal(mount->source, source);
}

static void test_mounts(void **state)
{
	struct memcage_policy *policy = load("isolation.yaml");
	const struct isolation_mount *mounts = policy->isolation.mounts;

	(void)state;
	assert_int_equal(policy->isolation.mount_count, 9);
	check_mount(&mounts[0], MOUNT_READ_ONLY, NULL, "/usr");
	assert_false(mounts[0].optional);
	check_mount(&mounts[1], MOUNT_LINK, "usr/bin", "/bin");
	check_mount(&mounts[2], MOUNT_READ_ONLY, "/etc/hostname", "/etc/name");
	assert_true(mounts[2].optional);
	check_mount(&mounts[3], MOUNT_READ_WRITE, NULL, ".");
	assert_true(mounts[3].executable);
	check_mount(&mounts[4], MOUNT_READ_WRITE, "/srv/in", "/in");
	assert_false(mounts[4].executable);
	check_mount(&mounts[5], MOUNT_TMPFS, NULL, "/tmp");
	assert_int_equal(mounts[5].size_bytes, MIB);
	assert_int_equal(mounts[5].inodes, 10);
	assert_true(mounts[5].executable);
	/* Without a size the kernel would give half of the memory. */
	assert_int_equal(mounts[6].size_bytes, 64 * MIB);
	assert_true(mounts[6].inodes > 0);
	check_mount(&mounts[7], MOUNT_DEV, NULL, "/dev");
	assert_int_equal(mounts[7].size_bytes, 8 * MIB);
	check_mount(&mounts[8], MOUNT_PROC, NULL, "/proc");
	(void)memcage_policy_free(policy);
}

static void test_identity(void **state)
{
	struct memcage_policy *policy = load("isolation.yaml");
	const struct isolation *isolation = &policy->isolation;

	(void)state;
	assert_int_equal(isolation->wanted, BIT(GUARANTEE_COUNT) - 1); /* every one */
	assert_int_equal(
		isolation->preferred, BIT(GUARANTEE_TIME_NAMESPACE) | BIT(GUARANTEE_LANDLOCK));
	assert_int_equal(isolation->user_id, 1000);
	assert_int_equal(isolation->group_id, 100);
	assert_string_equal(isolation->hostname, "cage-1.local");
	assert_true(isolation->kept_capabilities ==
		    (UINT64_C(1) << CAP_CHOWN | UINT64_C(1) << CAP_NET_RAW |
			    UINT64_C(1) << CAP_CHECKPOINT_RESTORE));
	assert_int_equal(isolation->rlimit_count, 4);
	assert_int_equal(isolation->rlimits[0].resource, RLIMIT_STACK);
	assert_true(isolation->rlimits[0].hard == RLIM_INFINITY);
	assert_int_equal(isolation->rlimits[1].resource, RLIMIT_CORE);
	assert_int_equal(isolation->rlimits[1].hard, 0);
	assert_int_equal(isolation->rlimits[2].resource, RLIMIT_NOFILE);
	assert_int_equal(isolation->rlimits[2].soft, 64);
	assert_int_equal(isolation->rlimits[2].hard, 128);
	assert_int_equal(isolation->rlimits[3].resource, RLIMIT_MEMLOCK);
	assert_int_equal(isolation->rlimits[3].soft, 65536);
	(void)memcage_policy_free(policy);
}

static void test_calls(void **state)
{
	struct memcage_policy *policy = load("isolation.yaml");
	const struct seccomp_rules *rules = &policy->isolation.seccomp;

	(void)state;
	assert_int_equal(rules->default_action, SECCOMP_ALLOW);
	assert_int_equal(rules->rule_count, 4);
	assert_int_equal(rules->rules[0].name_count, 2);
	assert_string_equal(rules->rules[0].names[1], "chown32");
	assert_int_equal(rules->rules[0].action, SECCOMP_ERRNO);
	assert_int_equal(rules->rules[0].error_number, EPERM);
	assert_int_equal(rules->rules[1].error_number, ENOTTY);
	assert_int_equal(rules->rules[1].arguments[0].operator, SECCOMP_MASKED_EQUAL);
	assert_int_equal(rules->rules[1].arguments[0].index, 1);
	assert_true(rules->rules[1].arguments[0].value == 0xffffffff);
	assert_true(rules->rules[1].arguments[0].value_two == 0x5412);
	assert_int_equal(rules->rules[2].action, SECCOMP_KILL);
	assert_int_equal(rules->rules[2].argument_count, 2);
	assert_int_equal(rules->rules[2].arguments[0].operator, SECCOMP_GREATER);
	assert_int_equal(rules->rules[2].arguments[1].operator, SECCOMP_NOT_EQUAL);
	assert_int_equal(rules->rules[3].action, SECCOMP_ALLOW);
	assert_int_equal(rules->rules[3].arguments[0].operator, SECCOMP_LESS_EQUAL);
	(void)memcage_policy_free(policy);
}

/* Values and lists of the child stand alone, empty ones too; maps are merged. */
static void test_isolation_merged(void **state)
{
	struct memcage_policy *policy = load("isolation-child.yaml");
	const struct isolation *isolation = &policy->isolation;

	(void)state;
	assert_int_equal(isolation->wanted,
		(BIT(GUARANTEE_COUNT) - 1) &
			~(BIT(GUARANTEE_USER_NAMESPACE) | BIT(GUARANTEE_NETWORK_NAMESPACE) |
				BIT(GUARANTEE_CGROUP_NAMESPACE) | BIT(GUARANTEE_TIME_NAMESPACE) |
				BIT(GUARANTEE_LANDLOCK)));
	assert_int_equal(isolation->preferred, 0);
	assert_int_equal(isolation->mount_count, 1);
	assert_true(isolation->kept_capabilities == 0);
	assert_int_equal(isolation->rlimit_count, 4);
	assert_int_equal(isolation->rlimits[2].hard, 32);
	assert_true(policy->clear_environment);
	assert_null(policy->kept_environment[0]);
	assert_string_equal(policy->set_environment[0], "D=4");
	assert_null(policy->set_environment[1]);
	assert_int_equal(isolation->seccomp.default_action, SECCOMP_ERRNO);
	assert_int_equal(isolation->seccomp.default_error_number, ENOSYS);
	assert_int_equal(isolation->seccomp.rule_count, 1);
	assert_int_equal(isolation->user_id, 1000);
	(void)memcage_policy_free(policy);
}

/* A profile and lists replace each other; neither is merged with the other. */
static void test_profile_merged(void **state)
{
	struct memcage_policy *child = load("profile-child.yaml"),
			      *grandchild = load("profile-grandchild.yaml"),
			      *untouched = load("profile-untouched.yaml");

	(void)state;
	assert_int_equal(child->isolation.seccomp.rule_count, 1);
	assert_int_equal(child->isolation.seccomp.rules[0].error_number, EACCES);
	assert_int_equal(grandchild->isolation.seccomp.rule_count, 1);
	assert_string_equal(grandchild->isolation.seccomp.rules[0].names[0], "mount");
	assert_int_equal(untouched->isolation.seccomp.rules[0].error_number, EACCES);
	(void)memcage_policy_free(child);
	(void)memcage_policy_free(grandchild);
	(void)memcage_policy_free(untouched);
}

static char *text_of(const struct memcage_policy *policy)
{
	struct memcage_failure failure;
	char *text;

	if (memcage_policy_text(policy, &text, &failure) < 0)
		fail_msg("%s", failure.detail);
	return text;
}

/* Printed, read and printed again, a policy is the same, and promises the same. */
static void check_again(const char *name)
{
	struct memcage_policy *policy = load(name), *again;
	char *text = text_of(policy), *second;

	fixture_write("again.yaml", text, strlen(text));
	again = load("again.yaml");
	second = text_of(again);
	if (strcmp(text, second) != 0)
		fail_msg("%s is other once it is read again:\n%s\n%s", name, text, second);
	assert_int_equal(policy->isolation.wanted, again->isolation.wanted);
	assert_int_equal(policy->isolation.preferred, again->isolation.preferred);
	assert_memory_equal(&policy->limits, &again->limits, sizeof(policy->limits));
	assert_int_equal(policy->isolation.seccomp.rule_count, again->isolation.seccomp.rule_count);
	assert_int_equal(policy->isolation.mount_count, again->isolation.mount_count);
	free(second);
	free(text);
	(void)memcage_policy_free(again);
	(void)memcage_policy_free(policy);
}

static void test_printed(void **state)
{
	static const char *const files[] = { "summary.yaml", "limits.yaml", "limits-child.yaml",
		"isolation.yaml", "isolation-child.yaml", "root-host.yaml", "profile-child.yaml",
		"profile-untouched.yaml", "preferred-nothing.yaml" };
	char **names = memcage_policy_names();

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++)
		check_again(files[i]);
	assert_non_null(names);
	for (size_t i = 0; names[i] != NULL; i++)
		check_again(names[i]);
	memcage_policy_names_free(names);
}

static void test_shipped(void **state)
{
	static const struct {
		const char *name;
		uint32_t has, has_not;
	} rows[] = {
		{ "plain", 0, UINT32_MAX },
		{ "untrusted", BIT(GUARANTEE_COUNT) - 1 - BIT(GUARANTEE_TIME_NAMESPACE), 0 },
		{ "judge", BIT(GUARANTEE_COUNT) - 1 - BIT(GUARANTEE_TIME_NAMESPACE), 0 },
		{ "kubernetes", 0, UINT32_MAX },
		{ "docker", BIT(GUARANTEE_CAPABILITIES) | BIT(GUARANTEE_SECCOMP),
			BIT(GUARANTEE_USER_NAMESPACE) | BIT(GUARANTEE_USER) },
		{ "systemd-service", BIT(GUARANTEE_RLIMITS), BIT(GUARANTEE_PRIVATE_ROOT) },
		{ "lambda", BIT(GUARANTEE_PRIVATE_ROOT), BIT(GUARANTEE_NETWORK_NAMESPACE) },
		{ "github-actions", 0, UINT32_MAX },
	};
	char **names = memcage_policy_names();
	size_t count = 0;

	(void)state;
	while (names[count] != NULL)
		count++;
	memcage_policy_names_free(names);
	assert_int_equal(count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct memcage_policy *policy = load(rows[i].name);

		assert_int_equal(policy->isolation.wanted & rows[i].has, rows[i].has);
		assert_int_equal(policy->isolation.wanted & rows[i].has_not, 0);
		assert_true(strlen(memcage_policy_summary(policy)) > 10);
		(void)memcage_policy_free(policy);
	}
}

/* plain is what run does without a policy: it says nothing. */
static void test_plain(void **state)
{
	static const struct memcage_spec nothing;
	struct memcage_policy *policy = load("plain");

	(void)state;
	assert_memory_equal(&policy->limits, &nothing, sizeof(nothing));
	assert_false(policy->clear_environment);
	(void)memcage_policy_free(policy);
}

static void adopt(
	const char *const *words, const struct memcage_policy *policy, struct options *options)
{
	char *argv[12] = { (char *)(uintptr_t) "run", (char *)(uintptr_t) "-plimits.yaml" };
	int argc = 2;
	struct memcage_failure failure;

	while (*words != NULL)
		argv[argc++] = (char *)(uintptr_t)*words++;
	argv[argc++] = (char *)(uintptr_t) "true";
	argv[argc] = NULL;
	if (options_parse(FOR_RUN, argc, argv, options, &failure) < 0 ||
		options_adopt_policy(options, policy, &failure) < 0)
		fail_msg("%s", failure.detail);
}

/* What is on the command line stands, 0 and max too. */
static void test_options_win(void **state)
{
	static const char *const none[] = { NULL };
	static const char *const some[] = { "-mmax", "--swap=0", "--at-limit=kill", "--grace=0",
		"--pids=5", NULL };
	struct memcage_policy *policy = load("limits.yaml");
	struct memcage_spec adopted;
	struct memcage_failure failure;
	struct options options;

	(void)state;
	adopt(none, policy, &options);
	assert_string_equal(options.policy, "limits.yaml");
	assert_int_equal(options.spec.memory_max_bytes, 1536 * MIB);
	assert_int_equal(options.spec.at_limit, MEMCAGE_FAIL_AT_LIMIT);
	assert_true(options.spec.output_truncate);
	options_done(&options);
	adopt(some, policy, &options);
	assert_true(options.spec.memory_max_bytes == MEMCAGE_UNLIMITED);
	assert_int_equal(options.spec.swap_max_bytes, 0);
	assert_int_equal(options.spec.at_limit, MEMCAGE_KILL_AT_LIMIT);
	assert_int_equal(options.spec.grace_ms, 0);
	assert_int_equal(options.spec.pids_max, 5);
	assert_int_equal(options.spec.cpu_time_max_ms, 500);
	/* And the engine does not fill it in again. */
	assert_int_equal(spec_adopt(&options.spec, &adopted, &failure), 0);
	assert_int_equal(adopted.swap_max_bytes, 0);
	assert_int_equal(adopted.grace_ms, 0);
	options_done(&options);
	(void)memcage_policy_free(policy);
}

/* The parts go together only now. */
static void test_options_checked_late(void **state)
{
	char *argv[] = { (char *)(uintptr_t) "run", (char *)(uintptr_t) "-plimits.yaml",
		(char *)(uintptr_t) "--at-limit=fail", (char *)(uintptr_t) "-mmax",
		(char *)(uintptr_t) "true", NULL };
	struct memcage_policy *policy = load("limits.yaml");
	struct memcage_failure failure;
	struct options options;

	(void)state;
	assert_int_equal(options_parse(FOR_RUN, 5, argv, &options, &failure), 0);
	assert_int_equal(options_adopt_policy(&options, policy, &failure), -EINVAL);
	assert_non_null(strstr(failure.detail, "--at-limit fail needs a memory limit"));
	options_done(&options);
	(void)memcage_policy_free(policy);
}

static void test_specification(void **state)
{
	static const char *const argv[] = { "true", NULL };
	struct memcage_policy *policy = load("limits.yaml");
	struct memcage_spec spec = { .struct_size = sizeof(spec),
		.argv = argv,
		.policy = policy,
		.memory_max_bytes = MIB,
		.memory_high_bytes = 4096 };
	struct memcage_spec adopted;
	struct memcage_failure failure;

	(void)state;
	assert_int_equal(spec_adopt(&spec, &adopted, &failure), 0);
	assert_int_equal(adopted.memory_max_bytes, MIB);
	assert_int_equal(adopted.pids_max, 17);
	assert_true(adopted.stall_ms == MEMCAGE_UNLIMITED);
	spec.limits_complete = true;
	assert_int_equal(spec_adopt(&spec, &adopted, &failure), 0);
	assert_int_equal(adopted.pids_max, 0);
	(void)memcage_policy_free(policy);
}

static void test_environment(void **state)
{
	static char lang[] = "LANG=C", path[] = "PATH=/bin", language[] = "LANGUAGE=de",
		    old[] = "A=old";
	static char *environment[] = { lang, path, language, old, NULL };
	struct memcage_policy *policy = load("isolation.yaml"), *plain = load("plain");
	const char **envp;

	(void)state;
	assert_int_equal(policy_environment(plain, environment, &envp), 0);
	assert_null(envp);
	assert_int_equal(policy_environment(policy, environment, &envp), 0);
	assert_string_equal(envp[0], "LANG=C");
	assert_string_equal(envp[1], "A=1");
	assert_string_equal(envp[2], "B=two words");
	assert_string_equal(envp[3], "C=");
	assert_null(envp[4]);
	free(envp);
	policy->clear_environment = false;
	assert_int_equal(policy_environment(policy, environment, &envp), 0);
	assert_string_equal(envp[3], "A=1"); /* in its old place */
	assert_string_equal(envp[5], "C=");
	assert_null(envp[6]);
	free(envp);
	(void)memcage_policy_free(plain);
	(void)memcage_policy_free(policy);
}

/* Nothing runs unprotected. */
static int unpack(void **state)
{
	(void)state;
	fixture_unpack("policies/good", directory);
	return chdir(directory);
}

static int clean_up(void **state)
{
	(void)state;
	assert_int_equal(chdir("/"), 0);
	fixture_remove(directory);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_limits_merged),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_isolation_merged),
		cmocka_unit_test(test_profile_merged),
		cmocka_unit_test(test_printed),
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_options_win),
		cmocka_unit_test(test_options_checked_late),
		cmocka_unit_test(test_specification),
		cmocka_unit_test(test_environment),
	};

	if (setenv("MEMCAGE_POLICY_PATH", MEMCAGE_SOURCE_DIR "/policies", 1) != 0)
		return 1;
	return cmocka_run_group_tests(tests, unpack, clean_up);
}
