/* SPDX-License-Identifier: MIT
 *
 * apart.h - a case that runs in a process of its own, so that it may change what it likes: standard
 * streams, signals, descriptors, filters. It checks with CHECK(), not with assertions: those belong
 * to the process that cmocka runs in.
 */
#ifndef MEMCAGE_TESTS_APART_H
#define MEMCAGE_TESTS_APART_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define APART_REPORT                                                                               \
	200 /* where a case says what went wrong; the only descriptor besides 0, 1, 2 */

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			(void)dprintf(APART_REPORT, "line %d: %s\n", __LINE__, #condition);        \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* What follows concerns this: shown with the next failure. */
#define CHECKING(...) ((void)dprintf(APART_REPORT, __VA_ARGS__))

/* Reads until the other ends are closed; what does not fit is thrown away. */
static inline void read_to_end(int fd, char *text, size_t size)
{
	char rest[4096];
	size_t length = 0;
	ssize_t got;

	while ((got = read(fd, length + 1 < size ? text + length : rest,
			length + 1 < size ? size - 1 - length : sizeof(rest))) > 0)
		length += length + 1 < size ? (size_t)got : 0;
	text[length] = '\0';
}

/* Runs check(data) apart; fails this test with what it says when it does not end well. */
static inline void run_apart(const char *name, void (*check)(const void *data), const void *data)
{
	char why[16384] = "";
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (dup3(ends[1], APART_REPORT, O_CLOEXEC) < 0)
			_exit(2);
		(void)close_range(3, APART_REPORT - 1, 0); /* whatever our own caller left open */
		(void)close_range(APART_REPORT + 1, ~0u, 0);
		(void)signal(SIGSEGV, SIG_DFL); /* cmocka would run on in two processes */
		(void)signal(SIGBUS, SIG_DFL);
		(void)signal(SIGFPE, SIG_DFL);
		(void)signal(SIGILL, SIG_DFL);
		check(data);
		_exit(0);
	}
	(void)close(ends[1]);
	read_to_end(ends[0], why, sizeof(why));
	(void)close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("%s: status %#x, ...%s", name, (unsigned)status,
			strlen(why) > 200 ? why + strlen(why) - 200 : why);
}

#endif
