/* SPDX-License-Identifier: MIT */
#include "own_group.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workload.h"

#define PATH_SIZE 4096

/* The hierarchies that may hold the memory controller, the more specific first. */
static const struct {
	const char *line; /* what stands before the path in /proc/self/cgroup */
	const char *mount;
	bool is_v2;
} hierarchies[] = {
	{ ":memory:", "/sys/fs/cgroup/memory", false },
	{ "0::", "/sys/fs/cgroup", true },
};

struct own_group own_group(void)
{
	static char text[PATH_SIZE];
	static char path[2 * PATH_SIZE];
	FILE *file = fopen("/proc/self/cgroup", "re");

	if (file == NULL)
		cannot("/proc/self/cgroup");
	size_t length = fread(text, 1, sizeof text - 1, file);
	(void)fclose(file);
	text[length] = '\0';

	for (size_t at = 0; at < sizeof hierarchies / sizeof hierarchies[0]; at++) {
		const char *start = strstr(text, hierarchies[at].line);
		if (start == NULL)
			continue;
		start += strlen(hierarchies[at].line);
		(void)snprintf(path, sizeof path, "%s%.*s", hierarchies[at].mount,
			(int)strcspn(start, "\n"), start);
		int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (directory >= 0)
			return (struct own_group){ directory, hierarchies[at].is_v2 };
	}
	cannot("own memory cgroup");
}

void group_write(struct own_group group, const char *file, const char *text)
{
	int fd = openat(group.directory, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		cannot("%s", file);
	(void)close(fd);
}
