/* SPDX-License-Identifier: MIT
 *
 * print_bytes COUNT [stderr] - write exactly COUNT bytes, the letters a to z over and over.
 */
#include "workload.h"

#include <string.h>
#include <unistd.h>

#define LETTERS 26
#define BLOCK_SIZE (LETTERS * 2500)

int main(int argc, char **argv)
{
	static char block[BLOCK_SIZE];

	if (argc < 2 || argc > 3)
		usage("print_bytes COUNT [stderr]");

	size_t count = size_of(argv[1]);
	int fd = argc == 3 ? STDERR_FILENO : STDOUT_FILENO;

	for (size_t at = 0; at < sizeof block; at++)
		block[at] = (char)('a' + at % LETTERS);
	for (size_t done = 0; done < count;) {
		size_t offset = done % LETTERS;
		size_t length = sizeof block - offset;
		ssize_t written = write(
			fd, block + offset, length < count - done ? length : count - done);
		if (written < 0)
			cannot("write");
		done += (size_t)written;
	}
	return 0;
}
