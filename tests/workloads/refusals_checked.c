/* SPDX-License-Identifier: MIT
 *
 * refusals_checked - asks for memory in many ways, in itself and in a child, and looks at every
 * answer: each refusal is told on standard error with exit 1, or lived with. memcage sweep has
 * nothing to find here.
 */
#include "workload.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BYTES 3000

static void *checked(void *memory)
{
	if (memory == NULL || memory == MAP_FAILED) {
		fputs("refusals_checked: no memory\n", stderr);
		exit(1);
	}
	return memory;
}

static void ask(void)
{
	char *memory = checked(malloc(BYTES)), *optional = malloc(BYTES);
	void *aligned = NULL;
	FILE *file;

	touch(memory, BYTES);
	memory = checked(realloc(memory, (size_t)2 * BYTES));
	touch(memory, (size_t)2 * BYTES);
	free(memory);
	free(optional);
	free(checked(calloc(BYTES, 2)));
	free(checked(strdup("text")));
	free(checked(posix_memalign(&aligned, 64, BYTES) == 0 ? aligned : NULL));
	(void)munmap(checked(mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0)),
		BYTES);
	file = checked(fopen("/dev/null", "we"));
	(void)fclose(file);
}

int main(int argc, char **argv)
{
	int child;

	(void)argv;
	if (argc != 1)
		usage("refusals_checked");
	ask();
	child = checked_fork();
	if (child == 0) {
		ask();
		_exit(0);
	}
	if (wait_for(child) != 0)
		return 1;
	puts("done");
	return 0;
}
