/* SPDX-License-Identifier: MIT
 *
 * nested_calls SIZE [thread|vfork|wrapper] - asks for SIZE bytes some calls deep, in the main
 * thread, in another one, in a vforked child, or through a function that all allocations of the
 * program go through. Exits 1 when refused, 0 when granted.
 */
#include "workload.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t asked;

__attribute__((noinline)) static void *xmalloc(size_t size)
{
	void *memory = malloc(size); /* in the wrapper */

	if (memory != NULL)
		*(volatile char *)memory = 1;
	return memory;
}

/* The wrapper's caller is known by name and line only when it does not tail-call it. */
__attribute__((noinline)) static int ask_wrapper(size_t size)
{
	void *memory = xmalloc(size); /* through the wrapper */

	free(memory);
	return memory == NULL;
}

__attribute__((noinline)) static int ask(size_t size)
{
	void *memory = malloc(size); /* directly */

	free(memory);
	return memory == NULL;
}

__attribute__((noinline)) static int middle(size_t size)
{
	int refused = ask(size); /* from the middle */

	return refused != 0;
}

static void *in_thread(void *data)
{
	int *refused = data;

	*refused = middle(asked); /* in a thread */
	return NULL;
}

static int with_thread(size_t size)
{
	pthread_t thread;
	int refused = 2;

	asked = size;
	if (pthread_create(&thread, NULL, in_thread, &refused) != 0 ||
		pthread_join(thread, NULL) != 0)
		return 3;
	return refused;
}

static int with_vfork(size_t size)
{
	int status;
	pid_t child = vfork();

	if (child == 0)
		_exit(middle(size)); /* in a vforked child */
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return 3;
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*ask)(size_t);
	} ways[] = {
		{ "directly", middle },
		{ "thread", with_thread },
		{ "vfork", with_vfork },
		{ "wrapper", ask_wrapper },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways) && (argc == 2 || argc == 3); i++)
		if (strcmp(argc == 3 ? argv[2] : "directly", ways[i].name) == 0)
			return ways[i].ask(size_of(argv[1]));
	usage("nested_calls SIZE [thread|vfork|wrapper]");
}
