/* SPDX-License-Identifier: MIT */
#include "cage/isolate.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "base/text.h"

#define NOBODY 65534

#define BIT(guarantee) (UINT32_C(1) << (guarantee))

/* What needs a porter. */
#define NAMESPACES                                                                                 \
	(BIT(GUARANTEE_USER_NAMESPACE) | BIT(GUARANTEE_PID_NAMESPACE) |                            \
		BIT(GUARANTEE_MOUNT_NAMESPACE) | BIT(GUARANTEE_NETWORK_NAMESPACE) |                \
		BIT(GUARANTEE_IPC_NAMESPACE) | BIT(GUARANTEE_UTS_NAMESPACE) |                      \
		BIT(GUARANTEE_TIME_NAMESPACE))

bool isolate_is_wanted(const struct memcage_spec *spec)
{
	return spec->policy != NULL && spec->policy->isolation.wanted != 0;
}

bool isolate_has_user_namespace(const struct memcage_spec *spec)
{
	return spec->policy != NULL &&
	       is_given(spec->policy->isolation.wanted, GUARANTEE_USER_NAMESPACE);
}

/* ---- what cannot be had ---- */

static const char *sysctl_in_the_way(void)
{
	static const struct {
		const char *path, *value, *remedy;
	} rows[] = {
		{ "/proc/sys/kernel/unprivileged_userns_clone", "0",
			"as root: sysctl kernel.unprivileged_userns_clone=1" },
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
			"give memcage an AppArmor profile with `userns,`, or as root: sysctl "
			"kernel.apparmor_restrict_unprivileged_userns=0" },
		{ "/proc/sys/user/max_user_namespaces", "0",
			"as root: sysctl user.max_user_namespaces=10000" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[TEXT_NUMBER_SIZE];

		if (file_read(-1, rows[i].path, text, sizeof(text)) < 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (strcmp(text, rows[i].value) == 0)
			return rows[i].remedy;
	}
	return "allow user namespaces to this user, or run as root (in a container: with "
	       "CAP_SYS_ADMIN and without a seccomp profile that forbids unshare)";
}

const char *isolate_remedy(enum guarantee guarantee, int error_number)
{
	switch (guarantee) {
	case GUARANTEE_USER_NAMESPACE:
		return sysctl_in_the_way();
	case GUARANTEE_LANDLOCK:
		return error_number == EOPNOTSUPP
			       ? "boot with lsm=landlock,... in the kernel's command line"
			       : "use a kernel with CONFIG_SECURITY_LANDLOCK (5.13 or later)";
	case GUARANTEE_USER:
	case GUARANTEE_CAPABILITIES:
		return "run as root, or with a user namespace";
	case GUARANTEE_KEYRING:
	case GUARANTEE_SECCOMP:
		return "use a kernel that has it, outside of a container that hides it";
	default:
		return error_number == EPERM
			       ? "run as root, or add user-namespace to the policy's namespaces"
			       : "use a kernel that has it, and look at the limits in "
				 "/proc/sys/user";
	}
}

int isolate_leave_out(struct isolate *isolate, struct cage *cage, enum guarantee guarantee,
	int error_number, const char *why, struct memcage_failure *reterr_failure)
{
	const char *name = isolation_guarantee_name(guarantee);

	if (!isolate->spec->allow_degraded && (isolate->isolation->preferred & BIT(guarantee)) == 0)
		return failure_set(reterr_failure, error_number,
			"the policy's %s cannot be had here: %s; %s, or accept it with "
			"--allow-degraded",
			name, why, isolate_remedy(guarantee, error_number));
	isolate->given &= ~BIT(guarantee);
	text_list_add(&cage->degraded, "%s: %s", name, why);
	return 0;
}

/* ---- what is known before ---- */

static bool has_capability(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[capability / 32].effective & (1u << capability % 32)) != 0;
}

