/* SPDX-License-Identifier: MIT
 *
 * isolate_start.c - the supervisor's half of starting a command behind walls: the porter is
 * started, told that its ids are mapped, and listened to until the command's process is there. What
 * it could not have is left out, if it may be, and the start repeated.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "cage/isolate.h"

/* One attempt. What it holds at its end is closed, but for what the run goes on with. */
struct attempt {
	struct porter_plan *plan;
	pid_t porter, init, main;
	int init_pidfd, main_pidfd;
	int news, lifeline; /* our ends */
	int map_error;      /* errno of mapping ids; what made the porter end before counts more */
	struct child_record failure;
};

static int above_stdio(int ends[2], int result)
{
	for (int i = 0; i < 2 && result == 0; i++)
		result = fd_above_stdio(&ends[i]);
	return result;
}

static void wait_for(pid_t pid)
{
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int fail(struct attempt *attempt, enum child_step step, int error_number)
{
	attempt->failure = (struct child_record){ .step = (int32_t)step,
		.error_number = error_number };
	return -error_number;
}

/* Without its maps the porter is sent away, by closing what it waits for. */
static void map_ids(struct attempt *attempt)
{
	int result = identity_write_maps(attempt->porter, &attempt->plan->confinement.identity);

	attempt->map_error = -result;
	if (result < 0 || send(attempt->lifeline, "", 1, MSG_NOSIGNAL) != 1)
		fd_close(&attempt->lifeline);
}

/* The porter is gone, and has not said why. */
static int ended_early(struct attempt *attempt)
{
	if (attempt->map_error == 0)
		return fail(attempt, STEP_COMMAND, ECHILD); /* killed, by whomever */
	(void)fail(attempt, STEP_NAMESPACE, attempt->map_error);
	attempt->failure.detail = GUARANTEE_USER_NAMESPACE;
	return -attempt->map_error;
}

/* Our own child, which nobody else waits for: the pid is still its own. */
static int take_pidfd(struct attempt *attempt, pid_t pid, int *ret_pidfd)
{
	*ret_pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return *ret_pidfd < 0 ? fail(attempt, STEP_COMMAND, errno) : 0;
}

static int hear(struct attempt *attempt)
{
	struct child_record record;
	int result = 0;

	while (result == 0 && attempt->main == 0) {
		ssize_t got = read(attempt->news, &record, sizeof(record));

		if (got < 0 && errno == EINTR)
			continue;
		if (got != sizeof(record))
			return ended_early(attempt);
		switch (record.step) {
		case STEP_NAMESPACES:
			map_ids(attempt);
			break;
		case STEP_INIT_STARTED:
			attempt->init = record.error_number;
			result = take_pidfd(attempt, attempt->init, &attempt->init_pidfd);
			break;
		case STEP_MAIN_STARTED:
			attempt->main = record.error_number;
			result = take_pidfd(attempt, attempt->main, &attempt->main_pidfd);
			break;
		default:
			attempt->failure = record;
			return -record.error_number;
		}
	}
	return result;
}

static pid_t clone_porter(struct porter_plan *plan)
{
	struct clone_args arguments = { .flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
	pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid == 0)
		porter_become(plan);
	return pid;
}

static void end_attempt(struct attempt *attempt, bool succeeded)
{
	fd_close(&attempt->news);
	if (!succeeded) {
		if (attempt->porter > 0)
			(void)kill(attempt->porter, SIGKILL); /* not waited for yet */
		if (attempt->init > 0)
			(void)kill(attempt->init, SIGKILL);
		if (attempt->main > 0)
			(void)kill(attempt->main, SIGKILL);
		fd_close(&attempt->lifeline);
	}
	wait_for(attempt->porter);
	if (!succeeded) {
		wait_for(attempt->main); /* before the init, which waits for it */
		wait_for(attempt->init);
		fd_close(&attempt->init_pidfd);
		fd_close(&attempt->main_pidfd);
	} else if (!is_given(attempt->plan->confinement.given, GUARANTEE_PID_NAMESPACE)) {
		wait_for(attempt->init); /* it only made the mounts */
		fd_close(&attempt->init_pidfd);
	}
}

static int try_once(struct porter_plan *plan, struct attempt *attempt)
{
	int news[2] = { -1, -1 }, lifeline[2] = { -1, -1 };
	int supervisor = (int)syscall(SYS_pidfd_open, getpid(), 0);
	int result = supervisor < 0 ? -errno : fd_above_stdio(&supervisor);

	*attempt = (struct attempt){
		.plan = plan, .init_pidfd = -1, .main_pidfd = -1, .news = -1, .lifeline = -1
	};
	if (result == 0)
		result = above_stdio(news, pipe2(news, O_CLOEXEC) < 0 ? -errno : 0);
	if (result == 0) /* a socket: to write to one who has died is no reason to be killed */
		result = above_stdio(lifeline,
			socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lifeline) < 0 ? -errno
											 : 0);
	if (result == 0) {
		plan->news = news[1];
		plan->lifeline = lifeline[0];
		plan->lifeline_of_supervisor = lifeline[1];
		plan->supervisor = supervisor;
		attempt->porter = clone_porter(plan);
		result = attempt->porter < 0 ? -errno : 0;
	}
	fd_close(&news[1]);
	fd_close(&lifeline[0]);
	fd_close(&supervisor);
	attempt->news = news[0];
	attempt->lifeline = lifeline[1];
	if (result < 0)
		(void)fail(attempt, STEP_COMMAND, -result);
	else
		result = hear(attempt);
	end_attempt(attempt, result == 0);
	return result;
}

