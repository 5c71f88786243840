/* SPDX-License-Identifier: MIT
 *
 * setsid_survivors COUNT - leave COUNT processes behind, each in a session of its own and holding
 * standard output open, and exit 0 once all of them are there.
 */
#include "workload.h"

#include <unistd.h>

int main(int argc, char **argv)
{
	int ready[2];
	char byte;

	if (argc != 2)
		usage("setsid_survivors COUNT");

	int count = number_of(argv[1]);

	if (pipe(ready) < 0)
		cannot("pipe");
	for (int started = 0; started < count; started++) {
		if (checked_fork() > 0)
			continue;
		(void)setsid();
		(void)close(ready[0]);
		(void)close(ready[1]); /* the last close tells the parent */
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	while (read(ready[0], &byte, 1) > 0)
		continue;
	(void)printf("left %d\n", count);
	return 0;
}
