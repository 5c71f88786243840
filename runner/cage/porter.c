/* SPDX-License-Identifier: MIT */
#include "cage/porter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "cage/init.h"

static void tell(const struct porter_plan *plan, enum child_step step, int number, int detail)
{
	struct child_record record = {
		.step = (int32_t)step, .error_number = number, .detail = detail
	};

	(void)!write(plan->news, &record, sizeof(record));
}

_Noreturn void porter_fail(const struct porter_plan *plan, enum child_step step, int detail)
{
	tell(plan, step, errno, detail);
	_exit(127);
}

static bool is_wanted(const struct porter_plan *plan, enum guarantee guarantee)
{
	return is_given(plan->confinement.given, guarantee);
}

/* What is not ours to open as the host's root may be ours as the user in the namespace. */
static void open_sources(struct porter_plan *plan, bool try_only)
{
	size_t step;

	if (mounts_open_sources(&plan->mounts, try_only, &step) < 0)
		porter_fail(plan, STEP_SOURCE, plan->mounts.steps[step].origin);
}

/* One by one, so that it is known which one this host refuses. The user namespace comes first: it
 * owns the others. */
static void make_namespaces(const struct porter_plan *plan)
{
	static const struct {
		enum guarantee guarantee;
		int flag;
	} rows[] = {
		{ GUARANTEE_USER_NAMESPACE, CLONE_NEWUSER },
		{ GUARANTEE_MOUNT_NAMESPACE, CLONE_NEWNS },
		{ GUARANTEE_IPC_NAMESPACE, CLONE_NEWIPC },
		{ GUARANTEE_UTS_NAMESPACE, CLONE_NEWUTS },
		{ GUARANTEE_TIME_NAMESPACE, CLONE_NEWTIME },
		{ GUARANTEE_PID_NAMESPACE, CLONE_NEWPID },
		{ GUARANTEE_NETWORK_NAMESPACE, CLONE_NEWNET },
	};
	char go;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!is_wanted(plan, rows[i].guarantee))
			continue;
		if (unshare(rows[i].flag) < 0)
			porter_fail(plan, STEP_NAMESPACE, (int)rows[i].guarantee);
		if (rows[i].flag == CLONE_NEWUSER)
			tell(plan, STEP_NAMESPACES, 0, 0);
	}
	if (is_wanted(plan, GUARANTEE_USER_NAMESPACE) && read(plan->lifeline, &go, 1) != 1)
		_exit(127); /* nobody is left who wants us */
}

/* New, it is down; programs expect to reach themselves. */
static int loopback_up(void)
{
	cleanup_fd int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	return any < 0 ? -1 : ioctl(any, SIOCSIFFLAGS, &request);
}

/* The sysctl is the current user namespace's own, whoever mounted /proc. Where /proc/sys cannot be
 * written the policy's filter of system calls has to do it alone. */
static int forbid_nesting(void)
{
	cleanup_fd int limit = open("/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);

	return limit < 0 || write(limit, "0", 1) != 1 ? -1 : 0;
}

static void furnish(const struct porter_plan *plan)
{
	const char *hostname = plan->confinement.isolation->hostname;
	struct mount_attr private = { .propagation = MS_PRIVATE };

	if (is_wanted(plan, GUARANTEE_MOUNT_NAMESPACE) &&
		mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &private, sizeof(private)) < 0)
		porter_fail(plan, STEP_PROPAGATION, 0);
	if (is_wanted(plan, GUARANTEE_UTS_NAMESPACE) && hostname != NULL &&
		sethostname(hostname, strlen(hostname)) < 0)
		porter_fail(plan, STEP_HOSTNAME, 0);
	if (is_wanted(plan, GUARANTEE_NETWORK_NAMESPACE) && loopback_up() < 0)
		porter_fail(plan, STEP_LOOPBACK, 0);
	if (is_wanted(plan, GUARANTEE_NO_NESTED_NAMESPACES) &&
		is_wanted(plan, GUARANTEE_USER_NAMESPACE) && forbid_nesting() < 0 &&
		!is_wanted(plan, GUARANTEE_SECCOMP))
		porter_fail(plan, STEP_NESTED, 0);
}

/* Attached over the old root, whose place it takes when the command's process goes there. */
static void make_root(struct porter_plan *plan)
{
	int root;

	if (!is_wanted(plan, GUARANTEE_PRIVATE_ROOT))
		return;
	root = mounts_open_root(plan->root_user, plan->root_group);
	if (root < 0 || move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		porter_fail(plan, STEP_NEW_ROOT, 0);
	plan->confinement.root = root;
}

/* A brother of ours. */
static pid_t clone_brother(uint64_t flags, int cgroup)
{
	struct clone_args arguments = {
		.flags = CLONE_PARENT | flags,
		.cgroup = cgroup >= 0 ? (unsigned)cgroup : 0,
	};

	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

/* Waits until the init has made the mounts; one that failed has said why. */
static void start_init(struct porter_plan *plan)
{
	int ready[2];
	pid_t pid;
	char yes;

	if (pipe2(ready, O_CLOEXEC) < 0)
		porter_fail(plan, STEP_INIT, 0);
	pid = clone_brother(0, -1);
	if (pid == 0) {
		(void)close(ready[0]);
		init_become(plan, ready[1]);
	}
	if (pid < 0)
		porter_fail(plan, STEP_INIT, 0);
	tell(plan, STEP_INIT_STARTED, pid, 0);
	(void)close(ready[1]);
	if (read(ready[0], &yes, 1) != 1)
		_exit(127);
	(void)close(ready[0]);
}

_Noreturn void porter_become(struct porter_plan *plan)
{
	bool mounts = plan->mounts.count > 0;
	pid_t pid;

	(void)close(plan->lifeline_of_supervisor);
	/* An ordinary user cannot drop groups: in a user namespace they lead nowhere new. */
	(void)syscall(SYS_setgroups, 0, NULL);
	if (mounts)
		open_sources(plan, true);
	make_namespaces(plan);
	furnish(plan);
	if (mounts)
		open_sources(plan, is_wanted(plan, GUARANTEE_USER_NAMESPACE));
	make_root(plan);
	if (mounts || is_wanted(plan, GUARANTEE_PID_NAMESPACE))
		start_init(plan);
	pid = clone_brother(plan->cgroup >= 0 ? CLONE_INTO_CGROUP : 0, plan->cgroup);
	if (pid == 0) {
		(void)close(plan->news); /* what it has to tell goes to the records */
		child_become(&plan->child);
	}
	if (pid < 0)
		porter_fail(plan, STEP_COMMAND, 0);
	tell(plan, STEP_MAIN_STARTED, pid, 0);
	_exit(0);
}
