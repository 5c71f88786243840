/* SPDX-License-Identifier: MIT
 *
 * unkillable SIZE - take oneself out of the OOM killer's sight (needs CAP_SYS_RESOURCE), then use
 * SIZE bytes: at the limit the kernel finds nobody to kill and the program makes no progress.
 */
#include "workload.h"

#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		usage("unkillable SIZE");

	size_t size = size_of(argv[1]);
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "-1000", 5) != 5)
		cannot("/proc/self/oom_score_adj");
	(void)hog(size);
	return 0;
}
