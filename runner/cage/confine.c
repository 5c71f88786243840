/* SPDX-License-Identifier: MIT */
#include "cage/confine.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

void confine_kernel(const struct child_plan *plan)
{
	const struct confinement *confinement = plan->confinement;

	if (is_given(confinement->given, GUARANTEE_CGROUP_NAMESPACE) &&
		unshare(CLONE_NEWCGROUP) < 0)
		child_fail(plan, STEP_CGROUP_NAMESPACE, 0);
}

static void enter_root(const struct child_plan *plan)
{
	if (is_given(plan->confinement->given, GUARANTEE_PRIVATE_ROOT) &&
		mounts_enter_root(plan->confinement->root) < 0)
		child_fail(plan, STEP_ENTER_ROOT, 0);
}

static void leave_session(const struct child_plan *plan)
{
	uint32_t given = plan->confinement->given;

	if (is_given(given, GUARANTEE_NEW_SESSION) && setsid() < 0)
		child_fail(plan, STEP_SESSION, 0);
	if (is_given(given, GUARANTEE_KEYRING) &&
		syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		child_fail(plan, STEP_KEYRING, 0);
}

/* A lower limit that we were given ourselves stays. */
static void set_rlimits(const struct child_plan *plan)
{
	const struct isolation *isolation = plan->confinement->isolation;

	if (!is_given(plan->confinement->given, GUARANTEE_RLIMITS))
		return;
	for (size_t i = 0; i < isolation->rlimit_count; i++) {
		const struct isolation_rlimit *wanted = &isolation->rlimits[i];
		struct rlimit limit;

		if (prlimit(0, (enum __rlimit_resource)wanted->resource, NULL, &limit) < 0)
			child_fail(plan, STEP_RLIMIT, wanted->resource);
		if (wanted->hard < limit.rlim_max)
			limit.rlim_max = wanted->hard;
		limit.rlim_cur = wanted->soft < limit.rlim_max ? wanted->soft : limit.rlim_max;
		if (prlimit(0, (enum __rlimit_resource)wanted->resource, &limit, NULL) < 0)
			child_fail(plan, STEP_RLIMIT, wanted->resource);
	}
}

static void go_to_directory(const struct child_plan *plan)
{
	const struct confinement *confinement = plan->confinement;

	if (plan->working_directory != NULL) {
		if (chdir(plan->working_directory) < 0)
			child_fail(plan, STEP_DIRECTORY, 0);
	} else if (is_given(confinement->given, GUARANTEE_PRIVATE_ROOT) &&
		   chdir(confinement->directory) < 0 && errno != ENOENT) {
		child_fail(plan, STEP_DIRECTORY, 0);
	}
}

static void give_up_privilege(const struct child_plan *plan)
{
	const struct confinement *confinement = plan->confinement;
	uint32_t given = confinement->given;
	bool limited = is_given(given, GUARANTEE_CAPABILITIES);
	uint64_t kept = confinement->isolation->kept_capabilities;

	if (limited && identity_bound_capabilities(kept) < 0)
		child_fail(plan, STEP_CAPABILITIES, 0);
	if ((is_given(given, GUARANTEE_USER) || is_given(given, GUARANTEE_USER_NAMESPACE)) &&
		identity_become(&confinement->identity) < 0)
		child_fail(plan, STEP_USER, 0);
	go_to_directory(plan); /* as who it is by now */
	if (limited && identity_drop_capabilities(kept) < 0)
		child_fail(plan, STEP_CAPABILITIES, 0);
}

/* Both need either no_new_privs or a capability that is about to go. */
static void restrict_by_landlock(const struct child_plan *plan)
{
	if (is_given(plan->confinement->given, GUARANTEE_LANDLOCK) &&
		landlock_restrict(&plan->confinement->landlock) < 0)
		child_fail(plan, STEP_LANDLOCK, 0);
}

static void restrict_calls(const struct child_plan *plan)
{
	int result = seccomp_filter_load(&plan->confinement->seccomp);

	errno = -result;
	if (result < 0)
		child_fail(plan, STEP_SECCOMP, 0);
}

void confine(const struct child_plan *plan)
{
	bool no_new_privileges = is_given(plan->confinement->given, GUARANTEE_NO_NEW_PRIVILEGES);

	enter_root(plan);
	leave_session(plan);
	set_rlimits(plan);
	if (!no_new_privileges) {
		restrict_by_landlock(plan);
		restrict_calls(plan);
	}
	give_up_privilege(plan);
	if (no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		child_fail(plan, STEP_CAPABILITIES, 0);
	if (no_new_privileges)
		restrict_by_landlock(plan);
}

void confine_calls(const struct child_plan *plan)
{
	if (is_given(plan->confinement->given, GUARANTEE_NO_NEW_PRIVILEGES))
		restrict_calls(plan);
}
