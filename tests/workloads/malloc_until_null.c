/* SPDX-License-Identifier: MIT
 *
 * malloc_until_null CHUNK [MAX [recover|slowly]] - malloc and touch CHUNK bytes again and again, up
 * to MAX (1G), "slowly" with 2 ms between them. Refused: says so and exits 1, or with "recover"
 * frees everything and exits 0. Never refused: exits 3.
 */
#include "workload.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct chunk {
	struct chunk *next;
};

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 4)
		usage("malloc_until_null CHUNK [MAX [recover|slowly]]");

	size_t size = size_of(argv[1]);
	size_t max = size_of(argc > 2 ? argv[2] : "1G");
	bool slowly = argc == 4 && strcmp(argv[3], "slowly") == 0;
	struct chunk *chunks = NULL;
	size_t total = 0;

	if (size < sizeof *chunks)
		usage("a CHUNK of at least 8 bytes");
	while (total < max) {
		struct chunk *chunk = malloc(size);
		if (chunk == NULL)
			break;
		touch(chunk, size);
		if (slowly)
			(void)usleep(2000);
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
