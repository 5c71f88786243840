/* SPDX-License-Identifier: MIT
 *
 * Everything here runs in a child of what may be a process with threads: async-signal-safe calls
 * only, hence getdents64 by hand and no allocation.
 */
#include "cage/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/process_stat.h"
#include "base/text.h"
#include "cage/spawn.h"

#define KILL_AGAIN_MS 5

struct directory_entry {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

static bool is_our_child(pid_t pid)
{
	struct process_stat stat;

	return process_stat_read(pid, &stat) == 0 && stat.parent == getpid();
}

/* SIGKILL to every child of ours. Their children become ours with their end, and get it in the next
 * round: no process is ever signalled that is not our own child, so no pid can be mistaken. */
static void kill_children(void)
{
	char buffer[4096] __attribute__((aligned(8)));
	cleanup_fd int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long got;

	while (proc >= 0 && (got = syscall(SYS_getdents64, proc, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < got;) {
			const struct directory_entry *entry = (const void *)(buffer + at);
			uint64_t pid;

			at += entry->length;
			if (parse_number(entry->name, &pid) == 0 && is_our_child((pid_t)pid))
				(void)kill((pid_t)pid, SIGKILL);
		}
	}
}

static void tell(const struct keeper_plan *plan, enum child_step step, int value)
{
	struct child_record record = { .step = (int32_t)step, .error_number = value };

	(void)!write(plan->child.record_fd, &record, sizeof(record));
}

struct keeper {
	const struct keeper_plan *plan;
	pid_t main;
	bool main_ended, killing;
};

/* Reaps what has ended. Returns false when there is no child left. */
static bool reap(struct keeper *keeper)
{
	siginfo_t info = { 0 };
	int status;

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
		bool through;

		if (info.si_pid == keeper->main && exec_is_through(keeper->main, &through) == 0)
			tell(keeper->plan, STEP_MAIN_EXECUTED, through);
		if (waitpid(info.si_pid, &status, 0) == keeper->main && !keeper->main_ended) {
			keeper->main_ended = true;
			tell(keeper->plan, STEP_MAIN_ENDED, status);
			keeper->killing = keeper->killing || !keeper->plan->wait_tree;
		}
		info.si_pid = 0;
	}
	return !(errno == ECHILD && waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0);
}

static void obey(struct keeper *keeper, int control)
{
	char order;
	ssize_t got = read(control, &order, 1);

	if (got < 0 && errno == EINTR)
		return;
	if (got == 1 && order == KEEPER_TERMINATE) {
		if (!keeper->main_ended)
			(void)kill(
				keeper->main, SIGTERM); /* unreaped, so the pid is still its own */
		return;
	}
	keeper->killing = true; /* told so, or nobody is left to tell us */
}

static _Noreturn void keep(struct keeper *keeper, int signals)
{
	struct pollfd ready[2] = { { .fd = signals, .events = POLLIN },
		{ .fd = keeper->plan->control, .events = POLLIN } };
	struct signalfd_siginfo info;

	while (reap(keeper)) {
		if (keeper->killing)
			kill_children();
		(void)poll(ready, keeper->killing ? 1 : 2, keeper->killing ? KILL_AGAIN_MS : -1);
		while (read(signals, &info, sizeof(info)) > 0)
			;
		if (!keeper->killing && (ready[1].revents & (POLLIN | POLLHUP)) != 0)
			obey(keeper, keeper->plan->control);
	}
	_exit(0);
}

/* Ours stay open, everything else of the supervisor's goes: a pipe held here would never end. */
static void close_others(const struct keeper_plan *plan, int signals)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3; fd++)
		(void)dup2(null, fd);
	for (unsigned fd = 3; fd < 1024; fd++)
		if ((int)fd != plan->child.record_fd && (int)fd != plan->control &&
			(int)fd != signals)
			(void)close((int)fd);
	(void)syscall(SYS_close_range, 1024u, ~0u, 0);
}

_Noreturn void keeper_become(struct keeper_plan *plan)
{
	struct keeper keeper = { .plan = plan };
	sigset_t all, children;
	int signals;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)sigemptyset(&children);
	(void)sigaddset(&children, SIGCHLD);
	signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	(void)prctl(PR_SET_NAME, "memcage-keeper");
	if (signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
		tell(plan, STEP_KEEPER, errno);
		_exit(127);
	}
	plan->child.parent = getpid();
	plan->child.die_with_parent = true;
	keeper.main = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (keeper.main == 0)
		child_become(&plan->child);
	if (keeper.main < 0) {
		tell(plan, STEP_KEEPER, errno);
		_exit(127);
	}
	tell(plan, STEP_MAIN_STARTED, keeper.main);
	close_others(plan, signals);
	keep(&keeper, signals);
}
