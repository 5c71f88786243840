/* SPDX-License-Identifier: MIT
 *
 * pipe_hog SIZE - fill pipes that nobody reads until SIZE bytes lie in them.
 */
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Fills one new pipe; how many bytes went in. */
static size_t fill_one(void)
{
	static char block[1 << 16];
	size_t filled = 0;
	int ends[2];
	ssize_t written;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		cannot("pipe2 (a larger SIZE than the descriptors allow?)");
	(void)fcntl(ends[1], F_SETPIPE_SZ, 1 << 20); /* fewer pipes where it is allowed */
	while ((written = write(ends[1], block, sizeof block)) > 0)
		filled += (size_t)written;
	if (errno != EAGAIN)
		cannot("write");
	return filled;
}

int main(int argc, char **argv)
{
	struct rlimit files;

	if (argc != 2)
		usage("pipe_hog SIZE");
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	for (size_t filled = 0, size = size_of(argv[1]); filled < size;)
		filled += fill_one();
	return 0;
}
