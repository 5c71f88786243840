/* SPDX-License-Identifier: MIT
 *
 * refusals_unchecked - asks for memory in fourteen places and looks at the answer in four of them.
 * Of the ten others eight crash on a refusal, one silently leaves out a line of its output, one
 * waits for better times that never come. For memcage sweep, which has to find just these ten.
 */
#include "workload.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BYTES 3000
#define PLACE __attribute__((noinline)) static void

PLACE one_malloc(void)
{
	char *memory = malloc(BYTES);

	touch(memory, BYTES);
	free(memory);
}

PLACE two_calloc(void)
{
	char *memory = calloc(BYTES, 2);

	touch(memory, BYTES);
	free(memory);
}

PLACE three_realloc(void)
{
	char *memory = checked_malloc(16);

	memory = realloc(memory, BYTES);
	touch(memory, BYTES);
	free(memory);
}

PLACE four_strdup(const char *text)
{
	char *copy = strdup(text);

	printf("%zu characters\n", strlen(copy));
	free(copy);
}

PLACE five_reallocarray(void)
{
	char *memory = reallocarray(NULL, BYTES, 3);

	touch(memory, BYTES);
	free(memory);
}

PLACE six_posix_memalign(void)
{
	void *memory = NULL;
	int ignored = posix_memalign(&memory, 64, BYTES);

	(void)ignored;
	touch(memory, BYTES);
	free(memory);
}

PLACE seven_fopen(void)
{
	FILE *file = fopen("/dev/null", "we");

	fputs("nothing\n", file);
	fclose(file);
}

PLACE eight_aligned_alloc(void)
{
	char *memory = aligned_alloc(64, 4096);

	touch(memory, 4096);
	free(memory);
}

PLACE nine_left_out(void)
{
	char *memory = malloc(BYTES);

	if (memory == NULL)
		return;
	touch(memory, BYTES);
	puts("the ninth line");
	free(memory);
}

PLACE ten_waits(void)
{
	char *memory = malloc(BYTES);

	while (memory == NULL)
		pause();
	touch(memory, BYTES);
	free(memory);
}

int main(int argc, char **argv)
{
	if (argc != 1)
		usage("refusals_unchecked");
	one_malloc();
	free(checked_malloc(BYTES));
	two_calloc();
	three_realloc();
	four_strdup(argv[0]);
	free(checked_malloc(BYTES));
	five_reallocarray();
	six_posix_memalign();
	seven_fopen();
	eight_aligned_alloc();
	nine_left_out();
	free(checked_malloc(BYTES));
	ten_waits();
	return 0;
}
