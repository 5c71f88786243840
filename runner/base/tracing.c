/* SPDX-License-Identifier: MIT */
#include "base/tracing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "base/text.h"

#define PATH_SIZE 512
#define BUSY_PATIENCE_MS 1000

static const char *const mounts[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

/* NULL where there is none. */
static const char *mount_point(void)
{
	char path[PATH_SIZE];

	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		(void)snprintf(path, sizeof(path), "%s/instances", mounts[i]);
		if (access(path, F_OK) == 0 || errno == EACCES)
			return mounts[i];
	}
	return NULL;
}

static void path_of(const char *file, const char *name, char path[static PATH_SIZE])
{
	const char *mount = mount_point();

	(void)snprintf(path, PATH_SIZE, "%s/%s%s", mount != NULL ? mount : mounts[0], file, name);
}

static void group_of(const char *name, char group[static OWN_NAME_SIZE])
{
	text_copy(group, OWN_NAME_SIZE, name);
	for (char *at = group; *at != '\0'; at++)
		if (*at == '-')
			*at = '_';
}

int tracing_possible(struct memcage_failure *reterr_failure)
{
	char path[PATH_SIZE];

	if (geteuid() != 0)
		return failure_set(
			reterr_failure, EPERM, "probes in runtimes need root: run memcage as root");
	if (mount_point() == NULL)
		return failure_set(reterr_failure, ENOENT,
			"probes in runtimes need tracefs: mount -t tracefs none "
			"/sys/kernel/tracing, on a kernel with CONFIG_UPROBE_EVENTS");
	path_of("uprobe_events", "", path);
	if (access(path, W_OK) < 0)
		return failure_errno(reterr_failure, errno,
			"probes in runtimes need a kernel with CONFIG_UPROBE_EVENTS that is not "
			"locked down: %s",
			path);
	return 0;
}

static int make(struct tracing *tracing)
{
	char path[PATH_SIZE];
	int result = own_name_make(tracing->name);

	if (result < 0)
		return result;
	group_of(tracing->name, tracing->group);
	path_of("instances/", tracing->name, path);
	if (mkdir(path, 0700) < 0) {
		result = -errno;
		tracing->name[0] = '\0';
		return result;
	}
	tracing->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (tracing->directory < 0)
		return -errno;
	while (flock(tracing->directory, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	return access(path, F_OK) < 0 ? -errno : 0; /* a cleaner may have been faster */
}

int tracing_open(struct tracing *ret_tracing, struct memcage_failure *reterr_failure)
{
	int result = tracing_possible(reterr_failure);

	*ret_tracing = TRACING_NONE;
	if (result < 0)
		return result;
	result = make(ret_tracing);
	if (result < 0) {
		tracing_close(ret_tracing);
		return failure_errno(reterr_failure, -result, "make a tracing instance");
	}
	return 0;
}

int tracing_define(const struct tracing *tracing, const char *lines)
{
	char path[PATH_SIZE];

	(void)tracing;
	path_of("uprobe_events", "", path);
	return file_write(AT_FDCWD, path, lines); /* adds: it opens without O_TRUNC */
}

/* Events can go only when no instance has them in use. */
static void remove_events(const char *group)
{
	char path[PATH_SIZE], line[OWN_NAME_SIZE + 8];

	path_of("uprobe_events", "", path);
	(void)snprintf(line, sizeof(line), "-:%s/\n", group);
	(void)file_write(AT_FDCWD, path, line);
}

void tracing_remove(const char *name)
{
	char path[PATH_SIZE], group[OWN_NAME_SIZE];

	if (!is_own_name(name))
		return;
	path_of("instances/", name, path);
	for (int waited = 0; rmdir(path) < 0 && errno == EBUSY && waited < BUSY_PATIENCE_MS;
		waited++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	group_of(name, group);
	remove_events(group);
}

void tracing_close(struct tracing *tracing)
{
	/* The lock goes last: nobody else shall take it for abandoned. */
	if (tracing->name[0] != '\0')
		tracing_remove(tracing->name);
	fd_close(&tracing->directory);
	*tracing = TRACING_NONE;
}

/* ---- what crashed runs left ---- */

static int for_each_instance(void (*found)(const char *name))
{
	char path[PATH_SIZE];
	struct dirent *entry;
	DIR *entries;
	int count = 0;

	path_of("instances", "", path);
	entries = opendir(path);
	if (entries == NULL)
		return 0;
	while ((entry = readdir(entries)) != NULL) {
		cleanup_fd int lock = -1;

		if (!is_own_name(entry->d_name))
			continue;
		path_of("instances/", entry->d_name, path);
		lock = lock_abandoned(path);
		if (lock < 0)
			continue;
		count++;
		if (found != NULL)
			found(entry->d_name);
	}
	(void)closedir(entries);
	return count;
}

/* "p:memcage_12_0123abcd/e0 /usr/bin/x:0x10": the name of the instance that it belonged to. */
static bool owner_of_line(const char *line, char ret_name[static OWN_NAME_SIZE])
{
	const char *slash;

	if (strncmp(line, "p:", 2) != 0 || (slash = strchr(line, '/')) == NULL ||
		slash - line - 2 >= OWN_NAME_SIZE)
		return false;
	text_copy(ret_name, (size_t)(slash - line - 2) + 1, line + 2);
	for (char *at = ret_name; *at != '\0'; at++)
		if (*at == '_')
			*at = '-';
	return is_own_name(ret_name);
}

/* Events are made after their instance and removed after it: those without one have no owner. */
static int for_each_group(void (*found)(const char *name))
{
	char path[PATH_SIZE], line[1024], name[OWN_NAME_SIZE], last[OWN_NAME_SIZE] = "";
	int count = 0;
	FILE *events;

	path_of("uprobe_events", "", path);
	events = fopen(path, "re");
	while (events != NULL && fgets(line, sizeof(line), events) != NULL) {
		if (!owner_of_line(line, name) || strcmp(name, last) == 0)
			continue;
		text_copy(last, sizeof(last), name);
		path_of("instances/", name, path);
		if (access(path, F_OK) == 0)
			continue;
		count++;
		if (found != NULL)
			found(name);
	}
	if (events != NULL)
		(void)fclose(events);
	return count;
}

int tracing_clean(void)
{
	int count = for_each_instance(tracing_remove);

	return count + for_each_group(tracing_remove);
}

int tracing_count_abandoned(void)
{
	return for_each_instance(NULL) + for_each_group(NULL);
}
