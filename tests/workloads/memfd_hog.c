/* SPDX-License-Identifier: MIT
 *
 * memfd_hog SIZE - write SIZE bytes into a memfd.
 */
#include "workload.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char block[1 << 16];

	if (argc != 2)
		usage("memfd_hog SIZE");

	size_t size = size_of(argv[1]);
	int fd = memfd_create("hog", MFD_CLOEXEC);

	if (fd < 0)
		cannot("memfd_create");
	/* private memory: pages of the program file would be evicted and read again, endlessly */
	memset(block, 1, sizeof block);
	for (size_t done = 0; done < size; done += sizeof block)
		if (write(fd, block, sizeof block) != (ssize_t)sizeof block)
			cannot("write");
	return 0;
}
