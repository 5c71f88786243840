/* SPDX-License-Identifier: MIT */
#include "cage/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "base/process_stat.h"
#include "base/text.h"
#include "cage/data_limit.h"
#include "cage/isolate.h"
#include "cage/keeper.h"
#include "cage/siblings.h"

#define SIBLINGS_LOOK_MS 5
#define SIBLINGS_LOOKS 200
#define FAILED "start a process in the cage"

/* It ends when all in its namespace are reaped: siblings that the command made are ours to reap. */
static void reap_init(const struct spawned *spawned)
{
	struct pollfd ended = { .fd = spawned->init_pidfd, .events = POLLIN };

	/* An ordinary user may not see whose siblings they are: then they go when we do. */
	for (int looks = 0; looks < SIBLINGS_LOOKS && poll(&ended, 1, SIBLINGS_LOOK_MS) == 0;
		looks++)
		siblings_reap(spawned->init_pid);
	(void)syscall(SYS_waitid, P_PIDFD, spawned->init_pidfd, NULL, WEXITED | WNOHANG, NULL);
}

void spawned_close(struct spawned *spawned)
{
	fd_close(&spawned->pidfd);
	fd_close(&spawned->records);
	fd_close(&spawned->control);
	fd_close(&spawned->lifeline);
	if (spawned->init_pidfd >= 0) {
		/* Everything in its namespace has ended; it has nothing to hold it. */
		spawned_kill_namespace(spawned);
		reap_init(spawned);
	}
	fd_close(&spawned->init_pidfd);
}

void spawned_kill_namespace(const struct spawned *spawned)
{
	if (spawned->init_pidfd >= 0)
		(void)syscall(SYS_pidfd_send_signal, spawned->init_pidfd, SIGKILL, NULL, 0);
}

/* glibc has no wrapper. The kernel may know fewer flags (seccomp filters of containers answer
 * ENOSYS): then an ordinary fork, and the child joins the group by itself. */
static pid_t clone_into(int directory, int *pidfd)
{
	struct clone_args arguments = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND |
			 (directory >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = directory >= 0 ? (unsigned)directory : 0,
	};

	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

static pid_t fork_and_open(int *pidfd)
{
	pid_t pid = fork();

	if (pid > 0) {
		*pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		if (*pidfd < 0) {
			int saved = errno;

			/* it waits for nobody: end it before it runs away */
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, NULL, 0);
			errno = saved;
			return -1;
		}
	}
	return pid;
}

/* fork(2) copies handlers, where clone3 was told to clear them. */
static void clear_handlers(void)
{
	struct sigaction action;

	for (int number = 1; number < NSIG; number++)
		if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN &&
			action.sa_handler != SIG_DFL) {
			action = (struct sigaction){ .sa_handler = SIG_DFL };
			(void)sigaction(number, &action, NULL);
		}
}

static int open_joins(const struct cage *cage, bool cloned_into, int join[CHILD_JOINS_MAX])
{
	const struct {
		bool wanted;
		const struct group *group;
		const char *file;
	} rows[CHILD_JOINS_MAX] = {
		{ cage->kind == CAGE_V1, &cage->memory, "tasks" },
		{ group_exists(&cage->pids), &cage->pids, "tasks" },
		{ !cloned_into && cage_clone_directory(cage) >= 0,
			cage->kind == CAGE_V2 ? &cage->memory : &cage->twin, "cgroup.procs" },
	};

	for (int i = 0; i < CHILD_JOINS_MAX; i++) {
		if (!rows[i].wanted || join[i] >= 0)
			continue;
		join[i] = openat(rows[i].group->directory, rows[i].file, O_WRONLY | O_CLOEXEC);
		if (join[i] < 0)
			return -errno;
	}
	return 0;
}

