/* SPDX-License-Identifier: MIT
 *
 * oom_killer_off SIZE - switch the OOM killer of one's own group off (cgroup v1 can do that), then
 * use SIZE bytes: at the limit the program sleeps in the kernel until somebody ends it.
 */
#include "workload.h"

#include "own_group.h"

int main(int argc, char **argv)
{
	if (argc != 2)
		usage("oom_killer_off SIZE");

	size_t size = size_of(argv[1]);

	group_write(own_group(), "memory.oom_control", "1");
	(void)hog(size);
	return 0;
}
