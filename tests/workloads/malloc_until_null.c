/* SPDX-License-Identifier: MIT
 *
 * malloc_until_null CHUNK [MAX [recover]] - malloc and touch CHUNK bytes again and again, up to MAX
 * (1G). Refused: says so and exits 1, or with "recover" frees everything and exits 0. Never
 * refused: exits 3.
 */
#include "workload.h"

#include <stdlib.h>
#include <string.h>

struct chunk {
	struct chunk *next;
};

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 4)
		usage("malloc_until_null CHUNK [MAX [recover]]");

	size_t size = size_of(argv[1]);
	size_t max = size_of(argc > 2 ? argv[2] : "1G");
	struct chunk *chunks = NULL;
	size_t total = 0;

	if (size < sizeof *chunks)
		usage("a CHUNK of at least 8 bytes");
	while (total < max) {
		struct chunk *chunk = malloc(size);
		if (chunk == NULL)
			break;
		touch(chunk, size);
		chunk->next = chunks;
		chunks = chunk;
		total += size;
	}
	while (chunks != NULL) {
		struct chunk *next = chunks->next;
		free(chunks);
		chunks = next;
	}
	if (total >= max)
		return 3;
	(void)fprintf(stderr, "refused after %zu bytes: Cannot allocate memory\n", total);
	return argc == 4 && strcmp(argv[3], "recover") == 0 ? 0 : 1;
}
