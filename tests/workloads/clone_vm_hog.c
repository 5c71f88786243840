/* SPDX-License-Identifier: MIT
 *
 * clone_vm_hog SIZE - a CLONE_VM child that is no thread uses SIZE bytes of the memory it shares
 * with its parent.
 */
#include "workload.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#define STACK_SIZE (1 << 16)

static int child_main(void *argument)
{
	const size_t *size = argument;

	(void)hog(*size);
	return 0;
}

int main(int argc, char **argv)
{
	static _Alignas(16) char stack[STACK_SIZE];

	if (argc != 2)
		usage("clone_vm_hog SIZE");

	size_t size = size_of(argv[1]);
	int child = clone(child_main, stack + STACK_SIZE, CLONE_VM | SIGCHLD, &size);

	if (child < 0)
		cannot("clone");
	(void)wait_for(child);
	return 0;
}
