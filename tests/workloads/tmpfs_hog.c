/* SPDX-License-Identifier: MIT
 *
 * tmpfs_hog DIRECTORY SIZE - write SIZE bytes into a nameless file of a tmpfs.
 */
#include "workload.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char block[1 << 16];

	if (argc != 3)
		usage("tmpfs_hog DIRECTORY SIZE");

	size_t size = size_of(argv[2]);
	int fd = open(argv[1], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		cannot("%s", argv[1]);
	/* private memory: pages of the program file would be evicted and read again, endlessly */
	memset(block, 1, sizeof block);
	for (size_t done = 0; done < size; done += sizeof block)
		if (write(fd, block, sizeof block) != (ssize_t)sizeof block)
			cannot("write");
	return 0;
}
