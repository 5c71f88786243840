/* SPDX-License-Identifier: MIT
 *
 * vfork_hog SIZE - a vfork(2) child, which shares its parent's memory, uses SIZE bytes before it
 * would execute anything. Both processes die of one kill.
 */
#include "workload.h"

#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		usage("vfork_hog SIZE");

	size_t size = size_of(argv[1]);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		cannot("mmap");
	int child = vfork();
	if (child < 0)
		cannot("vfork");
	if (child == 0) {
		touch(memory, size);
		_exit(0);
	}
	(void)wait_for(child);
	return 0;
}
