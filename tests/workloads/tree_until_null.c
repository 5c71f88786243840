/* SPDX-License-Identifier: MIT
 *
 * tree_until_null N SIZE - N processes that each take 1 MiB at a time, up to SIZE, and keep it
 * until all of them are through. Prints how many were refused something, and exits 5; 0 when none
 * was; 9 when one was killed.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workload.h"

#define PART ((size_t)1 << 20)

/* Exits 1 when it was refused, once nobody holds the other end of the pipe. */
static _Noreturn void take(size_t size, const int through[2], const int all[2])
{
	bool refused = false;
	char end;

	(void)close(all[1]);
	for (size_t had = 0; had < size && !refused; had += PART) {
		void *part = malloc(PART);

		refused = part == NULL;
		if (!refused)
			touch(part, PART);
	}
	(void)!write(through[1], "", 1);
	(void)!read(all[0], &end, 1);
	exit(refused ? 1 : 0);
}

int main(int argc, char **argv)
{
	int count = argc == 3 ? number_of(argv[1]) : 0, refused = 0, killed = 0, through[2], all[2];
	size_t size = argc == 3 ? size_of(argv[2]) : 0;
	char one;

	if (count < 1 || size == 0)
		usage("tree_until_null N SIZE");
	if (pipe(through) < 0 || pipe(all) < 0)
		cannot("pipe");
	for (int i = 0; i < count; i++)
		if (checked_fork() == 0)
			take(size, through, all);
	(void)close(through[1]);
	for (int i = 0; i < count && read(through[0], &one, 1) == 1; i++)
		;
	(void)close(all[1]);
	for (int i = 0, status; i < count; i++) {
		if (wait(&status) < 0)
			cannot("wait");
		killed += WIFSIGNALED(status);
		refused += WIFEXITED(status) && WEXITSTATUS(status) == 1;
	}
	(void)printf("%d refused\n", refused);
	return killed > 0 ? 9 : refused > 0 ? 5 : 0;
}
