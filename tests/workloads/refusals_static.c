/* SPDX-License-Identifier: MIT
 *
 * refusals_static - for a program without the preloaded witness: maps memory in three places, grows
 * the heap in one, and looks at the answers but for the second mapping.
 */
#include "workload.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BYTES ((size_t)1 << 20)

static char *map(void)
{
	return mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int say(const char *text)
{
	return write(STDERR_FILENO, text, strlen(text)) < 0 ? 2 : 1;
}

int main(void)
{
	char *first = map(), *second, *third;

	if (first == MAP_FAILED)
		return say("first refused\n");
	second = map();
	*(volatile char *)second = 1;
	third = map();
	if (third == MAP_FAILED)
		return say("third refused\n");
	if (sbrk((intptr_t)BYTES) == (void *)-1)
		return say("heap refused\n");
	return 0;
}
