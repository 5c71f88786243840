/* SPDX-License-Identifier: MIT
 *
 * grandchild_hog SIZE [STATUS] - a grandchild uses SIZE bytes; whatever becomes of it, the child
 * exits 0 and the main process exits STATUS (0).
 */
#include "workload.h"

#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3)
		usage("grandchild_hog SIZE [STATUS]");

	size_t size = size_of(argv[1]);
	int child = checked_fork();

	if (child == 0) {
		int grandchild = checked_fork();
		if (grandchild == 0) {
			(void)hog(size);
			_exit(0);
		}
		(void)wait_for(grandchild);
		_exit(0);
	}
	(void)wait_for(child);
	return argc == 3 ? number_of(argv[2]) : 0;
}
