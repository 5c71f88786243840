/* SPDX-License-Identifier: MIT
 *
 * touch_pages SIZE [HOLD_MS] - use SIZE bytes of private memory, keep them for HOLD_MS, exit 0.
 */
#include "workload.h"

#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3)
		usage("touch_pages SIZE [HOLD_MS]");
	(void)hog(size_of(argv[1]));
	(void)printf("touched\n");
	(void)fflush(stdout);
	if (argc == 3)
		(void)usleep((useconds_t)number_of(argv[2]) * 1000);
	return 0;
}
