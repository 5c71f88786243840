/* SPDX-License-Identifier: MIT
 *
 * allocate.c - MODE: what a C program can meet at its limit. Built with several C libraries and
 * allocators, so it uses nothing of the project's own.
 *
 * caught    one huge request, refused; it carries on
 * uncaught  one huge request, refused; it gives up
 * grow      1 MiB after 1 MiB, touched, until one is refused; it gives up
 * near N    touches N MiB
 * threads   16 threads with small stacks, each with an arena and small blocks
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((size_t)1 << 20)
#define HUGE ((size_t)8000000000)
#define THREADS 16

static void *take(size_t bytes)
{
	unsigned char *memory = malloc(bytes);

	if (memory != NULL)
		for (size_t i = 0; i < bytes; i += 4096)
			((volatile unsigned char *)memory)[i] = 1;
	return memory;
}

static int grow(void)
{
	while (take(MIB) != NULL)
		;
	fputs("no more\n", stderr);
	return 3;
}

static int near_limit(const char *number)
{
	size_t mib = 0;

	for (; *number >= '0' && *number <= '9'; number++)
		mib = mib * 10 + (size_t)(*number - '0');
	for (; mib > 0; mib--)
		if (take(MIB) == NULL)
			return 3;
	return 0;
}

static void *one_thread(void *unused)
{
	(void)unused;
	for (int i = 0; i < 2000; i++) {
		void *memory = take(64 + (size_t)i * 8);

		if (memory == NULL)
			return "refused";
		free(memory);
	}
	return NULL;
}

static int threads(void)
{
	pthread_t all[THREADS];
	pthread_attr_t small;
	int refused = 0;

	if (pthread_attr_init(&small) != 0 || pthread_attr_setstacksize(&small, MIB / 4) != 0)
		return 4;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&all[i], &small, one_thread, NULL) != 0)
			return 4;
	for (int i = 0; i < THREADS; i++) {
		void *answer = NULL;

		if (pthread_join(all[i], &answer) != 0 || answer != NULL)
			refused = 1;
	}
	return refused ? 3 : 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (strcmp(mode, "caught") == 0)
		return take(HUGE) == NULL && take(MIB) != NULL ? 0 : 5;
	if (strcmp(mode, "uncaught") == 0)
		return take(HUGE) == NULL ? 3 : 5;
	if (strcmp(mode, "grow") == 0)
		return grow();
	if (strcmp(mode, "near") == 0 && argc > 2)
		return near_limit(argv[2]);
	if (strcmp(mode, "threads") == 0)
		return threads();
	return 125;
}
