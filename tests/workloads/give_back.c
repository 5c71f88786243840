/* SPDX-License-Identifier: MIT
 *
 * give_back SIZE - takes and touches SIZE at a time until it is refused, frees everything, waits a
 * moment, and takes half as much again. Exits 0 when that is granted: what refused it has let go.
 */
#include <stdlib.h>
#include <unistd.h>

#include "workload.h"

#define PARTS_MAX 4096

int main(int argc, char **argv)
{
	static void *parts[PARTS_MAX];
	size_t size = argc == 2 ? size_of(argv[1]) : 0;
	int count = 0;

	if (size == 0)
		usage("give_back SIZE");
	while (count < PARTS_MAX && (parts[count] = malloc(size)) != NULL)
		touch(parts[count++], size);
	if (count == PARTS_MAX)
		cannot("nothing was refused");
	for (int i = 0; i < count; i++)
		free(parts[i]);
	(void)usleep(300000);
	for (int i = 0; i < count / 2; i++)
		touch(checked_malloc(size), size);
	return 0;
}
