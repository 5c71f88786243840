/* SPDX-License-Identifier: MIT
 *
 * malloc_pairs.c - what one malloc() with its free() costs.
 *
 * malloc_pairs PAIRS [KIND] prints for each kind of size, or the one named, a line "KIND
 * NANOSECONDS": user and system CPU time of one pair. Under callgrind, pairs() is the function to
 * collect in.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LIVE 256 /* blocks that are in use at one time */

struct kind {
	const char *name;
	size_t least, most;
};

static const struct kind kinds[] = {
	{ "32", 32, 32 },
	{ "4096", 4096, 4096 },
	{ "random", 1, 8192 },
};

static void *live[LIVE];
static size_t sizes[4096];

static void choose_sizes(const struct kind *kind)
{
	uint32_t random = 12345;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		random = random * 1664525 + 1013904223;
		sizes[i] = kind->least + (random >> 8) % (kind->most - kind->least + 1);
	}
}

__attribute__((noinline)) void pairs(unsigned long count);

void pairs(unsigned long count)
{
	for (unsigned long i = 0; i < count; i++) {
		void **slot = &live[i % LIVE];

		free(*slot);
		*slot = malloc(sizes[i % (sizeof(sizes) / sizeof(*sizes))]);
	}
}

static double cpu_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
	unsigned long count = 0;

	if (argc < 2 || sscanf(argv[1], "%lu", &count) != 1 || count == 0)
		return 2;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		double begin;

		if (argc > 2 && strcmp(argv[2], kinds[i].name) != 0)
			continue;
		choose_sizes(&kinds[i]);
		begin = cpu_ns();
		pairs(count);
		printf("%s %.4f\n", kinds[i].name, (cpu_ns() - begin) / (double)count);
	}
	return 0;
}
