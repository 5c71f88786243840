/* SPDX-License-Identifier: MIT
 *
 * doctor_trial.c - children that try things for doctor. They share nothing with the caller's
 * program: no signal of theirs reaches it, and no other wait() of it can take them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "cage/spawn.h"
#include "engine/doctor.h"

#define KILL_TIMEOUT_MS 2000
#define REFUSAL_LIMIT_BYTES 4096
#define REFUSAL_REQUEST_BYTES (1 << 20)

#define JOINS_MAX 2

/* Everything a child needs, ready before it starts. */
struct trial_plan {
	int join[JOINS_MAX]; /* group files to write "0" to; -1: none */
	bool raise_oom_score;
	int ready; /* gets one byte: 0, or the errno of joining */
	pid_t parent;
};

/* An exit signal of 0: the caller's SIGCHLD handling sees nothing of it. directory -1: no group. */
static pid_t clone_quietly(int directory)
{
	struct clone_args arguments = { .flags = CLONE_INTO_CGROUP, .cgroup = (unsigned)directory };

	/* All-zero arguments mean the same in every architecture's order. */
	if (directory < 0)
		return (pid_t)syscall(SYS_clone, 0UL, 0UL, 0UL, 0UL, 0UL);
	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

/* Only async-signal-safe calls: the caller may have threads. */
static _Noreturn void wait_for_death(const struct trial_plan *plan)
{
	unsigned char result = 0;
	int score;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != plan->parent)
		_exit(1);
	for (int i = 0; i < JOINS_MAX; i++)
		if (plan->join[i] >= 0 && write(plan->join[i], "0", 1) != 1)
			result = (unsigned char)errno;
	score = plan->raise_oom_score ? open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC) : -1;
	if (score >= 0)
		(void)!write(score, "0", 1); /* the parent looks whether it took */
	(void)!write(plan->ready, &result, 1);
	for (;;)
		(void)pause(); /* all signals but SIGKILL are blocked */
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | __WALL) < 0 ||
	       info.si_pid == pid;
}

static bool ends_in_time(pid_t pid)
{
	for (unsigned waited = 0; waited < KILL_TIMEOUT_MS; waited++) {
		if (has_ended(pid))
			return true;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return false;
}

static void end(pid_t pid)
{
	siginfo_t info;

	(void)kill(pid, SIGKILL); /* not reaped yet: the number is still its own */
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | __WALL) < 0 && errno == EINTR)
		;
}

static const struct group *clone_group(const struct cage *cage)
{
	return cage->kind == CAGE_V2 ? &cage->memory : &cage->twin;
}

static int open_join(const struct group *group, const char *file)
{
	return group_exists(group) ? openat(group->directory, file, O_WRONLY | O_CLOEXEC) : -1;
}

/* As a run starts its command: straight into the v2 group, and on v1 by joining. */
static pid_t start(const struct cage *cage, struct trial_plan *plan, struct trial_child *child)
{
	int directory = cage_clone_directory(cage);
	pid_t pid = -1;

	if (cage->kind == CAGE_V1)
		plan->join[0] = open_join(&cage->memory, "tasks");
	if (directory >= 0)
		pid = clone_quietly(directory);
	if (pid < 0) {
		child->clone_error = directory >= 0 ? errno : ENOENT;
		plan->join[1] = open_join(clone_group(cage), "cgroup.procs");
		pid = clone_quietly(-1);
	}
	if (pid == 0)
		wait_for_death(plan);
	if (pid < 0)
		child->start_error = errno;
	return pid;
}

static void look_at_child(const struct cage *cage, int ready, pid_t pid, struct trial_child *child)
{
	unsigned char result = EIO;
	ssize_t got;

	do
		got = read(ready, &result, 1);
	while (got < 0 && errno == EINTR);
	child->start_error = result;
	child->inside = got == 1 && result == 0 && group_holds(&cage->memory, pid) &&
			(!group_exists(&cage->twin) || group_holds(&cage->twin, pid));
	child->oom_score_adj = oom_score_adj_of(pid);
	if (!group_exists(clone_group(cage)))
		child->kill_error = ENOENT;
	else
		child->kill_error = -group_write(clone_group(cage), "cgroup.kill", "1");
	child->killed = child->kill_error == 0 && ends_in_time(pid);
	if (!child->killed)
		end(pid);
}

void trial_child_run(const struct cage *cage, struct trial_child *ret_child)
{
	struct trial_plan plan = { .join = { -1, -1 },
		.parent = getpid(),
		.raise_oom_score = oom_score_adj_of(getpid()) < 0 };
	struct trial_child child = { 0 };
	int ready[2];
	sigset_t all, mask;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0) {
		*ret_child = (struct trial_child){
			.clone_error = errno, .start_error = errno, .kill_error = errno
		};
		return;
	}
	plan.ready = ready[1];
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &mask);
	pid = start(cage, &plan, &child);
	(void)pthread_sigmask(SIG_SETMASK, &mask, NULL);
	fd_close(&ready[1]);
	if (pid > 0)
		look_at_child(cage, ready[0], pid, &child);
	fd_close(&ready[0]);
	for (int i = 0; i < JOINS_MAX; i++)
		fd_close(&plan.join[i]);
	*ret_child = child;
}

/* Exits with 0 when the mapping was refused for the limit, 1 when it was granted, else 2. */
static _Noreturn void ask_for_too_much(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_DATA, &limit) < 0)
		_exit(2);
	limit.rlim_cur = REFUSAL_LIMIT_BYTES;
	if (setrlimit(RLIMIT_DATA, &limit) < 0)
		_exit(2);
	if (mmap(NULL, REFUSAL_REQUEST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0) != MAP_FAILED)
		_exit(1);
	_exit(errno == ENOMEM ? 0 : 2);
}

int trial_refusal(void)
{
	siginfo_t info = { 0 };
	sigset_t all, mask;
	pid_t pid;
	int result;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &mask);
	pid = clone_quietly(-1);
	if (pid == 0)
		ask_for_too_much();
	result = pid < 0 ? -errno : 0;
	(void)pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (result < 0)
		return result;
	do
		result = waitid(P_PID, (id_t)pid, &info, WEXITED | __WALL) < 0 ? -errno : 0;
	while (result == -EINTR);
	if (result < 0)
		return result;
	if (info.si_code != CLD_EXITED || info.si_status > 1)
		return -EIO;
	return info.si_status == 0 ? 0 : -ENOTSUP;
}
