/* SPDX-License-Identifier: MIT
 *
 * page_cache FILE SIZE - write SIZE bytes to FILE and read them back, then remove it: memory that
 * the kernel takes back at the limit without killing anybody.
 */
#include "workload.h"

#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char block[1 << 16] = { 1 };

	if (argc != 3)
		usage("page_cache FILE SIZE");

	size_t size = size_of(argv[2]);
	int fd = open(argv[1], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		cannot("%s", argv[1]);
	for (size_t done = 0; done < size; done += sizeof block)
		if (write(fd, block, sizeof block) != (ssize_t)sizeof block)
			cannot("write");
	if (lseek(fd, 0, SEEK_SET) < 0)
		cannot("lseek");
	for (size_t done = 0; done < size; done += sizeof block)
		if (read(fd, block, sizeof block) != (ssize_t)sizeof block)
			cannot("read");
	if (unlink(argv[1]) < 0)
		cannot("unlink");
	return 0;
}
