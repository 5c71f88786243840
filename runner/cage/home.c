/* SPDX-License-Identifier: MIT */
#include "cage/home.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "base/ownership.h"
#include "base/text.h"
#include "cage/libcgroup.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct home *homes;

static int path_of(const struct hierarchy *hierarchy, const char *parent, const char *name,
	char path[GROUP_PATH_SIZE])
{
	int length = snprintf(path, GROUP_PATH_SIZE, "%s%s/%s", hierarchy->mount, parent, name);

	return length < 0 || length >= GROUP_PATH_SIZE ? -ENAMETOOLONG : 0;
}

/* Nobody but a cleaner ever holds this lock beside us, and only for a moment. When that one was
 * faster and took the fresh directory for a leftover, it is gone: -ESTALE. The group's descriptor
 * is the one that holds the lock. */
static int open_locked(struct group *group, const char *path)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? -ESTALE : -errno;
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	if (access(path, F_OK) < 0)
		return -ESTALE;
	group->directory = fd_take(&fd);
	text_copy(group->path, sizeof(group->path), path);
	return 0;
}

/* The one of several runs is libcgroup's to make; the leaf of one is a directory and no more. */
static int make_memory(struct home *home)
{
	const struct place *place = &home->place;
	char path[GROUP_PATH_SIZE];
	int result = path_of(place->memory, place->memory_parent, home->name, path);

	if (result == 0 && home->is_leaf)
		result = mkdir(path, 0755) < 0 ? -errno : 0;
	else if (result == 0)
		result = registry_create(place->memory->controller, place->memory->mount,
			place->memory_parent, home->name, place->memory->is_v2);
	if (result < 0)
		return result;
	result = open_locked(&home->memory, path);
	if (result < 0)
		(void)rmdir(path); /* nobody else would ever take it away */
	return result;
}

static void remove_memory(struct home *home)
{
	const struct place *place = &home->place;

	if (!group_exists(&home->memory))
		return;
	if (registry_remove(place->memory->controller, place->memory->mount, place->memory_parent,
		    home->name) < 0)
		(void)group_remove(
			&home->memory, 100); /* what is still busy then is doctor --clean's */
	group_close(&home->memory);
}

/* The groups beside it are an advantage, not a need: without them a cage is emptied process by
 * process. */
static void make_side(const struct hierarchy *hierarchy, const char *parent, const char *name,
	struct group *group)
{
	char path[GROUP_PATH_SIZE];

	if (hierarchy == NULL || path_of(hierarchy, parent, name, path) < 0 ||
		mkdir(path, 0755) < 0)
		return;
	if (open_locked(group, path) < 0)
		(void)rmdir(path);
}

static void remove_side(struct group *group)
{
	if (group_exists(group))
		(void)group_remove(group, 100);
	group_close(group);
}

static void demolish(struct home *home)
{
	remove_side(&home->twin);
	remove_side(&home->pids);
	remove_memory(home);
}

/* The limit files' controllers for the leaves below; pids is welcome but not needed. */
static int enable_below(struct home *home)
{
	if (home->is_leaf || !home->place.memory->is_v2)
		return 0;
	if (home->place.pids_on_v2 &&
		group_write(&home->memory, "cgroup.subtree_control", "+pids") < 0)
		home->place.pids_on_v2 = false;
	return group_write(&home->memory, "cgroup.subtree_control", "+memory");
}

static int build(struct home *home, struct memcage_failure *failure)
{
	const struct place *place = &home->place;
	char path[GROUP_PATH_SIZE], remedy[512];
	int result = own_name_make(home->name);

	if (result == 0)
		result = make_memory(home);
	if (result == 0)
		result = enable_below(home);
	if (result == 0) {
		make_side(place->twin, place->twin_parent, home->name, &home->twin);
		make_side(place->pids, place->pids_parent, home->name, &home->pids);
	}
	if (result == 0 || result == -ESTALE)
		return result;
	place_path(place->memory, place->memory_parent, path, sizeof(path));
	place_remedy(place->memory, -result, remedy, sizeof(remedy));
	return failure_set(failure, -result, "cannot make a group in cgroup %s: %s; %s", path,
		strerrordesc_np(-result), remedy);
}

static int home_new(enum memcage_backend wanted, const char *parent, bool is_leaf,
	struct home **ret_home, struct memcage_failure *failure)
{
	struct home *home = calloc(1, sizeof(*home));
	int result;

	if (home == NULL)
		return failure_set(failure, ENOMEM, "no memory for a cage");
	home->memory.directory = home->twin.directory = home->pids.directory = -1;
	home->is_leaf = is_leaf;
	home->wanted = wanted;
	home->owner = getpid();
	home->references = 1;
	text_copy(home->parent, sizeof(home->parent), parent ? parent : "");
	result = hierarchies_find(&home->hierarchies, failure);
	if (result == 0)
		result = place_find(&home->hierarchies, wanted, parent, &home->place, failure);
	if (result == 0) {
		do {
			result = build(home, failure);
			if (result < 0)
				demolish(home);
		} while (result == -ESTALE);
		if (result < 0)
			place_leave(&home->place);
	}
	if (result < 0) {
		free(home);
		return result;
	}
	if (!is_leaf) {
		home->next = homes;
		homes = home;
	}
	*ret_home = home;
	return 0;
}

static struct home *find(enum memcage_backend wanted, const char *parent)
{
	struct home *home;

	for (home = homes; home != NULL; home = home->next)
		if (home->owner == getpid() && home->wanted == wanted &&
			strcmp(home->parent, parent ? parent : "") == 0)
			break;
	return home;
}

int home_acquire(enum memcage_backend wanted, const char *parent, bool for_one_run,
	struct home **ret_home, struct memcage_failure *reterr_failure)
{
	struct home *home;
	int result = 0;

	(void)pthread_mutex_lock(&lock);
	home = find(wanted, parent);
	if (home != NULL) {
		home->references++;
		*ret_home = home;
	} else {
		result = home_new(wanted, parent, for_one_run, ret_home, reterr_failure);
	}
	(void)pthread_mutex_unlock(&lock);
	return result;
}

/* A leaf is on no list. */
static void forget(const struct home *home)
{
	struct home **at = &homes;

	while (*at != NULL && *at != home)
		at = &(*at)->next;
	if (*at != NULL)
		*at = home->next;
}

void home_release(struct home *home)
{
	(void)pthread_mutex_lock(&lock);
	if (--home->references == 0) {
		forget(home);
		demolish(home);
		place_leave(&home->place);
		free(home);
	}
	(void)pthread_mutex_unlock(&lock);
}