int oom_score_adj_of(pid_t pid)
{
	char path[64], text[TEXT_NUMBER_SIZE];
	uint64_t value;
	bool negative;

	(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	if (file_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	negative = text[0] == '-';
	if (parse_number(text + negative, &value) < 0)
		return 0;
	return negative ? -(int)value : (int)value;
}

int exec_is_through(pid_t pid, bool *ret_through)
{
	struct process_stat stat;
	int result = process_stat_read(pid, &stat);

	if (result == 0)
		*ret_through = !stat.is_fork;
	return result;
}

static int start(const struct cage *cage, struct keeper_plan *keeper, struct spawned *ret_spawned,
	struct memcage_failure *failure)
{
	struct child_plan *plan = &keeper->child;
	int pidfd = -1;
	pid_t pid = clone_into(cage_clone_directory(cage), &pidfd);
	bool forked = false;

	if (pid < 0 && (errno == ENOSYS || errno == EPERM || errno == EINVAL)) {
		int result = open_joins(cage, false, plan->join);

		if (result < 0)
			return failure_errno(failure, -result, FAILED);
		plan->die_with_parent = true; /* until it has joined no guard would find it */
		pid = fork_and_open(&pidfd);
		forked = true;
	}
	if (pid == 0) {
		if (forked)
			clear_handlers();
		if (cage->kind == CAGE_RLIMIT)
			keeper_become(keeper);
		child_become(plan);
	}
	if (pid < 0)
		return failure_errno(failure, errno, FAILED);
	ret_spawned->pid = pid;
	ret_spawned->pidfd = pidfd;
	return 0;
}

/* Behind walls: by a porter where there are namespaces to be made. */
static int start_isolated(const struct memcage_spec *spec, struct cage *cage,
	struct keeper_plan *keeper, struct spawned *ret_spawned, struct memcage_failure *failure)
{
	struct isolate isolate;
	int result = isolate_open(&isolate, spec, cage, failure);

	/* It leads the group of its session; who leads one already cannot start a session. */
	if (is_given(isolate.given, GUARANTEE_NEW_SESSION))
		keeper->child.own_process_group = false;
	if (result == 0 && isolate_needs_porter(&isolate)) {
		result = isolate_start(&isolate, cage, &keeper->child, ret_spawned, failure);
	} else if (result == 0) {
		result = isolate_plan(&isolate, failure);
		keeper->child.confinement = &isolate.porter.confinement;
		if (result == 0)
			result = start(cage, keeper, ret_spawned, failure);
	}
	if (result == 0)
		isolate_name_given(&isolate, cage, ret_spawned);
	isolate_free(&isolate);
	return result;
}

int spawn(const struct memcage_spec *spec, struct cage *cage, const int stdio[3],
	bool own_process_group, struct spawned *ret_spawned, struct memcage_failure *reterr_failure)
{
	const char *const *envp = spec->envp ? spec->envp : (const char *const *)environ;
	const char **candidates = executable_candidates(spec->argv[0], envp);
	int records[2] = { -1, -1 }, control[2] = { -1, -1 }, result = 0;
	struct keeper_plan keeper = { .wait_tree = spec->wait_tree };
	struct child_plan *plan = &keeper.child;
	struct spawned spawned = SPAWNED_NONE;
	bool isolated = isolate_is_wanted(spec);
	sigset_t all, own_mask;

	*plan = (struct child_plan){
		.argv = spec->argv,
		.envp = envp,
		.candidates = candidates,
		.working_directory = spec->working_directory,
		.stdin_path = stdio[0] < 0 ? spec->stdin_path : NULL,
		.stdio = { stdio[0], stdio[1], stdio[2] },
		.join = { -1, -1, -1 },
		.rlimit_data_bytes = cage->rlimit_data_bytes == UINT64_MAX
					     ? UINT64_MAX
					     : data_limit_make(
						       cage->rlimit_data_bytes, DATA_LIMIT_START),
		.open_files_max = spec->open_files_max,
		.set_user = spec->set_user,
		.user = spec->user_id,
		.group = spec->group_id,
		.own_process_group = own_process_group,
		.raise_oom_score = oom_score_adj_of(getpid()) < 0,
		.keep_fds = spec->keep_fds,
		.die_with_parent = cage_clone_directory(cage) < 0,
		.parent = getpid(),
		.tracer = cage->tracer,
	};
	if (candidates == NULL || pipe2(records, O_CLOEXEC) < 0)
		result = -errno;
	if (result == 0 && cage->kind == CAGE_RLIMIT && pipe2(control, O_CLOEXEC) < 0)
		result = -errno;
	if (result == 0)
		result = fd_above_stdio(&records[1]);
	if (result == 0 && cage->kind == CAGE_RLIMIT)
		result = fd_above_stdio(&control[0]);
	if (result == 0)
		result = open_joins(cage, true, plan->join);
	if (result == 0) {
		plan->record_fd = records[1];
		keeper.control = control[0];
		(void)sigfillset(&all);
		(void)pthread_sigmask(SIG_SETMASK, &all, &own_mask);
		plan->signal_mask = spec->signal_mask ? *(const sigset_t *)spec->signal_mask
						      : own_mask;
		result = isolated ? start_isolated(spec, cage, &keeper, &spawned, reterr_failure)
				  : start(cage, &keeper, &spawned, reterr_failure);
		(void)pthread_sigmask(SIG_SETMASK, &own_mask, NULL);
	} else {
		(void)failure_errno(reterr_failure, -result, FAILED);
	}
	if (result == 0) {
		(void)fcntl(records[0], F_SETFL, O_NONBLOCK);
		spawned.records = fd_take(&records[0]);
		spawned.control = fd_take(&control[1]);
		spawned.raises_oom_score = plan->raise_oom_score;
		*ret_spawned = spawned;
	}
	for (int i = 0; i < CHILD_JOINS_MAX; i++)
		fd_close(&plan->join[i]);
	fd_close(&records[0]);
	fd_close(&records[1]);
	fd_close(&control[0]);
	fd_close(&control[1]);
	free(candidates);
	return result;
}
