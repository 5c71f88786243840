/* SPDX-License-Identifier: MIT
 *
 * A host that refuses a namespace, after others were made already: what is required ends the start,
 * what is preferred is left out and named. Nothing of an attempt that failed stays.
 */
#include "cage/isolate.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "apart.h"
#include "prerequisite.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define BIT(guarantee) (UINT32_C(1) << (guarantee))
#define TIMES 20 /* the porter may die before or after its ids are mapped */

static struct memcage_policy policy = {
	.isolation = {
		.wanted = BIT(GUARANTEE_USER_NAMESPACE) | BIT(GUARANTEE_PID_NAMESPACE) |
			  BIT(GUARANTEE_MOUNT_NAMESPACE) | BIT(GUARANTEE_NETWORK_NAMESPACE) |
			  BIT(GUARANTEE_UTS_NAMESPACE),
		.hostname = "refused",
	},
};

/* unshare(2) of network namespaces, from now on. */
static void refuse_networks(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWNET, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = COUNT(rules), .filter = rules };

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
	CHECK(unshare(CLONE_NEWNET) < 0 && errno == EPERM);
}

static bool has(const struct text_list *list, const char *text)
{
	const char *each = NULL;

	while ((each = text_list_next(list, each)) != NULL)
		if (strcmp(each, text) == 0)
			return true;
	return false;
}

static int start(uint32_t preferred, struct cage *cage, struct spawned *child,
	struct memcage_failure *failure)
{
	const struct memcage_spec spec = { .struct_size = sizeof(spec),
		.argv = (const char *const[]){ "true", NULL },
		.policy = &policy };

	policy.isolation.preferred = preferred;
	CHECK(cage_open(cage, &spec, failure) == 0);
	return spawn(&spec, cage, (const int[]){ -1, -1, -1 }, true, child, failure);
}

static void preferred_is_left_out(const void *data)
{
	static struct cage cage;

	(void)data;
	refuse_networks();
	for (int i = 0; i < TIMES; i++) {
		struct spawned child = SPAWNED_NONE;
		struct memcage_failure failure;
		int status;

		CHECK(start(BIT(GUARANTEE_NETWORK_NAMESPACE), &cage, &child, &failure) == 0);
		CHECK(waitpid(child.pid, &status, 0) == child.pid);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		CHECK(name_list_has(&cage.mechanisms, "uts-namespace"));
		CHECK(!name_list_has(&cage.mechanisms, "network-namespace"));
		CHECK(has(&cage.degraded, "network-namespace: Operation not permitted"));
		spawned_close(&child);
		cage_close(&cage);
		CHECK(waitpid(-1, NULL, 0) < 0 && errno == ECHILD);
	}
}

static void required_ends_the_start(const void *data)
{
	static struct cage cage;

	(void)data;
	refuse_networks();
	for (int i = 0; i < TIMES; i++) {
		struct spawned child = SPAWNED_NONE;
		struct memcage_failure failure = { 0 };

		CHECK(start(0, &cage, &child, &failure) == -EPERM);
		CHECK(strstr(failure.detail, "the policy's network-namespace cannot be had here") !=
			NULL);
		CHECK(cage_is_empty(&cage));
		cage_close(&cage);
		CHECK(waitpid(-1, NULL, 0) < 0 && errno == ECHILD);
	}
}

static const char *missing(void)
{
	static struct cage cage;
	static struct memcage_failure failure;
	const struct memcage_spec spec = { .struct_size = sizeof(spec),
		.argv = (const char *const[]){ "true", NULL } };

	if (cage_open(&cage, &spec, &failure) < 0)
		return failure.detail;
	cage_close(&cage);
	return NULL;
}

static void test_preferred(void **state)
{
	(void)state;
	if (missing() == NULL)
		run_apart("preferred", preferred_is_left_out, NULL);
}

static void test_required(void **state)
{
	(void)state;
	if (missing() == NULL)
		run_apart("required", required_ends_the_start, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_preferred),
		cmocka_unit_test(test_required),
	};

	return tests_finish(cmocka_run_group_tests(tests, NULL, NULL), missing());
}
