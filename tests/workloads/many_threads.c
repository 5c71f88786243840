/* SPDX-License-Identifier: MIT
 *
 * many_threads N [TOUCH] - starts N threads that do nothing, waits for them, exits 0; 1 where one
 * cannot be started. Each has a stack of 8 MiB and touches a page or two of it, or TOUCH bytes and
 * keeps them for a minute; then the next one waits until it has.
 */
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include "workload.h"

#define STACK_BYTES ((size_t)8 << 20)

static size_t touched;
static sem_t through;

static void *rest(void *nothing)
{
	if (touched > 0)
		touch(__builtin_alloca(touched), touched);
	(void)sem_post(&through);
	(void)usleep(touched > 0 ? 60000000 : 200000);
	return nothing;
}

int main(int argc, char **argv)
{
	pthread_t threads[256];
	pthread_attr_t attributes;
	int count = argc == 2 || argc == 3 ? number_of(argv[1]) : 0;

	touched = argc == 3 ? size_of(argv[2]) : 0;
	if (count < 1 || count > 256 || touched > STACK_BYTES / 2 ||
		pthread_attr_init(&attributes) != 0 ||
		pthread_attr_setstacksize(&attributes, STACK_BYTES) != 0)
		usage("many_threads N [TOUCH]");
	if (sem_init(&through, 0, 0) < 0)
		cannot("sem_init");
	for (int i = 0; i < count; i++) {
		if (pthread_create(&threads[i], &attributes, rest, NULL) != 0)
			return 1;
		while (touched > 0 && sem_wait(&through) < 0)
			;
	}
	for (int i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
	return 0;
}
