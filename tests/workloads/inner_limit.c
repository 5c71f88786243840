/* SPDX-License-Identifier: MIT
 *
 * inner_limit LIMIT SIZE - make a group with LIMIT inside one's own group and let a child use SIZE
 * bytes there; exit 0 whatever becomes of it. The groups are left behind for the cage to clear.
 */
#include "workload.h"

#include <sys/stat.h>
#include <unistd.h>

#include "own_group.h"

static void make_group(struct own_group group, const char *name)
{
	if (mkdirat(group.directory, name, 0755) < 0)
		cannot("mkdir %s", name);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		usage("inner_limit LIMIT SIZE");

	size_t size = size_of(argv[2]);
	struct own_group group = own_group();
	char limit[32];

	(void)snprintf(limit, sizeof limit, "%zu", size_of(argv[1]));
	if (group.is_v2) {
		/* a group that hands its memory controller down may hold no process itself */
		make_group(group, "main");
		group_write(group, "main/cgroup.procs", "0");
		group_write(group, "cgroup.subtree_control", "+memory");
	}
	make_group(group, "inner");
	group_write(group, group.is_v2 ? "inner/memory.max" : "inner/memory.limit_in_bytes", limit);

	int child = checked_fork();
	if (child == 0) {
		group_write(group, "inner/cgroup.procs", "0");
		(void)hog(size);
		_exit(0);
	}
	(void)wait_for(child);
	return 0;
}
