/* SPDX-License-Identifier: MIT
 *
 * refused_flood COUNT SIZE - asks COUNT times for a mapping of SIZE bytes, and exits 0 when each
 * was refused, 1 when one was granted.
 */
#include "workload.h"

#include <sys/mman.h>

int main(int argc, char **argv)
{
	int count = argc == 3 ? number_of(argv[1]) : 0;

	if (count < 1)
		usage("refused_flood COUNT SIZE");
	for (int i = 0; i < count; i++)
		if (mmap(NULL, size_of(argv[2]), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
			return 1;
	return 0;
}
