/* SPDX-License-Identifier: MIT
 *
 * home_clean.c - find and remove what crashed runs left behind.
 */
#include <dirent.h>
#include <stdio.h>
#include <time.h>

#include "base/fd.h"
#include "base/ownership.h"
#include "cage/home.h"

#define EMPTY_TIMEOUT_MS 2000

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

		if (!is_own_name(entry->d_name))
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
