/* SPDX-License-Identifier: MIT
 *
 * home_clean.c - find and remove what crashed runs left behind.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "cage/home.h"

#define EMPTY_TIMEOUT_MS 2000

/* Exactly what home.c makes: memcage-PID-RANDOM. Others may like names that begin so. */
static bool is_home_name(const char *name)
{
	static const char digits[] = "0123456789abcdef";
	size_t pid_length;

	if (strncmp(name, HOME_PREFIX, strlen(HOME_PREFIX)) != 0)
		return false;
	name += strlen(HOME_PREFIX);
	pid_length = strspn(name, "0123456789");
	return pid_length > 0 && name[pid_length] == '-' &&
	       strspn(name + pid_length + 1, digits) == 8 && name[pid_length + 9] == '\0';
}

/* The lock of a home that nobody uses, or -1. One that was made this moment has no lock yet, hence
 * the second look; should it take its maker longer, that finds it gone and makes another. */
static int lock_abandoned(const char *path)
{
	for (int look = 0;; look++) {
		cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
			return -1;
		if (look == 1)
			return fd_take(&fd);
		(void)flock(fd, LOCK_UN);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
}

static bool empty_and_remove(const char *path)
{
	struct group group = GROUP_NONE;
	bool removed;

	if (group_open(&group, path) < 0)
		return false;
	for (unsigned waited = 0; !group_is_empty(&group) && waited < EMPTY_TIMEOUT_MS; waited++) {
		(void)group_kill(&group);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	removed = group_remove(&group, 100) == 0;
	group_close(&group);
	return removed;
}

/* Calls found with the path of each home below a group that is left over; NULL only counts. */
static int for_each_abandoned(
	const struct hierarchy *hierarchy, const char *parent, bool (*found)(const char *path))
{
	char path[GROUP_PATH_SIZE], home[2 * GROUP_PATH_SIZE];
	struct dirent *entry;
	int count = 0;
	DIR *entries;

	place_path(hierarchy, parent, path, sizeof(path));
	entries = opendir(path);
	if (entries == NULL)
		return 0;
	while ((entry = readdir(entries)) != NULL) {
		cleanup_fd int lock = -1;

		if (!is_home_name(entry->d_name))
			continue;
		(void)snprintf(home, sizeof(home), "%s/%s", path, entry->d_name);
		lock = lock_abandoned(home);
		if (lock >= 0 && (found == NULL || found(home)))
			count++;
	}
	(void)closedir(entries);
	return count;
}

static int for_each_of_place(const struct place *place, bool (*found)(const char *path))
{
	int count = for_each_abandoned(place->memory, place->memory_parent, found);

	if (place->twin != NULL)
		count += for_each_abandoned(place->twin, place->twin_parent, found);
	if (place->pids != NULL)
		count += for_each_abandoned(place->pids, place->pids_parent, found);
	return count;
}

int home_clean(struct memcage_failure *reterr_failure)
{
	struct hierarchies hierarchies;
	struct place place;
	int result = hierarchies_find(&hierarchies, reterr_failure);

	if (result == 0)
		result = place_find(
			&hierarchies, MEMCAGE_BACKEND_AUTO, NULL, &place, reterr_failure);
	if (result < 0)
		return result;
	result = for_each_of_place(&place, empty_and_remove);
	place_leave(&place);
	return result;
}

int home_count_abandoned(const struct place *place)
{
	return for_each_of_place(place, NULL);
}
