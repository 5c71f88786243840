/* SPDX-License-Identifier: MIT
 *
 * thread_mappings THREADS SIZE - each of THREADS threads maps and unmaps a page a hundred times,
 * then asks for SIZE bytes once. Prints how many were refused that; exits 0.
 */
#include "workload.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#define THREADS_MAX 64

static size_t size;
static atomic_int refused;

static void *map(size_t bytes)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void *work(void *unused)
{
	(void)unused;
	for (int i = 0; i < 100; i++) {
		void *page = map(4096);

		if (page == MAP_FAILED)
			cannot("a page was refused");
		touch(page, 4096);
		(void)munmap(page, 4096);
	}
	if (map(size) == MAP_FAILED)
		atomic_fetch_add(&refused, 1);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS_MAX];
	pthread_attr_t attributes;
	int count;

	if (argc != 3)
		usage("thread_mappings THREADS SIZE");
	count = number_of(argv[1]);
	size = size_of(argv[2]);
	if (count < 1 || count > THREADS_MAX || pthread_attr_init(&attributes) != 0 ||
		pthread_attr_setstacksize(&attributes, 64 << 10) != 0)
		usage("1 to 64 THREADS");
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], &attributes, work, NULL) != 0)
			cannot("a thread was refused");
	for (int i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
	(void)printf("%d refused\n", atomic_load(&refused));
	return 0;
}
