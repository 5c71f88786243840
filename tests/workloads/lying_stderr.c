/* SPDX-License-Identifier: MIT
 *
 * lying_stderr [TEXT STATUS|abort] - print what programs print when memory runs out, and end as
 * they do (without arguments: exit 1), having used none.
 */
#include <stdlib.h>
#include <string.h>

#include "workload.h"

int main(int argc, char **argv)
{
	if (argc > 2) {
		(void)fprintf(stderr, "%s\n", argv[1]);
		if (strcmp(argv[2], "abort") == 0)
			abort();
		return number_of(argv[2]);
	}
	(void)fprintf(stderr, "Traceback (most recent call last):\n"
			      "  File \"script.py\", line 1, in <module>\n"
			      "MemoryError\n"
			      "Memory cgroup out of memory: Killed process 1 (init)\n"
			      "Killed\n");
	return 1;
}
