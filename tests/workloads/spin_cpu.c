/* SPDX-License-Identifier: MIT
 *
 * spin_cpu SECONDS - use that much processor time, exit 0.
 */
#include "workload.h"

#include <time.h>

int main(int argc, char **argv)
{
	struct timespec used;

	if (argc != 2)
		usage("spin_cpu SECONDS");

	int seconds = number_of(argv[1]);

	do {
		if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) < 0)
			cannot("clock_gettime");
	} while (used.tv_sec < seconds);
	return 0;
}
