/* SPDX-License-Identifier: MIT
 *
 * grow_again freed|unmapped|discarded|reserved SIZE - has more memory than it keeps, then takes 1
 * MiB at a time until it is refused, and exits 1. Before that: SIZE was touched and freed; was
 * mapped in parts, not touched, and unmapped again; was touched and given back by madvise(); or is
 * mapped and never touched.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "workload.h"

#define PART ((size_t)4 << 20)
#define PARTS_MAX 1024

static void *parts[PARTS_MAX];

static void *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		cannot("mmap");
	return memory;
}

static void before(const char *what, size_t size)
{
	size_t count = size / PART;

	if (count > PARTS_MAX)
		usage("grow_again: at most 4G");
	for (size_t i = 0; i < count; i++) {
		parts[i] = strcmp(what, "freed") == 0 ? checked_malloc(PART) : map(PART);
		if (strcmp(what, "freed") == 0 || strcmp(what, "discarded") == 0)
			touch(parts[i], PART);
	}
	for (size_t i = 0; i < count; i++) {
		if (strcmp(what, "freed") == 0)
			free(parts[i]);
		else if (strcmp(what, "unmapped") == 0)
			(void)munmap(parts[i], PART);
		else if (strcmp(what, "discarded") == 0)
			(void)madvise(parts[i], PART, MADV_DONTNEED);
	}
}

int main(int argc, char **argv)
{
	if (argc != 3)
		usage("grow_again freed|unmapped|discarded|reserved SIZE");
	before(argv[1], size_of(argv[2]));
	(void)usleep(100000);
	for (;;)
		touch(checked_malloc((size_t)1 << 20), (size_t)1 << 20);
}
