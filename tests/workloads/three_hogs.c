/* SPDX-License-Identifier: MIT
 *
 * three_hogs SMALL LARGE - three processes: a child keeps SMALL bytes, then another one touches
 * LARGE bytes; the main process waits for it and exits with its status, or 1 where it was killed.
 */
#include "workload.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int ready[2], small, large, status;
	char byte;

	if (argc != 3)
		usage("three_hogs SMALL LARGE");
	if (pipe(ready) < 0)
		cannot("make a pipe");
	small = checked_fork();
	if (small == 0) {
		(void)hog(size_of(argv[1]));
		(void)!write(ready[1], "", 1);
		(void)pause();
		_exit(0);
	}
	if (read(ready[0], &byte, 1) != 1)
		cannot("hear of the first child");
	large = checked_fork();
	if (large == 0) {
		(void)hog(size_of(argv[2]));
		_exit(0);
	}
	status = wait_for(large);
	(void)kill(small, SIGKILL);
	(void)wait_for(small);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
