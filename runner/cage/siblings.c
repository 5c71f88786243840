/* SPDX-License-Identifier: MIT */
#include "cage/siblings.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"

#define ROOM 4096 /* for pids of children; those that do not fit are seen the next time */

/* The pid namespace of a process, or 0. A dead one has it until it is reaped. */
static ino_t namespace_of(pid_t pid)
{
	char path[64];
	struct stat facts;

	text_format(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	return stat(path, &facts) == 0 ? facts.st_ino : 0;
}

/* Each of our threads has its own children. */
static void reap_of_thread(const char *thread, pid_t init, ino_t namespace)
{
	char path[64], text[ROOM];

	text_format(path, sizeof(path), "/proc/self/task/%.20s/children", thread);
	if (file_read(-1, path, text, sizeof(text)) < 0)
		return;
	for (char *rest = text, *word; (word = strsep(&rest, " ")) != NULL;) {
		uint64_t number;
		pid_t pid;

		if (parse_number(word, &number) < 0)
			continue; /* the empty one at the end */
		pid = (pid_t)number;
		if (pid != init && namespace_of(pid) == namespace)
			(void)waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOHANG | __WALL);
	}
}

void siblings_reap(pid_t init)
{
	ino_t namespace = namespace_of(init);
	DIR *threads = namespace != 0 ? opendir("/proc/self/task") : NULL;
	struct dirent *entry;

	while (threads != NULL && (entry = readdir(threads)) != NULL)
		if (entry->d_name[0] != '.')
			reap_of_thread(entry->d_name, init, namespace);
	if (threads != NULL)
		(void)closedir(threads);
}
