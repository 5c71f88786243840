/* SPDX-License-Identifier: MIT
 *
 * Policies' and profiles' system calls by their effect: a child loads the filter, makes the call
 * and tells what came back.
 */
#include "cage/seccomp_filter.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "prerequisite.h"
#include "spec/oci_profile.h"
#include "spec/policy.h"

#define BIT(guarantee) (UINT32_C(1) << (guarantee))
#define PUBLISHED "/usr/share/containers/seccomp.json" /* golang-github-containers-common */
#define X32 0x40000000
#define KILLED (-SIGSYS)
#define HIGH (UINT64_C(1) << 63)

static const char *missing;

/* The errno of a call under the filter, 0 for success, or minus the signal it died of. */
static int outcome_of(const struct isolation *isolation, long call, uint64_t a, uint64_t b)
{
	struct seccomp_filter filter;
	struct memcage_failure failure;
	int status;
	pid_t child;

	if (seccomp_filter_compile(isolation, &filter, &failure) < 0)
		fail_msg("%s", failure.detail);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_filter_load(&filter) < 0)
			_exit(200);
		status = syscall(call, a, b, 0L, 0L, 0L, 0L) < 0 ? errno : 0;
		/* Sanitizers have a look round in _exit(), which the filter may not allow. */
		(void)syscall(SYS_exit_group, status);
	}
	seccomp_filter_free(&filter);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		return -WTERMSIG(status);
	assert_int_not_equal(WEXITSTATUS(status), 200);
	return WEXITSTATUS(status);
}

struct row {
	const char *because;
	long call;
	uint64_t a, b;
	int outcome;
};

static void check_rows(const struct isolation *isolation, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int outcome = outcome_of(isolation, rows[i].call, rows[i].a, rows[i].b);

		if (outcome != rows[i].outcome)
			fail_msg("%s: %d, not %d", rows[i].because, outcome, rows[i].outcome);
	}
}

#define CHECK_ROWS(isolation, rows) check_rows(isolation, rows, sizeof(rows) / sizeof(*(rows)))

static struct memcage_policy *load(const char *name)
{
	struct memcage_policy *policy = NULL;
	struct memcage_failure failure;

	if (memcage_policy_load(name, &policy, &failure) < 0)
		fail_msg("%s: %s", name, failure.detail);
	return policy;
}

static void test_untrusted(void **state)
{
	static const struct row rows[] = {
		{ "an ordinary call", SYS_getpid, 0, 0, 0 },
		{ "keys", SYS_keyctl, 0, 0, EPERM },
		{ "io_uring", SYS_io_uring_setup, 1, 0, ENOSYS },
		{ "bpf", SYS_bpf, 0, 0, ENOSYS },
		{ "perf", SYS_perf_event_open, 0, 0, ENOSYS },
		{ "userfaultfd", SYS_userfaultfd, 0, 0, ENOSYS },
		{ "a Unix socket", SYS_socket, 1, 1, 0 },
		{ "vsock", SYS_socket, 40, 1, EAFNOSUPPORT },
		{ "vsock with a bit that the kernel does not look at", SYS_socket,
			(UINT64_C(1) << 32) | 40, 1, EAFNOSUPPORT },
		{ "netlink", SYS_socket, 16, 3, EAFNOSUPPORT },
		{ "another ioctl", SYS_ioctl, 99, 0x5401, EBADF },
		{ "TIOCSTI", SYS_ioctl, 99, 0x5412, EPERM },
		{ "TIOCSTI with a bit that the kernel does not look at", SYS_ioctl, 99,
			HIGH | 0x5412, EPERM },
		{ "TIOCLINUX so, too", SYS_ioctl, 99, (UINT64_C(1) << 32) | 0x541c, EPERM },
		{ "mount", SYS_mount, 0, 0, EPERM },
		{ "the new mount API", SYS_fsopen, 0, 0, EPERM },
		{ "ptrace", SYS_ptrace, 0, 0, EPERM },
		{ "kexec", SYS_kexec_load, 0, 0, EPERM },
		{ "an execution domain without random addresses", SYS_personality, 0x40000, 0,
			EPERM },
		{ "the usual one", SYS_personality, 0, 0, 0 },
		{ "a user namespace", SYS_unshare, CLONE_NEWUSER, 0, EPERM },
		{ "a file table of one's own is no namespace", SYS_unshare, CLONE_FILES, 0, 0 },
		{ "clone with a namespace", SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, EPERM },
		{ "clone3, whose flags cannot be seen", SYS_clone3, 0, 0, ENOSYS },
		{ "another's namespace", SYS_setns, 99, 0, EPERM },
#ifdef __x86_64__
		{ "x32", X32 | SYS_getpid, 0, 0, KILLED },
#endif
	};
	struct memcage_policy *policy = load("untrusted");

	(void)state;
	CHECK_ROWS(&policy->isolation, rows);
	(void)memcage_policy_free(policy);
}

