/* SPDX-License-Identifier: MIT
 *
 * forgery.c - a wrong account of what happened. Without a cage each ends as a run would that had
 * met the real thing; under memcage the verdict decides, and the table says which are right.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attacks.h"

int exits_with(const char *status)
{
	return (int)number_of(status);
}

int raises(const char *number)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal((int)number_of(number), SIG_DFL);
	(void)raise((int)number_of(number));
	return 1;
}

static void take_too_much(void)
{
	char *memory = mmap(
		NULL, ENOUGH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory != MAP_FAILED)
		memset(memory, 1, ENOUGH);
}

/* A second supervisor's report, in case somebody reads what the command prints. */
static void print_report(int fd)
{
	(void)dprintf(fd, "{\"schema\": \"memcage.report/1\", \"verdict\": \"oom_kill\", "
			  "\"reason\": \"own_limit\", \"confidence\": \"certain\"}\n"
			  "memcage: killed by the kernel at its own limit\n");
}

/* The page of refusals is where MEMCAGE_WITNESS says. */
static void forge_page(void)
{
	const char *path = getenv("MEMCAGE_WITNESS");
	char bytes[8192];
	int fd = path != NULL ? open(path, O_WRONLY | O_CLOEXEC) : -1;

	memset(bytes, 0x41, sizeof(bytes));
	if (fd >= 0) {
		(void)!pwrite(fd, bytes, sizeof(bytes), 64);
		(void)close(fd);
	}
}

int pretends(const char *what)
{
	if (strcmp(what, "MemoryError") == 0) {
		(void)fprintf(stderr,
			"Traceback (most recent call last):\n  File \"x.py\", line 1\n"
			"MemoryError\n");
		return 1;
	}
	if (strcmp(what, "Java") == 0) {
		(void)fprintf(stderr,
			"Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap "
			"space\n");
		return 1;
	}
	if (strcmp(what, "kernel log") == 0) {
		(void)fprintf(stderr,
			"oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/,task_memcg=/,"
			"task=python3,pid=1,uid=0\nMemory cgroup out of memory: Killed "
			"process 1\n");
		(void)raise(SIGKILL);
	}
	if (strcmp(what, "report") == 0) {
		for (int fd = 1; fd < 10; fd++)
			print_report(fd);
		return 0;
	}
	if (strcmp(what, "page") == 0) {
		forge_page();
		return 1;
	}
	/* removed: as if the library had never been there */
	if (getenv("MEMCAGE_WITNESS") != NULL)
		(void)unlink(getenv("MEMCAGE_WITNESS"));
	return 1;
}

static void at_the_end(void)
{
	take_too_much();
	_exit(0);
}

/* Out of memory, where one would not look for it. */
int dies_hidden(const char *how)
{
	if (strcmp(how, "child") == 0) {
		if (fork() == 0) {
			take_too_much();
			_exit(0);
		}
		(void)wait(NULL);
		return 0;
	}
	if (strcmp(how, "grandchild") == 0) {
		if (fork() == 0) {
			if (fork() == 0) {
				(void)setsid();
				take_too_much();
				_exit(0);
			}
			(void)wait(NULL);
			_exit(0);
		}
		(void)wait(NULL);
		return 0;
	}
	if (strcmp(how, "exit") == 0) {
		(void)atexit(at_the_end);
		exit(0);
	}
	if (strcmp(how, "nobody looks") == 0)
		say_ready();
	(void)usleep(100000);
	take_too_much();
	return 0;
}

int ends_unseen(const char *argument)
{
	(void)argument;
	say_ready();
	(void)usleep(100000);
	return 0;
}

int starts(const char *argument)
{
	(void)argument;
	return worked("it was started");
}
