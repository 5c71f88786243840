/* SPDX-License-Identifier: MIT
 *
 * processes.c - processes that outlive their run, and too many of them.
 */
#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attacks.h"

#define LONG_TIME 60 /* seconds; the driver looks at once */

static _Noreturn void linger(void)
{
	(void)sleep(LONG_TIME);
	_exit(0);
}

static void stay_in_new_session(void)
{
	if (fork() == 0) {
		(void)setsid();
		if (fork() == 0)
			linger();
		_exit(0);
	}
}

static void stay_stopped(void)
{
	if (fork() == 0) {
		(void)raise(SIGSTOP);
		linger();
	}
}

static void stay_deaf(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	if (fork() == 0) {
		(void)sigprocmask(SIG_BLOCK, &all, NULL);
		(void)setpgid(0, 0);
		linger();
	}
}

/* A sibling: the child of whoever is our parent. */
static void stay_as_sibling(void)
{
	if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0)
		linger();
}

static void stay_traced(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, 0, 0);
		(void)raise(SIGTRAP);
		linger();
	}
	if (fork() == 0) /* another one, which holds no trace of it */
		linger();
}

/* In the middle of a vfork the parent cannot be interrupted. */
static void stay_in_vfork(void)
{
	if (fork() == 0) {
		if (syscall(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) == 0)
			linger();
		_exit(0);
	}
}

static void stay_with_zombies(void)
{
	if (fork() == 0) {
		for (int i = 0; i < 40; i++)
			if (fork() == 0)
				_exit(0);
		linger();
	}
}

/* As many as possible, each with a child that is made while they are killed. */
static void stay_and_breed(void)
{
	if (fork() != 0)
		return;
	for (int i = 0; i < 2000; i++) {
		pid_t pid = fork();

		if (pid < 0)
			linger();
		if (pid > 0)
			_exit(0); /* never the same process for long */
	}
	linger();
}

int survivor(const char *how)
{
	static const struct {
		const char *name;
		void (*stay)(void);
	} rows[] = {
		{ "session", stay_in_new_session },
		{ "stopped", stay_stopped },
		{ "deaf", stay_deaf },
		{ "sibling", stay_as_sibling },
		{ "traced", stay_traced },
		{ "vfork", stay_in_vfork },
		{ "zombies", stay_with_zombies },
		{ "breed", stay_and_breed },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(rows[i].name, how) == 0)
			rows[i].stay();
	return held("left one behind"); /* the driver looks whether it is there */
}

static void *stay_as_thread(void *unused)
{
	(void)unused;
	linger();
}

/* The process has ended for who looks at its first thread. */
int main_thread_leaves(const char *argument)
{
	pthread_t thread;

	(void)argument;
	if (fork() == 0) {
		if (pthread_create(&thread, NULL, stay_as_thread, NULL) == 0)
			pthread_exit(NULL);
		_exit(0);
	}
	(void)usleep(20000);
	return held("left a thread without a first one");
}

int supervisor_dies(const char *argument)
{
	(void)argument;
	stay_in_new_session();
	stay_stopped();
	say_ready();
	linger();
}

/* ---- too many ---- */

#define TOO_MANY 300

static long by_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		linger();
	return pid;
}

static long by_clone3(void)
{
	struct clone_args arguments = { .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid == 0)
		linger();
	return pid;
}

/* Sharing memory as a thread does, and yet no thread. */
static int linger_on_stack(void *unused)
{
	(void)unused;
	linger();
}

static long by_shared_memory(void)
{
	char *stack = malloc(16384);

	return stack == NULL ? -1 : clone(linger_on_stack, stack + 16384, CLONE_VM | SIGCHLD, NULL);
}

static long by_thread(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, 65536);
	errno = pthread_create(&thread, &attributes, stay_as_thread, NULL);
	return errno == 0 ? 1 : -1;
}

int many(const char *how)
{
	static const struct {
		const char *name;
		long (*make)(void);
	} rows[] = {
		{ "fork", by_fork },
		{ "clone3", by_clone3 },
		{ "shared", by_shared_memory },
		{ "threads", by_thread },
	};
	int made = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(rows[i].name, how) == 0)
			while (made < TOO_MANY && rows[i].make() > 0)
				made++;
	if (made < TOO_MANY)
		return held("%d, then %s", made, strerrorname_np(errno));
	(void)signal(SIGTERM, SIG_IGN);
	(void)kill(0, SIGTERM);
	return worked("%d at one time", made);
}