static void test_docker(void **state)
{
	static const struct row rows[] = {
		{ "an ordinary call", SYS_getpid, 0, 0, 0 },
		{ "mount", SYS_mount, 0, 0, EPERM },
		{ "keys", SYS_keyctl, 0, 0, EPERM },
		{ "vsock with a bit that the kernel does not look at", SYS_socket,
			(UINT64_C(1) << 32) | 40, 1, EPERM },
		{ "asking for the execution domain", SYS_personality, 0xffffffff, 0, 0 },
		{ "one without random addresses", SYS_personality, HIGH | 0x40000, 0, EPERM },
		{ "clone3", SYS_clone3, 0, 0, ENOSYS },
	};
	struct memcage_policy *policy = load("docker");

	(void)state;
	CHECK_ROWS(&policy->isolation, rows);
	(void)memcage_policy_free(policy);
}

static void test_judge(void **state)
{
	static const struct row rows[] = {
		{ "an ordinary call", SYS_getpid, 0, 0, 0 },
		{ "a socket", SYS_socket, 1, 1, EPERM },
		{ "is it a terminal?", SYS_ioctl, 99, 0x5401, EBADF },
		{ "TIOCSTI", SYS_ioctl, 99, 0x5412, EPERM },
		{ "clone3", SYS_clone3, 0, 0, ENOSYS },
		{ "clone with a namespace, though clone is allowed", SYS_clone,
			CLONE_NEWNET | SIGCHLD, 0, EPERM },
		{ "unshare", SYS_unshare, 0, 0, EPERM },
		{ "keys", SYS_keyctl, 0, 0, EPERM },
		{ "a number that no call has", 5000, 0, 0, EPERM },
	};
	struct memcage_policy *policy = load("judge");

	(void)state;
	CHECK_ROWS(&policy->isolation, rows);
	(void)memcage_policy_free(policy);
}

static char *read_text(const char *path, size_t *ret_length)
{
	char *text = calloc(1, 1 << 17);
	FILE *file = fopen(path, "r");

	assert_non_null(text);
	if (file == NULL) {
		free(text);
		return NULL;
	}
	*ret_length = fread(text, 1, (1 << 17) - 1, file);
	assert_int_equal(fclose(file), 0);
	return text;
}

static struct isolation load_profile(const char *path, uint64_t capabilities)
{
	struct isolation isolation = { .wanted = BIT(GUARANTEE_SECCOMP) };
	struct memcage_failure failure;
	struct oci_host host;
	char release[72], *text;
	size_t length = 0;

	oci_host_here(capabilities, release, &host);
	text = read_text(path, &length);
	assert_non_null(text);
	if (oci_profile_parse(path, text, length, &host, &isolation.seccomp, &failure) < 0)
		fail_msg("%s", failure.detail);
	free(text);
	return isolation;
}

static void test_profile(void **state)
{
	static const struct row rows[] = {
		{ "the default, with its error number", SYS_getuid, 0, 0, EOPNOTSUPP },
		{ "allowed", SYS_getpid, 0, 0, 0 },
		{ "an equal argument", SYS_personality, 0xffffffff, 0, 0 },
		{ "an unequal one", SYS_personality, 0, 0, EOPNOTSUPP },
		{ "not equal", SYS_socket, 1, 1, 0 },
		{ "equal", SYS_socket, 40, 1, EOPNOTSUPP },
		{ "the mask has none of the bits", SYS_clone, SIGCHLD | CLONE_VM, 0, EINVAL },
		{ "one of the bits", SYS_clone, SIGCHLD | CLONE_NEWUSER, 0, EOPNOTSUPP },
		{ "a rule's own error number", SYS_clone3, 0, 0, ENOSYS },
		{ "from an older kernel on", SYS_getppid, 0, 0, 0 },
		{ "not the right machine", SYS_geteuid, 0, 0, EOPNOTSUPP },
		{ "not the right capability", SYS_getgid, 0, 0, EOPNOTSUPP },
		{ "one of two conditions for one argument", SYS_lseek, 99, 0, EOPNOTSUPP },
		{ "the older way to name one", SYS_getegid, 0, 0, 0 },
	};
	static const struct row with_raw[] = {
		{ "the right machine and capability", SYS_getgid, 0, 0, 0 },
	};
	static const struct row with_admin[] = {
		{ "excluded by a capability", SYS_clone3, 0, 0, EOPNOTSUPP },
	};
	const char *path = MEMCAGE_SOURCE_DIR "/tests/fixtures/seccomp/profile.json";
	struct isolation isolation = load_profile(path, 0);

	(void)state;
	/* CLONE_SIGHAND without CLONE_VM gives EINVAL, and makes no child. */
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct row row = rows[i];

		if (row.call == SYS_clone && row.outcome == EINVAL)
			row.a = CLONE_SIGHAND | SIGCHLD;
		check_rows(&isolation, &row, 1);
	}
	seccomp_rules_free(&isolation.seccomp);
	isolation = load_profile(path, UINT64_C(1) << CAP_NET_RAW);
	CHECK_ROWS(&isolation, with_raw);
	seccomp_rules_free(&isolation.seccomp);
	isolation = load_profile(path, UINT64_C(1) << CAP_SYS_ADMIN);
	CHECK_ROWS(&isolation, with_admin);
	seccomp_rules_free(&isolation.seccomp);
}

