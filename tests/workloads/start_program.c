/* SPDX-License-Identifier: MIT
 *
 * start_program HOW PROGRAM [ARG...] - starts PROGRAM with an empty environment in the way that HOW
 * names, and exits with its status, 128+N for signal N. "system" and "popen" give PROGRAM to
 * a shell; "last_room" needs a second one that cannot be executed.
 */
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char *none[] = { NULL };

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* An exec that came back. */
static int not_started(void)
{
	(void)fprintf(stderr, "%s\n", strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

static int by_execve(char **argv)
{
	(void)execve(argv[0], argv, none);
	return not_started();
}

/* Linux takes NULL for an empty environment. */
static int by_execve_null(char **argv)
{
	char **volatile nothing = NULL;

	(void)execve(argv[0], argv, nothing);
	return not_started();
}

static int by_execv(char **argv)
{
	if (clearenv() != 0)
		cannot("clearenv");
	(void)execv(argv[0], argv);
	return not_started();
}

static int by_unsetenv(char **argv)
{
	if (unsetenv("LD_PRELOAD") != 0 || unsetenv("MEMCAGE_WITNESS") != 0)
		cannot("unsetenv");
	(void)execv(argv[0], argv);
	return not_started();
}

static int by_execvp(char **argv)
{
	environ = none;
	(void)execvp(argv[0], argv);
	return not_started();
}

static int by_execvpe(char **argv)
{
	(void)execvpe(argv[0], argv, none);
	return not_started();
}

static int by_execl(char **argv)
{
	environ = NULL;
	(void)execl(argv[0], argv[0], argv[1], (char *)NULL);
	return not_started();
}

static int by_execlp(char **argv)
{
	environ = none;
	(void)execlp(argv[0], argv[0], argv[1], (char *)NULL);
	return not_started();
}

static int by_execle(char **argv)
{
	(void)execle(argv[0], argv[0], argv[1], (char *)NULL, none);
	return not_started();
}

static int by_fexecve(char **argv)
{
	int fd = open(argv[0], O_PATH | O_CLOEXEC);

	(void)fexecve(fd, argv, none);
	return not_started();
}

/* No function of the C library stands before this one. */
static int by_syscall(char **argv)
{
	(void)syscall(SYS_execve, argv[0], argv, none);
	return not_started();
}

static int in_vfork(char **argv)
{
	pid_t pid = vfork();

	if (pid == 0) {
		(void)execve(argv[0], argv, none);
		_exit(127);
	}
	if (pid < 0)
		cannot("vfork: refused");
	return status_of(wait_for(pid));
}

static char **handler_argv;

static void start_in_handler(int number)
{
	(void)number;
	(void)execve(handler_argv[0], handler_argv, none);
}

/* A signal handler on a stack as small as they come. */
static int in_handler(char **argv)
{
	static char stack[8192];
	const stack_t small = { .ss_sp = stack, .ss_size = sizeof(stack) };
	const struct sigaction action = { .sa_handler = start_in_handler, .sa_flags = SA_ONSTACK };

	handler_argv = argv;
	if (sigaltstack(&small, NULL) < 0 || sigaction(SIGUSR1, &action, NULL) < 0)
		cannot("a handler");
	(void)raise(SIGUSR1);
	return not_started();
}

static int spawn(char **argv, bool by_name, bool with_attributes)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t mask;
	pid_t pid;
	int error;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGUSR2);
	if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attributes) != 0)
		cannot("no attributes");
	if (with_attributes &&
		(posix_spawn_file_actions_adddup2(&actions, 1, 5) != 0 ||
			posix_spawn_file_actions_addclose(&actions, 0) != 0 ||
			posix_spawnattr_setsigmask(&attributes, &mask) != 0 ||
			posix_spawnattr_setpgroup(&attributes, 0) != 0 ||
			posix_spawnattr_setflags(
				&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP) != 0))
		cannot("no attributes");
	error = (by_name ? posix_spawnp : posix_spawn)(
		&pid, argv[0], &actions, &attributes, argv, none);
	errno = error;
	return error != 0 ? not_started() : status_of(wait_for(pid));
}

static int by_spawn(char **argv)
{
	return spawn(argv, false, false);
}

static int by_spawnp(char **argv)
{
	return spawn(argv, true, false);
}

static int by_spawn_attributes(char **argv)
{
	return spawn(argv, false, true);
}

/* PROGRAM is what a shell reads; the environment is the same afterwards. */
static int by_system(char **argv)
{
	int status;

	if (clearenv() != 0)
		cannot("clearenv");
	status = system(argv[0]);
	if (environ != NULL && environ[0] != NULL)
		cannot("the environment has become %s", environ[0]);
	return status_of(status);
}

static int by_popen(char **argv)
{
	char line[256];
	FILE *stream;

	if (clearenv() != 0)
		cannot("clearenv");
	stream = popen(argv[0], "r");
	if (stream == NULL)
		cannot("popen: refused");
	if (environ != NULL && environ[0] != NULL)
		cannot("the environment has become %s", environ[0]);
	while (fgets(line, sizeof(line), stream) != NULL)
		(void)printf("read: %s", line);
	(void)fflush(stdout);
	return status_of(pclose(stream));
}

/* An argument that no environment leaves room for. */
static int by_e2big(char **argv)
{
	const size_t size = (size_t)1 << 20;
	char *large = checked_malloc(size);

	memset(large, 'x', size - 1);
	large[size - 1] = '\0';
	argv[1] = large;
	(void)execve(argv[0], argv, none);
	return not_started();
}

/* Arguments that just fit: the last ones to do so are found by trying them without the C library on
 * a program that is none. With our variables they would not. */
static int by_last_room(char **argv)
{
	enum { WORDS = 1 << 18 };
	static char *words[WORDS];
	static char word[] = "0123456789012345678901234567890";
	size_t low = 1, high = WORDS - 1;

	words[0] = argv[0];
	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		for (size_t i = 1; i < middle; i++)
			words[i] = word;
		words[middle] = NULL;
		(void)syscall(SYS_execve, argv[1], words, none);
		*(errno == E2BIG ? &high : &low) = middle;
	}
	words[low] = NULL;
	(void)execve(argv[0], words, none);
	return not_started();
}

static const struct {
	const char *name;
	int (*start)(char **argv);
} ways[] = {
	{ "execve", by_execve },
	{ "execve_null", by_execve_null },
	{ "execv", by_execv },
	{ "unsetenv", by_unsetenv },
	{ "execvp", by_execvp },
	{ "execvpe", by_execvpe },
	{ "execl", by_execl },
	{ "execlp", by_execlp },
	{ "execle", by_execle },
	{ "fexecve", by_fexecve },
	{ "syscall", by_syscall },
	{ "vfork", in_vfork },
	{ "handler", in_handler },
	{ "spawn", by_spawn },
	{ "spawnp", by_spawnp },
	{ "spawn_attributes", by_spawn_attributes },
	{ "system", by_system },
	{ "popen", by_popen },
	{ "e2big", by_e2big },
	{ "last_room", by_last_room },
};

int main(int argc, char **argv)
{
	if (argc < 3)
		usage("start_program HOW PROGRAM [ARG...]");
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(argv[1], ways[i].name) == 0)
			return ways[i].start(argv + 2);
	cannot("no way %s", argv[1]);
}
