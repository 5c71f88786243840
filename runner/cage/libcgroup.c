/* SPDX-License-Identifier: MIT */
#include "cage/libcgroup.h"

#include <errno.h>
#include <libcgroup.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* libcgroup keeps one global table and builds it anew at each initialisation. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool initialised;

static bool initialise(void)
{
	(void)pthread_mutex_lock(&lock); /* a default mutex cannot fail to lock */
	if (!initialised)
		initialised = cgroup_init() == 0;
	(void)pthread_mutex_unlock(&lock);
	return initialised;
}

static bool name_is_safe(const char *name)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

	return *name != '\0' && *name != '.' && name[strspn(name, allowed)] == '\0';
}

static int absolute_path(
	char *path, size_t size, const char *mount_point, const char *parent, const char *name)
{
	int length;

	if (!name_is_safe(name))
		return -EINVAL;
	length = snprintf(path, size, "%s%s%s/%s", mount_point,
		*parent == '\0' || *parent == '/' ? "" : "/", parent, name);
	return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : 0;
}

/* libcgroup wants the path below the mount point, without a slash in front. */
static struct cgroup *handle_of(const char *controller, const char *parent, const char *name)
{
	char relative[FILENAME_MAX];
	struct cgroup *group;
	int length;

	parent += strspn(parent, "/");
	length = snprintf(
		relative, sizeof(relative), "%s%s%s", parent, *parent == '\0' ? "" : "/", name);
	if (length < 0 || (size_t)length >= sizeof(relative))
		return NULL;
	group = cgroup_new_cgroup(relative);
	if (group != NULL && cgroup_add_controller(group, controller) == NULL)
		cgroup_free(&group);
	return group;
}

int registry_create(const char *controller, const char *mount_point, const char *parent,
	const char *name, bool is_v2)
{
	char path[PATH_MAX], *slash;
	struct cgroup *group;
	int result = absolute_path(path, sizeof(path), mount_point, parent, name);

	if (result < 0)
		return result;
	if (access(path, F_OK) == 0)
		return -EEXIST;
	/* It would make the missing groups above, too. */
	slash = strrchr(path, '/');
	*slash = '\0';
	result = *path != '\0' && access(path, F_OK) < 0 ? -errno : 0;
	*slash = '/';
	if (result < 0)
		return result;
	/* On v2 libcgroup 2.0.2 opens the root's subtree_control whoever asks, and starts one level
	 * too deep: the kernel's own call is the one that works for everybody. */
	if (is_v2)
		return mkdir(path, 0755) < 0 ? -errno : 0;
	group = initialise() ? handle_of(controller, parent, name) : NULL;
	if (group != NULL) {
		result = cgroup_create_cgroup(group, 1 /* keep the ownership that mkdir gives */);
		cgroup_free(&group);
		if (result == 0 && access(path, F_OK) == 0)
			return 0;
	}
	/* Its code says little ("not allowed" for a dozen causes): ask the kernel directly. */
	if (access(path, F_OK) == 0)
		(void)rmdir(path);
	return mkdir(path, 0755) < 0 ? -errno : 0;
}

int registry_remove(
	const char *controller, const char *mount_point, const char *parent, const char *name)
{
	char path[PATH_MAX];
	struct cgroup *group;
	int result = absolute_path(path, sizeof(path), mount_point, parent, name);

	if (result < 0)
		return result;
	if (access(path, F_OK) < 0)
		return errno == ENOENT ? 0 : -errno;
	group = initialise() ? handle_of(controller, parent, name) : NULL;
	if (group != NULL) {
		/* "Empty only" reports success for a populated group too: what counts is below. */
		(void)cgroup_delete_cgroup_ext(group, CGFLAG_DELETE_EMPTY_ONLY);
		cgroup_free(&group);
	}
	if (access(path, F_OK) < 0)
		return 0;
	if (rmdir(path) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}