/* ---- what became of an attempt ---- */

static const struct {
	enum child_step step;
	enum guarantee guarantee;
} guarantee_of_step[] = {
	{ STEP_PROPAGATION, GUARANTEE_MOUNT_NAMESPACE },
	{ STEP_HOSTNAME, GUARANTEE_UTS_NAMESPACE },
	{ STEP_LOOPBACK, GUARANTEE_NETWORK_NAMESPACE },
	{ STEP_NESTED, GUARANTEE_NO_NESTED_NAMESPACES },
	{ STEP_NEW_ROOT, GUARANTEE_PRIVATE_ROOT },
};

/* The guarantee that a failed step stands for; GUARANTEE_COUNT: none. */
static enum guarantee refused(const struct child_record *failure)
{
	if (failure->step == STEP_NAMESPACE)
		return (enum guarantee)failure->detail;
	for (size_t i = 0; i < sizeof(guarantee_of_step) / sizeof(*guarantee_of_step); i++)
		if (failure->step == (int32_t)guarantee_of_step[i].step)
			return guarantee_of_step[i].guarantee;
	return GUARANTEE_COUNT;
}

static int explain(const struct isolate *isolate, const struct child_record *record,
	struct memcage_failure *failure)
{
	const char *what = child_step_name((enum child_step)record->step);
	const char *target = "/proc";

	if (record->step != STEP_MOUNT && record->step != STEP_SOURCE)
		return failure_errno(failure, record->error_number, "%s", what);
	if (record->detail >= 0 && is_given(isolate->given, GUARANTEE_PRIVATE_ROOT))
		target = isolate->isolation->mounts[record->detail].target;
	else if (is_given(isolate->given, GUARANTEE_PRIVATE_ROOT))
		target = "the witness";
	if (strcmp(target, ".") == 0)
		target = isolate->directory;
	if (record->error_number == EPERM && record->step == STEP_MOUNT &&
		!is_given(isolate->given, GUARANTEE_PID_NAMESPACE))
		return failure_set(failure, EPERM,
			"%s %s: not permitted; /proc can only be mounted with a pid namespace",
			what, target);
	/* The kernel's rule for user namespaces, which containers that cover parts of it break. */
	if (record->error_number == EPERM && record->step == STEP_MOUNT)
		return failure_set(failure, EPERM,
			"%s %s: not permitted; in a container /proc must not be masked "
			"(--security-opt unmask=ALL, or systempaths=unconfined)",
			what, target);
	return failure_errno(failure, record->error_number, "%s %s", what, target);
}

/* With a root that is not to be had its mounts are not, either, and so on. */
static int leave_out(struct isolate *isolate, struct cage *cage, const struct attempt *attempt,
	struct memcage_failure *failure)
{
	enum guarantee guarantee = refused(&attempt->failure);

	if (guarantee == GUARANTEE_COUNT)
		return explain(isolate, &attempt->failure, failure);
	return isolate_leave_out(isolate, cage, guarantee, attempt->failure.error_number,
		strerrordesc_np(attempt->failure.error_number), failure);
}

int isolate_start(struct isolate *isolate, struct cage *cage, const struct child_plan *child,
	struct spawned *ret_spawned, struct memcage_failure *reterr_failure)
{
	struct porter_plan *plan = &isolate->porter;
	struct attempt attempt;
	int result;

	plan->child = *child;
	plan->child.confinement = &plan->confinement;
	/* In a pid namespace the parent is not to be seen; its init minds the supervisor. */
	if (is_given(isolate->given, GUARANTEE_PID_NAMESPACE))
		plan->child.die_with_parent = false;
	plan->cgroup = cage_clone_directory(cage);
	for (;;) {
		result = isolate_plan(isolate, reterr_failure);
		if (result < 0)
			return result;
		if (try_once(plan, &attempt) == 0)
			break;
		result = leave_out(isolate, cage, &attempt, reterr_failure);
		if (result == 0)
			result = isolate_decide(isolate, cage, reterr_failure);
		if (result < 0)
			return result;
	}
	ret_spawned->pid = attempt.main;
	ret_spawned->pidfd = attempt.main_pidfd;
	ret_spawned->init_pidfd = attempt.init_pidfd;
	ret_spawned->init_pid = attempt.init;
	ret_spawned->lifeline = attempt.lifeline;
	return 0;
}
