/* SPDX-License-Identifier: MIT */
#include "cage/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void tell(const struct child_plan *plan, enum child_step step, int error_number, int detail)
{
	struct child_record record = {
		.step = (int32_t)step, .error_number = error_number, .detail = detail
	};

	/* A record is smaller than PIPE_BUF: it arrives whole, or the parent is gone. */
	(void)!write(plan->record_fd, &record, sizeof(record));
}

_Noreturn void child_fail(const struct child_plan *plan, enum child_step step, int detail)
{
	tell(plan, step, errno, detail);
	_exit(127);
}

static _Noreturn void fail(const struct child_plan *plan, enum child_step step)
{
	child_fail(plan, step, 0);
}

static void die_with_parent(const struct child_plan *plan, int signal_number)
{
	(void)prctl(PR_SET_PDEATHSIG, signal_number);
	if (signal_number != 0 && getppid() != plan->parent)
		_exit(127); /* it died before we asked */
}

/* v1: writing "0" moves the writer; unlike another's pid it costs next to nothing. */
static void join_groups(const struct child_plan *plan)
{
	for (int i = 0; i < CHILD_JOINS_MAX; i++)
		if (plan->join[i] >= 0 && write(plan->join[i], "0", 1) != 1)
			fail(plan, STEP_JOIN);
}

/* Handlers were reset by the kernel at clone. Of what was ignored only SIGCHLD is a trap: with it
 * ignored a program cannot wait for its children. */
static void reset_signals(const struct child_plan *plan)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	(void)sigaction(SIGCHLD, &action, NULL);
	if (plan->own_process_group)
		(void)setpgid(0, 0);
}

/* With -1000 the kernel cannot kill us and spins at the limit for ever. Raising needs no
 * privilege. */
static void raise_oom_score(const struct child_plan *plan)
{
	int fd = plan->raise_oom_score ? open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
				       : -1;

	if (fd >= 0) {
		(void)!write(fd, "0", 1); /* the parent looks whether it took, and warns */
		(void)close(fd);
	}
}

static void set_stdio(const struct child_plan *plan)
{
	int input = plan->stdin_path != NULL ? open(plan->stdin_path, O_RDONLY | O_NOCTTY) : -1;

	/* Inside the cage and under its time limits: waiting for a FIFO's writer is the run's own
	 * time. */
	if (plan->stdin_path != NULL && (input < 0 || dup2(input, STDIN_FILENO) < 0))
		fail(plan, STEP_STDIO);
	if (input > STDIN_FILENO)
		(void)close(input);
	for (int i = 0; i < 3; i++)
		if (plan->stdio[i] >= 0 && dup2(plan->stdio[i], i) < 0)
			fail(plan, STEP_STDIO);
}

static void set_limit(const struct child_plan *plan, int resource, uint64_t value)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
		fail(plan, STEP_LIMITS);
	limit.rlim_cur = value < limit.rlim_max ? value : limit.rlim_max;
	if (setrlimit((__rlimit_resource_t)resource, &limit) < 0)
		fail(plan, STEP_LIMITS);
}

static void set_limits(const struct child_plan *plan)
{
	if (plan->open_files_max != 0)
		set_limit(plan, RLIMIT_NOFILE, plan->open_files_max);
	if (plan->rlimit_data_bytes != UINT64_MAX)
		set_limit(plan, RLIMIT_DATA, plan->rlimit_data_bytes);
}

static void set_user(const struct child_plan *plan)
{
	if (!plan->set_user)
		return;
	/* An ordinary user who stays himself may not drop groups, and has none to gain. */
	if (setgroups(0, NULL) < 0 &&
		!(errno == EPERM && plan->user == geteuid() && plan->group == getegid()))
		fail(plan, STEP_USER);
	if (setresgid(plan->group, plan->group, plan->group) < 0 ||
		setresuid(plan->user, plan->user, plan->user) < 0)
		fail(plan, STEP_USER);
}

/* Ours are close-on-exec one by one; this is for what the caller left open. */
static void close_descriptors(const struct child_plan *plan)
{
	if (plan->keep_fds)
		return;
	if (syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		fail(plan, STEP_DESCRIPTORS);
}

/* PATH's rules: go on where a candidate is not there, remember where one may not be executed. */
static _Noreturn void execute(const struct child_plan *plan)
{
	int result = ENOENT;

	for (const char *const *path = plan->candidates; *path != NULL; path++) {
		(void)execve(*path, (char *const *)plan->argv, (char *const *)plan->envp);
		if (errno == EACCES)
			result = EACCES;
		else if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG)
			fail(plan, STEP_EXEC);
	}
	errno = result;
	fail(plan, STEP_EXEC);
}

_Noreturn void child_become(const struct child_plan *plan)
{
	if (plan->die_with_parent)
		die_with_parent(plan, SIGKILL);
	join_groups(plan);
	reset_signals(plan);
	raise_oom_score(plan);
	set_stdio(plan);
	if (plan->confinement != NULL)
		confine_kernel(plan);
	if (plan->tracer != NULL) /* while we still have the privilege, and the host's /proc */
		child_be_traced(plan->tracer, plan->confinement != NULL);
	if (plan->confinement != NULL) {
		set_limits(plan);
		confine(plan);
	} else {
		if (plan->working_directory != NULL && chdir(plan->working_directory) < 0)
			fail(plan, STEP_DIRECTORY);
		set_limits(plan);
		set_user(plan);
	}
	close_descriptors(plan);
	if (plan->die_with_parent)
		die_with_parent(plan, 0);
	(void)sigprocmask(SIG_SETMASK, &plan->signal_mask, NULL);
	tell(plan, STEP_ABOUT_TO_EXEC, (int)getpid(), 0);
	if (plan->confinement != NULL)
		confine_calls(plan);
	execute(plan);
}

const char *child_step_name(enum child_step step)
{
	static const char *const names[STEP_COUNT] = {
		[STEP_JOIN] = "entering the cage",
		[STEP_STDIO] = "setting up the standard streams",
		[STEP_DIRECTORY] = "changing the directory",
		[STEP_LIMITS] = "setting RLIMIT_DATA or RLIMIT_NOFILE",
		[STEP_USER] = "changing the user",
		[STEP_DESCRIPTORS] = "closing inherited descriptors",
		[STEP_ABOUT_TO_EXEC] = "executing",
		[STEP_EXEC] = "executing",
		[STEP_KEEPER] = "starting the keeper process",
		[STEP_NAMESPACE] = "making a namespace",
		[STEP_PROPAGATION] = "keeping mounts to the cage",
		[STEP_SOURCE] = "opening what is mounted",
		[STEP_HOSTNAME] = "setting the host name",
		[STEP_LOOPBACK] = "bringing the loopback device up",
		[STEP_NESTED] = "forbidding further namespaces",
		[STEP_NEW_ROOT] = "making a root directory",
		[STEP_INIT] = "starting the cage's first process",
		[STEP_MOUNT] = "mounting",
		[STEP_COMMAND] = "starting a process in the cage",
		[STEP_CGROUP_NAMESPACE] = "making a cgroup namespace",
		[STEP_ENTER_ROOT] = "changing the root directory",
		[STEP_SESSION] = "starting a session",
		[STEP_KEYRING] = "joining a new session keyring",
		[STEP_RLIMIT] = "setting a resource limit",
		[STEP_CAPABILITIES] = "dropping capabilities",
		[STEP_LANDLOCK] = "setting up Landlock",
		[STEP_SECCOMP] = "loading the system call filter",
	};

	return names[step];
}
