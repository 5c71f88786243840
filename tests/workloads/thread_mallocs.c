/* SPDX-License-Identifier: MIT
 *
 * thread_mallocs THREADS - each of THREADS threads, all at once, is given a small block by malloc,
 * for which the C library tries to reserve an arena of its own. Exits 0 when all were.
 */
#include "workload.h"

#include <pthread.h>
#include <stdlib.h>

#define THREADS_MAX 64

static pthread_barrier_t all_there;

static void *work(void *unused)
{
	char *block;

	(void)unused;
	(void)pthread_barrier_wait(&all_there);
	block = checked_malloc(1000);
	touch(block, 1000);
	(void)pthread_barrier_wait(&all_there);
	free(block);
	return NULL;
}

int main(int argc, char **argv)
{
	int count = argc == 2 ? number_of(argv[1]) : 0;
	pthread_t threads[THREADS_MAX];
	pthread_attr_t attributes;

	if (count < 1 || count > THREADS_MAX || pthread_attr_init(&attributes) != 0 ||
		pthread_attr_setstacksize(&attributes, 64 << 10) != 0 ||
		pthread_barrier_init(&all_there, NULL, (unsigned)count) != 0)
		usage("thread_mallocs THREADS, 1 to 64 of them");
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], &attributes, work, NULL) != 0)
			cannot("a thread was refused");
	for (int i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
	return 0;
}
