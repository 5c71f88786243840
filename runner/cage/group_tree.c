/* SPDX-License-Identifier: MIT
 *
 * group_tree.c - a group and all that is below it: whatever groups the workload has made there, its
 * processes are in ours.
 */
#include "cage/group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"

/* Each level costs two descriptors while we are in it. */
#define DEPTH_MAX 64

/* File systems of the kernel count a directory's name, its "." and each ".." below. */
static bool has_none_below(int directory)
{
	struct stat facts;

	return fstat(directory, &facts) == 0 && facts.st_nlink == 2;
}

/* Calls visit for the directory and each one below it, deepest first. Stops at a negative result.
 */
static int for_each_below(
	int directory, unsigned depth, int (*visit)(int, unsigned, void *), void *data)
{
	int copy, result = 0;
	struct dirent *entry;
	DIR *entries;

	if (has_none_below(directory))
		return visit(directory, depth, data);
	copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	entries = copy < 0 ? NULL : fdopendir(copy);
	if (entries == NULL) {
		result = -errno;
		fd_close(&copy);
		return result;
	}
	while (result >= 0 && (entry = readdir(entries)) != NULL) {
		cleanup_fd int below = -1;

		if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0)
			continue;
		below = openat(directory, entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (below >= 0 && depth < DEPTH_MAX)
			result = for_each_below(below, depth + 1, visit, data);
		else if (below >= 0 || errno != ENOENT)
			result = below >= 0 ? -ELOOP
					    : -errno; /* never pass over a group in silence */
	}
	(void)closedir(entries);
	return result < 0 ? result : visit(directory, depth, data);
}

struct process_visit {
	int count;
	pid_t look_for; /* 0: nobody */
	bool found;
	int signal;  /* 0: none */
	pid_t *list; /* NULL: not wanted */
	int list_size;
};

static void visit_process(struct process_visit *visit, const char *line)
{
	uint64_t pid;

	if (parse_number(line, &pid) < 0)
		return;
	if (visit->list != NULL && pid > 0 && visit->count < visit->list_size)
		visit->list[visit->count] = (pid_t)pid;
	else if (visit->list != NULL)
		return;
	visit->count++;
	visit->found = visit->found || (visit->look_for != 0 && pid == (uint64_t)visit->look_for);
	/* 0 is a process outside our pid namespace: there is no way to signal it from here */
	if (visit->signal != 0 && pid > 0)
		(void)kill((pid_t)pid, visit->signal); /* gone already is as good */
}

/* Reads cgroup.procs line by line: it can be longer than any buffer. */
static int visit_processes(int directory, unsigned depth, void *data)
{
	cleanup_fd int fd = openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char text[4096], *line, *newline;
	size_t kept = 0;
	ssize_t got;

	(void)depth;
	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	while ((got = read(fd, text + kept, sizeof(text) - kept)) > 0) {
		size_t length = kept + (size_t)got;

		for (line = text; (newline = memchr(line, '\n', length)) != NULL;
			line = newline + 1) {
			length -= (size_t)(newline + 1 - line);
			*newline = '\0';
			visit_process(data, line);
		}
		kept = length < TEXT_NUMBER_SIZE ? length : 0; /* a number is never longer */
		memmove(text, line, kept);
	}
	/* Removed meanwhile, or a threaded group, whose processes stand in a group above. */
	return got < 0 && errno != ENODEV && errno != EOPNOTSUPP ? -errno : 0;
}

int group_count_processes(const struct group *group)
{
	struct process_visit visit = { 0 };
	int result = for_each_below(group->directory, 0, visit_processes, &visit);

	return result < 0 ? result : visit.count;
}

int group_list_processes(const struct group *group, pid_t *list, int size)
{
	struct process_visit visit = { .list = list, .list_size = size };
	int result = for_each_below(group->directory, 0, visit_processes, &visit);

	return result < 0 ? result : visit.count;
}

bool group_holds(const struct group *group, pid_t pid)
{
	struct process_visit visit = { .look_for = pid };

	return for_each_below(group->directory, 0, visit_processes, &visit) == 0 && visit.found;
}

int group_kill(const struct group *group)
{
	struct process_visit visit = { .signal = SIGKILL };
	int result = group_write(group, "cgroup.kill", "1");

	if (result != -ENOENT && result != -EOPNOTSUPP)
		return result;
	/* No cgroup.kill (v1, or before 5.14). A frozen cage cannot fork while we go through it;
	 * the kill itself works on frozen processes once they are thawed. */
	(void)group_write(group, "cgroup.freeze", "1"); /* not there on v1 */
	result = for_each_below(group->directory, 0, visit_processes, &visit);
	(void)group_write(group, "cgroup.freeze", "0");
	return result;
}

bool group_is_empty(const struct group *group)
{
	struct counter populated = group_counter(group, "cgroup.events", "populated");

	if (populated.known)
		return populated.value == 0;
	return group_count_processes(group) == 0;
}

static int visit_remove(int directory, unsigned depth, void *data)
{
	char link[64], path[GROUP_PATH_SIZE];
	ssize_t length;

	(void)data;
	if (depth == 0)
		return 0; /* the group itself goes by its path */
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", directory);
	length = readlink(link, path, sizeof(path));
	if (length < 0)
		return -errno;
	if ((size_t)length == sizeof(path))
		return -ENAMETOOLONG; /* cut: another group's path, for all we know */
	path[length] = '\0';
	return rmdir(path) < 0 && errno != ENOENT ? -errno : 0;
}

int group_remove(struct group *group, unsigned timeout_ms)
{
	int result = 0;

	for (unsigned waited = 0;; waited++) {
		if (rmdir(group->path) == 0 || errno == ENOENT) {
			group_close(group);
			return 0;
		}
		result = -errno;
		if (result != -EBUSY && result != -ENOTEMPTY)
			return result;
		(void)for_each_below(group->directory, 0, visit_remove, NULL);
		if (waited >= timeout_ms)
			return result;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

struct sum_visit {
	const char *file, *key;
	struct counter sum;
};

static int visit_sum(int directory, unsigned depth, void *data)
{
	struct sum_visit *visit = data;
	struct group group = { .directory = directory };
	struct counter one;

	/* The group itself is not counted, but has to be there: a removed one has no groups below.
	 */
	if (depth == 0) {
		if (faccessat(directory, visit->file, R_OK, 0) < 0)
			visit->sum.known = false;
		return 0;
	}
	one = group_counter(&group, visit->file, visit->key);
	if (!one.known)
		visit->sum.known = false;
	visit->sum.value += one.value;
	return 0;
}

struct counter group_sum_below(const struct group *group, const char *file, const char *key)
{
	struct sum_visit visit = { .file = file, .key = key, .sum = { .known = true } };

	if (for_each_below(group->directory, 0, visit_sum, &visit) < 0)
		visit.sum.known = false;
	return visit.sum;
}

struct write_visit {
	const char *file, *text;
	int result;
};

static int visit_write(int directory, unsigned depth, void *data)
{
	struct write_visit *visit = data;
	int result = file_write(directory, visit->file, visit->text);

	(void)depth;
	if (result < 0 && visit->result == 0)
		visit->result = result;
	return 0; /* the others may still be reached */
}

int group_write_all(const struct group *group, const char *file, const char *text)
{
	struct write_visit visit = { .file = file, .text = text };
	int result = for_each_below(group->directory, 0, visit_write, &visit);

	return result < 0 ? result : visit.result;
}
