/* SPDX-License-Identifier: MIT
 *
 * kill_self SIGNAL [SIZE] - use SIZE bytes, then end by a signal of one's own.
 */
#include "workload.h"

#include <signal.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3)
		usage("kill_self SIGNAL [SIZE]");
	if (argc == 3)
		(void)hog(size_of(argv[2]));
	if (kill(getpid(), number_of(argv[1])) < 0)
		cannot("kill");
	(void)pause();
	return 2;
}
