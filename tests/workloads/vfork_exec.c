/* SPDX-License-Identifier: MIT
 *
 * vfork_exec COMMAND [ARG...] - vfork and execute COMMAND, a path, with an empty environment; exits
 * with its status, 128+N for signal N.
 */
#include "workload.h"

#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char *const none[] = { NULL };
	int status;
	pid_t pid;

	if (argc < 2)
		usage("vfork_exec COMMAND [ARG...]");
	pid = vfork();
	if (pid == 0) {
		(void)execve(argv[1], argv + 1, none);
		_exit(127);
	}
	if (pid < 0)
		cannot("vfork: refused");
	status = wait_for(pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
