/* SPDX-License-Identifier: MIT
 *
 * others.c - against a process outside: the bait's, which belongs to the same caller.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attacks.h"

static pid_t other(void)
{
	return (pid_t)bait_number("pid");
}

/* ---- signals; the bait ignores SIGUSR1 and SIGIO ---- */

static long queue_signal(void)
{
	siginfo_t info = { .si_signo = SIGUSR1, .si_code = SI_QUEUE };

	return syscall(SYS_rt_sigqueueinfo, other(), SIGUSR1, &info);
}

static long thread_signal(void)
{
	return syscall(SYS_tgkill, other(), other(), SIGUSR1);
}

static long pidfd_signal(void)
{
	long fd = syscall(SYS_pidfd_open, other(), 0);

	return fd < 0 ? fd : syscall(SYS_pidfd_send_signal, fd, SIGUSR1, NULL, 0);
}

/* Whom the kernel is to tell of input: F_SETOWN takes pids of its namespace only. */
static long owner_signal(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		return -1;
	return fcntl(ends[0], F_SETOWN, other());
}

static long group_signal(void)
{
	return kill(-other(), 0); /* it leads its group */
}

static long plain_signal(void)
{
	return kill(other(), SIGUSR1);
}

struct way {
	const char *name;
	long (*act)(void);
};

static int by(const struct way *ways, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(ways[i].name, name) == 0)
			return tried(ways[i].act(), name);
	return not_here("no such way");
}

#define BY(ways, name) by(ways, sizeof(ways) / sizeof(*(ways)), name)

int signal_other(const char *how)
{
	static const struct way ways[] = { { "kill", plain_signal }, { "sigqueue", queue_signal },
		{ "tgkill", thread_signal }, { "pidfd_send_signal", pidfd_signal },
		{ "F_SETOWN", owner_signal }, { "kill of a process group", group_signal } };

	return BY(ways, how);
}

/* ---- its memory ---- */

static void *secret_address(void)
{
	return (void *)(uintptr_t)bait_number("memory");
}

static long attach(void)
{
	long result = ptrace(PTRACE_ATTACH, other(), 0, 0);

	if (result == 0) {
		(void)waitpid(other(), NULL, __WALL);
		(void)ptrace(PTRACE_DETACH, other(), 0, 0);
	}
	return result;
}

static long seize(void)
{
	return ptrace(PTRACE_SEIZE, other(), 0, 0);
}

static long vm_read(void)
{
	char seen[sizeof(SECRET)] = "";
	struct iovec here = { seen, sizeof(seen) }, there = { secret_address(), sizeof(seen) };
	long result = process_vm_readv(other(), &here, 1, &there, 1, 0);

	return result < 0 || strcmp(seen, SECRET) == 0 ? result : -1;
}

/* Its own bytes once more: read-only ones answer EFAULT, who may not, EPERM. */
static long vm_write(void)
{
	char bytes[] = SECRET;
	struct iovec here = { bytes, 1 }, there = { secret_address(), 1 };
	long result = process_vm_writev(other(), &here, 1, &there, 1, 0);

	return result < 0 && errno == EFAULT ? 0 : result;
}

static long memory_file_of(void)
{
	char path[64], seen[sizeof(SECRET)] = "";
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/mem", other());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? fd : pread(fd, seen, sizeof(seen), (off_t)(uintptr_t)secret_address());
}

static long map_of(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", other());
	return open(path, O_RDONLY | O_CLOEXEC);
}

static long advise(void)
{
	void *at = (void *)((uintptr_t)secret_address() & ~(uintptr_t)4095);
	struct iovec there = { at, 4096 };
	long fd = syscall(SYS_pidfd_open, other(), 0);

	return fd < 0 ? fd : syscall(SYS_process_madvise, fd, &there, 1, MADV_COLD, 0);
}

static long pages_of(void)
{
	void *page = (void *)((uintptr_t)secret_address() & ~(uintptr_t)4095);
	int status = 0;

	return syscall(SYS_move_pages, other(), 1, &page, NULL, &status, 0);
}

int other_memory(const char *how)
{
	static const struct way ways[] = { { "PTRACE_ATTACH", attach }, { "PTRACE_SEIZE", seize },
		{ "process_vm_readv", vm_read }, { "process_vm_writev", vm_write },
		{ "/proc/PID/mem", memory_file_of }, { "/proc/PID/maps", map_of },
		{ "process_madvise", advise }, { "move_pages", pages_of } };

	return BY(ways, how);
}

/* ---- its settings: what they are already, or a little worse for it ---- */

static long limits(void)
{
	struct rlimit limit;
	long result = prlimit(other(), RLIMIT_CORE, NULL, &limit);

	return result < 0 ? result : prlimit(other(), RLIMIT_CORE, &limit, NULL);
}

static long niceness(void)
{
	return setpriority(PRIO_PROCESS, (id_t)other(), 1);
}

static long affinity(void)
{
	cpu_set_t set;
	long result = sched_getaffinity(other(), sizeof(set), &set);

	return result < 0 ? result : sched_setaffinity(other(), sizeof(set), &set);
}

static long scheduling(void)
{
	const struct sched_param parameter = { 0 };

	return sched_setscheduler(other(), SCHED_BATCH, &parameter);
}

static long input_priority(void)
{
	return syscall(SYS_ioprio_set, 1, other(), 2 << 13 | 5);
}

static long oom_score(void)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", other());
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? fd : write(fd, "1000", 4);
}

static long comparison(void)
{
	return syscall(SYS_kcmp, getpid(), other(), KCMP_VM, 0, 0);
}

int other_settings(const char *how)
{
	static const struct way ways[] = { { "prlimit", limits }, { "setpriority", niceness },
		{ "sched_setaffinity", affinity }, { "sched_setscheduler", scheduling },
		{ "ioprio_set", input_priority }, { "oom_score_adj", oom_score },
		{ "kcmp", comparison } };

	return BY(ways, how);
}

/* ---- its descriptors ---- */

static long steal(void)
{
	long fd = syscall(SYS_pidfd_open, other(), 0);

	return fd < 0 ? fd : syscall(SYS_pidfd_getfd, fd, (int)bait_number("file"), 0);
}

static long reopen(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%ld", other(), bait_number("file"));
	return open(path, O_RDONLY | O_CLOEXEC);
}

int other_descriptor(const char *how)
{
	static const struct way ways[] = { { "pidfd_getfd", steal }, { "/proc/PID/fd", reopen } };

	return BY(ways, how);
}
