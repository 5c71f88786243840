/* SPDX-License-Identifier: MIT
 *
 * malloc_once SIZE [unchecked] - one malloc of SIZE bytes, touched. Refused: exits 1 with the C
 * library's words, or with "unchecked" writes through the null pointer as careless programs do.
 */
#include "workload.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3)
		usage("malloc_once SIZE [unchecked]");

	size_t size = size_of(argv[1]);
	char *memory = argc == 3 ? malloc(size) : checked_malloc(size);

	touch(memory, size);
	free(memory);
	return 0;
}
