/* SPDX-License-Identifier: MIT
 *
 * many_threads N - starts N threads that do nothing, waits for them, exits 0; 1 where one cannot be
 * started. Each has a stack of the usual size and touches a page or two of it.
 */
#include <pthread.h>
#include <unistd.h>

#include "workload.h"

static void *rest(void *nothing)
{
	(void)usleep(200000);
	return nothing;
}

int main(int argc, char **argv)
{
	pthread_t threads[256];
	int count = argc == 2 ? number_of(argv[1]) : 0;

	if (count < 1 || count > 256)
		usage("many_threads N");
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, rest, NULL) != 0)
			return 1;
	for (int i = 0; i < count; i++)
		(void)pthread_join(threads[i], NULL);
	return 0;
}
