/* SPDX-License-Identifier: MIT
 *
 * lying_stderr - print what programs print when memory runs out, and exit 1, having used none.
 */
#include "workload.h"

int main(void)
{
	(void)fprintf(stderr, "Traceback (most recent call last):\n"
			      "  File \"script.py\", line 1, in <module>\n"
			      "MemoryError\n"
			      "Memory cgroup out of memory: Killed process 1 (init)\n"
			      "Killed\n");
	return 1;
}