/* 0, or an errno. What only the start finds out is 0 here. */
static int why_not(const struct isolate *isolate, enum guarantee guarantee)
{
	bool maps_ids = is_given(isolate->given, GUARANTEE_USER_NAMESPACE);
	int version;

	switch (guarantee) {
	case GUARANTEE_TIME_NAMESPACE: /* known: it would cost a second start in every run */
		return access("/proc/self/ns/time", F_OK) < 0 && errno == ENOENT ? EOPNOTSUPP : 0;
	case GUARANTEE_PRIVATE_ROOT:
		return is_given(isolate->given, GUARANTEE_MOUNT_NAMESPACE) ? 0 : EPERM;
	case GUARANTEE_USER:
		return maps_ids || has_capability(CAP_SETUID) ? 0 : EPERM;
	case GUARANTEE_CAPABILITIES:
		return maps_ids || has_capability(CAP_SETPCAP) ? 0 : EPERM;
	case GUARANTEE_NO_NESTED_NAMESPACES:
		return maps_ids || is_given(isolate->given, GUARANTEE_SECCOMP) ? 0 : EPERM;
	case GUARANTEE_KEYRING:
		return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) <
					       0 &&
				       (errno == ENOSYS || errno == EPERM)
			       ? errno
			       : 0;
	case GUARANTEE_LANDLOCK:
		version = landlock_version();
		if (version < 0)
			return -version;
		/* with the host's root it has nothing to say but on network and signals */
		return version >= 4 || is_given(isolate->given, GUARANTEE_PRIVATE_ROOT)
			       ? 0
			       : EOPNOTSUPP;
	case GUARANTEE_SECCOMP:
		return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 ? errno : 0;
	default:
		return 0;
	}
}

int isolate_decide(
	struct isolate *isolate, struct cage *cage, struct memcage_failure *reterr_failure)
{
	int result = 0;

	for (int i = 0; i < GUARANTEE_COUNT && result == 0; i++) {
		enum guarantee guarantee = (enum guarantee)i;
		int error = is_given(isolate->given, guarantee) ? why_not(isolate, guarantee) : 0;

		if (error != 0)
			result = isolate_leave_out(isolate, cage, guarantee, error,
				strerrordesc_np(error), reterr_failure);
	}
	return result;
}

/* What a run leaves in a directory of the host has to belong to somebody who stays the same. */
static bool leaves_files(const struct isolation *isolation)
{
	for (size_t i = 0; i < isolation->mount_count; i++)
		if (isolation->mounts[i].kind == MOUNT_READ_WRITE)
			return true;
	return false;
}

/* Outside: who our caller named, else a user of the run's own, or nobody; an ordinary user can only
 * be himself. */
static int identify(struct isolate *isolate, struct memcage_failure *failure)
{
	const struct memcage_spec *spec = isolate->spec;
	const struct isolation *isolation = isolate->isolation;
	bool privileged = has_capability(CAP_SETUID) && has_capability(CAP_SETGID);
	bool maps_ids = is_given(isolate->given, GUARANTEE_USER_NAMESPACE);
	bool other = is_given(isolate->given, GUARANTEE_USER);
	struct identity *identity = &isolate->porter.confinement.identity;

	identity->may_set_groups = privileged;
	identity->own_user = !spec->set_user && other && privileged && maps_ids &&
			     is_given(isolate->given, GUARANTEE_PRIVATE_ROOT) &&
			     !leaves_files(isolation);
	identity->outside_user = spec->set_user        ? spec->user_id
				 : other && privileged ? maps_ids ? NOBODY : isolation->user_id
						       : geteuid();
	identity->outside_group = spec->set_user        ? spec->group_id
				  : other && privileged ? maps_ids ? NOBODY : isolation->group_id
							: getegid();
	identity->inside_user = other && maps_ids ? isolation->user_id : identity->outside_user;
	identity->inside_group = other && maps_ids ? isolation->group_id : identity->outside_group;
	if (!privileged &&
		(identity->outside_user != geteuid() || identity->outside_group != getegid()))
		return failure_set(failure, EPERM,
			"--user: only root can start a command as user %u; leave it out",
			identity->outside_user);
	return 0;
}

