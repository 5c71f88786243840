/* SPDX-License-Identifier: MIT
 *
 * reserve_only SIZE - reserve address space as runtimes do, inaccessible and without a promise of
 * memory, and touch none of it. Refused: exits 1.
 */
#include "workload.h"

#include <sys/mman.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		usage("reserve_only SIZE");

	size_t size = size_of(argv[1]);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	void *hidden = mmap(NULL, size, PROT_NONE, flags, -1, 0);
	void *unbacked = mmap(NULL, size, PROT_NONE, flags | MAP_NORESERVE, -1, 0);

	if (hidden == MAP_FAILED || unbacked == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	return 0;
}
