/* SPDX-License-Identifier: MIT */
#include "cage/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
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
#include "cage/keeper.h"

#define PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin"

void spawned_close(struct spawned *spawned)
{
	fd_close(&spawned->pidfd);
	fd_close(&spawned->records);
	fd_close(&spawned->control);
}

static const char *variable(const char *const *envp, const char *name)
{
	size_t length = strlen(name);

	for (; *envp != NULL; envp++)
		if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=')
			return *envp + length + 1;
	return NULL;
}

/* A name with a slash is a path; an empty one is nowhere in PATH, and not PATH's directories. */
static bool is_path(const char *name)
{
	return *name == '\0' || strchr(name, '/') != NULL;
}

/* The paths that PATH makes of a name, in one allocation: pointers, then texts. */
static const char **candidates_of(const char *name, const char *const *envp)
{
	const char *path = is_path(name) ? NULL : variable(envp, "PATH");
	size_t count = 2, name_length = strlen(name) + 2, size;
	const char **candidates;
	char *text;

	if (path == NULL)
		path = is_path(name) ? "" : PATH_DEFAULT;
	for (const char *at = path; *at != '\0'; at++)
		count += *at == ':';
	size = count * sizeof(*candidates) + strlen(path) + count * (name_length + 2);
	candidates = malloc(size);
	if (candidates == NULL)
		return NULL;
	text = (char *)(candidates + count);
	if (*path == '\0') {
		candidates[0] =
			name; /* taken as it is; of an empty PATH that is the directory we are in */
		candidates[1] = NULL;
		return candidates;
	}
	count = 0;
	for (;; path++) {
		int length = (int)strcspn(path, ":");

		candidates[count++] = text;
		text += snprintf(text, name_length + (size_t)length + 2, "%.*s/%s",
				length > 0 ? length : 1, length > 0 ? path : ".", name) +
			1;
		path += length;
		if (*path == '\0')
			break;
	}
	candidates[count] = NULL;
	return candidates;
}

int executable_find(const struct memcage_spec *spec, char *path, size_t size)
{
	const char *const *envp = spec->envp ? spec->envp : (const char *const *)environ;
	const char **candidates = candidates_of(spec->argv[0], envp);
	int result = -ENOENT;

	for (size_t i = 0; candidates != NULL && candidates[i] != NULL && result < 0; i++) {
		if (access(candidates[i], X_OK) < 0)
			continue;
		text_copy(path, size, candidates[i]);
		result = 0;
	}
	free(candidates);
	return result;
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

static pid_t start(const struct cage *cage, struct keeper_plan *keeper, int *pidfd)
{
	struct child_plan *plan = &keeper->child;
	pid_t pid = clone_into(cage_clone_directory(cage), pidfd);
	bool forked = false;

	if (pid < 0 && (errno == ENOSYS || errno == EPERM || errno == EINVAL)) {
		if (open_joins(cage, false, plan->join) < 0)
			return -1;
		plan->die_with_parent = true; /* until it has joined no guard would find it */
		pid = fork_and_open(pidfd);
		forked = true;
	}
	if (pid == 0) {
		if (forked)
			clear_handlers();
		if (cage->kind == CAGE_RLIMIT)
			keeper_become(keeper);
		child_become(plan);
	}
	return pid;
}

int spawn(const struct memcage_spec *spec, const struct cage *cage, const int stdio[3],
	bool own_process_group, struct spawned *ret_spawned, struct memcage_failure *reterr_failure)
{
	const char *const *envp = spec->envp ? spec->envp : (const char *const *)environ;
	const char **candidates = candidates_of(spec->argv[0], envp);
	int records[2] = { -1, -1 }, control[2] = { -1, -1 }, result = 0, pidfd = -1;
	struct keeper_plan keeper = { .wait_tree = spec->wait_tree };
	struct child_plan *plan = &keeper.child;
	sigset_t all, own_mask;
	pid_t pid = -1;

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
		pid = start(cage, &keeper, &pidfd);
		result = pid < 0 ? -errno : 0;
		(void)pthread_sigmask(SIG_SETMASK, &own_mask, NULL);
	}
	if (result == 0) {
		(void)fcntl(records[0], F_SETFL, O_NONBLOCK);
		*ret_spawned = (struct spawned){ .pid = pid,
			.pidfd = pidfd,
			.records = fd_take(&records[0]),
			.control = fd_take(&control[1]) };
	} else {
		(void)failure_errno(reterr_failure, -result, "start a process in the cage");
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
