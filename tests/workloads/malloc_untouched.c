/* SPDX-License-Identifier: MIT
 *
 * malloc_untouched N SIZE [touch] - N times malloc(SIZE), none of it touched; with "touch" all of
 * it afterwards. Refused: exits 1 with the C library's words.
 */
#include <stdbool.h>
#include <string.h>

#include "workload.h"

#define PARTS_MAX 1024

int main(int argc, char **argv)
{
	static void *parts[PARTS_MAX];
	int count = argc == 3 || argc == 4 ? number_of(argv[1]) : 0;
	size_t size = count > 0 ? size_of(argv[2]) : 0;
	bool later = argc == 4 && strcmp(argv[3], "touch") == 0;

	if (size == 0 || count > PARTS_MAX || (argc == 4 && !later))
		usage("malloc_untouched N SIZE [touch]");
	for (int i = 0; i < count; i++)
		parts[i] = checked_malloc(size);
	for (int i = 0; i < count && later; i++)
		touch(parts[i], size);
	return 0;
}