/* Who makes the mount points in there: the mapped user, or else root. */
static void name_root_owner(struct isolate *isolate)
{
	struct porter_plan *porter = &isolate->porter;
	bool maps_ids = is_given(isolate->given, GUARANTEE_USER_NAMESPACE);
	const struct identity *identity = &porter->confinement.identity;

	(void)snprintf(porter->root_user, sizeof(porter->root_user), "%u",
		maps_ids ? identity->inside_user : 0);
	(void)snprintf(porter->root_group, sizeof(porter->root_group), "%u",
		maps_ids ? identity->inside_group : 0);
}

static int plan_mounts(struct isolate *isolate, struct memcage_failure *failure)
{
	struct porter_plan *porter = &isolate->porter;

	mounts_free(&porter->mounts);
	if (is_given(isolate->given, GUARANTEE_PRIVATE_ROOT))
		return mounts_plan(isolate->isolation,
			is_given(isolate->given, GUARANTEE_IPC_NAMESPACE), isolate->directory,
			isolate->shares, &porter->mounts, failure);
	/* With pids of its own the host's /proc would speak of others. */
	if (is_given(isolate->given, GUARANTEE_PID_NAMESPACE) &&
		is_given(isolate->given, GUARANTEE_MOUNT_NAMESPACE) &&
		mounts_plan_proc(&porter->mounts) < 0)
		return failure_set(failure, ENOMEM, "no memory for the plan of the mounts");
	return 0;
}

static int compile_filter(struct isolate *isolate, struct memcage_failure *failure)
{
	struct isolation given = *isolate->isolation;

	given.wanted = isolate->given;
	return seccomp_filter_compile(&given, &isolate->seccomp, failure);
}

int isolate_open(struct isolate *isolate, const struct memcage_spec *spec, struct cage *cage,
	struct memcage_failure *reterr_failure)
{
	int result;

	memset(isolate, 0, sizeof(*isolate));
	isolate->isolation = &spec->policy->isolation;
	isolate->given = isolate->isolation->wanted;
	isolate->spec = spec;
	isolate->shares = cage->shares;
	if (cage->kind == CAGE_RLIMIT)
		return failure_set(reterr_failure, ENOTSUP,
			"a policy's isolation needs a cgroup, and the rlimit backend has none; "
			"use the policy plain");
	if (getcwd(isolate->directory, sizeof(isolate->directory)) == NULL)
		return failure_errno(reterr_failure, errno, "find the working directory");
	result = isolate_decide(isolate, cage, reterr_failure);
	return result < 0 ? result : compile_filter(isolate, reterr_failure);
}

int isolate_plan(struct isolate *isolate, struct memcage_failure *reterr_failure)
{
	struct confinement *confinement = &isolate->porter.confinement;
	bool private_root = is_given(isolate->given, GUARANTEE_PRIVATE_ROOT);
	int result;

	confinement->given = isolate->given;
	confinement->isolation = isolate->isolation;
	confinement->directory = isolate->directory;
	confinement->seccomp = isolate->seccomp;
	confinement->root = -1;
	if (is_given(isolate->given, GUARANTEE_LANDLOCK))
		confinement->landlock = (struct landlock_rules){
			.version = landlock_version(),
			.isolation = private_root ? isolate->isolation : NULL,
			.working_directory = isolate->directory,
			.shares = isolate->shares,
			.no_network = is_given(isolate->given, GUARANTEE_NETWORK_NAMESPACE),
		};
	result = identify(isolate, reterr_failure);
	name_root_owner(isolate);
	return result < 0 ? result : plan_mounts(isolate, reterr_failure);
}

bool isolate_needs_porter(const struct isolate *isolate)
{
	return (isolate->given & NAMESPACES) != 0;
}

void isolate_name_given(
	const struct isolate *isolate, struct cage *cage, struct spawned *ret_spawned)
{
	ret_spawned->own_session = is_given(isolate->given, GUARANTEE_NEW_SESSION);
	for (int i = 0; i < GUARANTEE_COUNT; i++)
		if (is_given(isolate->given, (enum guarantee)i))
			name_list_add(
				&cage->mechanisms, isolation_guarantee_name((enum guarantee)i));
}

void isolate_free(struct isolate *isolate)
{
	mounts_free(&isolate->porter.mounts);
	seccomp_filter_free(&isolate->seccomp);
}