/* The profile that container engines are shipped with, as it is. */
static void test_published(void **state)
{
	static const struct row rows[] = {
		{ "an ordinary call", SYS_getpid, 0, 0, 0 },
		{ "kexec", SYS_kexec_load, 0, 0, EPERM },
		{ "a user namespace by setns", SYS_setns, 99, 0, EPERM },
		{ "bpf", SYS_bpf, 0, 0, EPERM },
		{ "the usual execution domain", SYS_personality, 0, 0, 0 },
		{ "a number that no call has", 5000, 0, 0, ENOSYS },
#ifdef __x86_64__
		{ "x32", X32 | SYS_getpid, 0, 0, KILLED },
#endif
	};
	static const struct row with_admin[] = {
		{ "mount with CAP_SYS_ADMIN is up to the kernel", SYS_setns, 99, 0, EBADF },
	};
	struct isolation isolation;

	(void)state;
	if (access(PUBLISHED, R_OK) < 0) {
		missing = PUBLISHED " is missing (apt install golang-github-containers-common)";
		return;
	}
	isolation = load_profile(PUBLISHED, 0);
	assert_true(isolation.seccomp.rule_count > 5);
	CHECK_ROWS(&isolation, rows);
	seccomp_rules_free(&isolation.seccomp);
	isolation = load_profile(PUBLISHED, UINT64_C(1) << CAP_SYS_ADMIN);
	CHECK_ROWS(&isolation, with_admin);
	seccomp_rules_free(&isolation.seccomp);
}

/* libseccomp by itself would drop the condition where the call is allowed without. */
static void test_denial_wins(void **state)
{
	static const char text[] = "seccomp:\n"
				   "  default: EPERM\n"
				   "  allow:\n"
				   "    - calls: [ioctl, seccomp, getpid, exit_group, exit]\n"
				   "  deny:\n"
				   "    - calls: [ioctl]\n"
				   "      when: [1 & 0xffffffff == 0x5412]\n"
				   "      action: ENOTTY\n"
				   "    - {calls: [getpid], action: kill}\n";
	static const struct row rows[] = {
		{ "allowed", SYS_ioctl, 99, 0x5401, EBADF },
		{ "denied among what is allowed", SYS_ioctl, 99, HIGH | 0x5412, ENOTTY },
		{ "killed", SYS_getpid, 0, 0, KILLED },
		{ "the default", SYS_getppid, 0, 0, EPERM },
	};
	char path[] = "/tmp/memcage-policy-XXXXXX.yaml";
	int fd = mkstemps(path, 5);
	struct memcage_policy *policy;

	(void)state;
	assert_true(fd >= 0 && close(fd) == 0);
	fixture_write(path, text, sizeof(text) - 1);
	policy = load(path);
	CHECK_ROWS(&policy->isolation, rows);
	(void)memcage_policy_free(policy);
	assert_int_equal(unlink(path), 0);
}

static void test_nothing_wanted(void **state)
{
	const struct isolation isolation = { 0 };
	struct seccomp_filter filter;
	struct memcage_failure failure;

	(void)state;
	assert_int_equal(seccomp_filter_compile(&isolation, &filter, &failure), 0);
	assert_int_equal(filter.count, 0);
	assert_int_equal(seccomp_filter_load(&filter), 0);
}

/* A run that has to do without a part of it gets its own, and spoils no other's. */
static void test_kept_with_policy(void **state)
{
	struct memcage_policy *policy = load("untrusted");
	struct isolation less = policy->isolation;
	struct seccomp_filter first, second, other;
	struct memcage_failure failure;

	(void)state;
	assert_int_equal(seccomp_filter_compile(&policy->isolation, &first, &failure), 0);
	assert_true(first.count > 1);
	less.wanted &= ~(1u << GUARANTEE_NO_NESTED_NAMESPACES);
	assert_int_equal(seccomp_filter_compile(&less, &other, &failure), 0);
	assert_int_equal(other.count, first.count - 1);
	assert_ptr_not_equal(other.programs[0].filter, first.programs[0].filter);
	seccomp_filter_free(&other);
	seccomp_filter_free(&first);
	assert_int_equal(seccomp_filter_compile(&policy->isolation, &second, &failure), 0);
	assert_true(second.count > 1);
	for (size_t i = 0; i < second.count; i++)
		assert_ptr_equal(second.programs[i].filter, first.programs[i].filter);
	seccomp_filter_free(&second);
	(void)memcage_policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_untrusted),
		cmocka_unit_test(test_docker),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_profile),
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_denial_wins),
		cmocka_unit_test(test_nothing_wanted),
		cmocka_unit_test(test_kept_with_policy),
	};

	if (setenv("MEMCAGE_POLICY_PATH", MEMCAGE_SOURCE_DIR "/policies", 1) != 0)
		return 1;
	return tests_finish(cmocka_run_group_tests(tests, NULL, NULL), missing);
}
