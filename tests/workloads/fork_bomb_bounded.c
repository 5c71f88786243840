/* SPDX-License-Identifier: MIT
 *
 * fork_bomb_bounded COUNT - have COUNT children at the same time. All there: exits 0. Refused: says
 * so and exits 1. The children end with the run.
 */
#include "workload.h"

#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		usage("fork_bomb_bounded COUNT");
	for (int left = number_of(argv[1]); left > 0; left--) {
		int child = fork();
		if (child < 0) {
			perror("fork");
			return 1;
		}
		if (child == 0)
			for (;;)
				(void)pause();
	}
	return 0;
}
