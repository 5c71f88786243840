/* SPDX-License-Identifier: MIT */
#include "cage/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/text.h"

#define SUPERVISOR "supervisor"

void place_path(const struct hierarchy *hierarchy, const char *group, char *path, size_t size)
{
	text_copy(path, size, hierarchy->mount);
	text_copy(path + strlen(path), size - strlen(path), group);
}

static bool systemd_runs(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

void place_remedy(const struct hierarchy *hierarchy, int error_number, char *text, size_t size)
{
	const char *advice;

	if (error_number == EROFS)
		advice = "cgroups are mounted read-only here (a container?): run it with "
			 "--privileged, or "
			 "podman with --security-opt unmask=/sys/fs/cgroup, or accept --backend "
			 "rlimit";
	else if (error_number == EAGAIN)
		advice = "cgroup.max.descendants or cgroup.max.depth of a group above is reached: "
			 "remove "
			 "groups, raise it, or name another place with --parent";
	else if (error_number == EBUSY)
		advice = systemd_runs()
				 ? "start it in a scope of its own: systemd-run --scope -p "
				   "Delegate=yes -- "
				   "memcage ...; or name a group without processes with --parent"
				 : "cgroup v2 lets only a group without processes divide its "
				   "memory: move the "
				   "processes into a group below it, or name another with --parent";
	else if (geteuid() == 0)
		advice = "name a group that may be changed with --parent, or accept --backend "
			 "rlimit";
	else if (!hierarchy->is_v2)
		advice = "cgroup v1 cannot be delegated safely to an ordinary user: run as root, "
			 "or accept "
			 "--backend rlimit";
	else if (systemd_runs())
		advice = "get a group of your own: systemd-run --user --scope -p Delegate=yes -- "
			 "memcage "
			 "...; or run as root";
	else
		advice = "run as root, have a group delegated to this user (chown of the directory "
			 "and its "
			 "cgroup.procs, cgroup.subtree_control), or accept --backend rlimit";
	text_copy(text, size, advice);
}

/* ---- v2 ---- */

/* A v2 group without this file is the root of the tree, exempt from the no-processes rule. */
static bool is_real_root(const struct group *group)
{
	return faccessat(group->directory, "cgroup.type", F_OK, 0) < 0;
}

static int enable(const struct group *group, const char *controller)
{
	char text[32];

	if (group_lists(group, "cgroup.subtree_control", controller))
		return 0;
	(void)snprintf(text, sizeof(text), "+%s", controller);
	return group_write(group, "cgroup.subtree_control", text);
}

/* The group holds nobody but us: then we may step aside. */
static bool holds_only_us(const struct group *group)
{
	return group_holds(group, getpid()) && group_count_processes(group) == 1;
}

static int step_aside(const struct group *group)
{
	struct group supervisor = GROUP_NONE;
	int result = group_make(&supervisor, group, SUPERVISOR);
	char path[GROUP_PATH_SIZE + sizeof(SUPERVISOR) + 1];

	if (result == -EEXIST) {
		(void)snprintf(path, sizeof(path), "%s/" SUPERVISOR, group->path);
		result = group_open(&supervisor, path);
	}
	if (result < 0)
		return result;
	result = group_write(&supervisor, "cgroup.procs", "0");
	group_close(&supervisor);
	return result;
}

static int prepare_v2(struct place *place, struct memcage_failure *failure)
{
	char path[GROUP_PATH_SIZE], remedy[512];
	struct group group = GROUP_NONE;
	int result;

	place_path(place->memory, place->memory_parent, path, sizeof(path));
	result = group_open(&group, path);
	if (result < 0)
		return failure_errno(failure, -result, "open cgroup %s", path);
	result = enable(&group, "memory");
	if (result == -EBUSY && !is_real_root(&group) && holds_only_us(&group)) {
		result = step_aside(&group);
		place->moved_to_supervisor = result == 0;
		if (result == 0)
			result = enable(&group, "memory");
	}
	if (result == 0)
		place->pids_on_v2 = enable(&group, "pids") == 0;
	if (result < 0) {
		int processes = group_count_processes(&group);

		place_remedy(place->memory, -result, remedy, sizeof(remedy));
		if (result == -EBUSY)
			(void)failure_set(failure, EBUSY,
				"cannot make a cage below cgroup %s: it holds %d processes; %s",
				path, processes < 0 ? 0 : processes, remedy);
		else
			(void)failure_set(failure, -result,
				"cannot enable the memory controller below cgroup %s: %s; %s", path,
				strerrordesc_np(-result), remedy);
		place_leave(place);
	}
	group_close(&group);
	return result;
}

/* The nearest group from ours upwards that has the memory controller. */
static int nearest_with_memory(
	const struct hierarchy *hierarchy, char *found, struct memcage_failure *failure)
{
	char path[GROUP_PATH_SIZE];

	text_copy(found, GROUP_PATH_SIZE, hierarchy->own);
	for (;;) {
		struct group group = GROUP_NONE;
		bool has;
		char *slash;

		place_path(hierarchy, found, path, sizeof(path));
		has = group_open(&group, path) == 0 &&
		      group_lists(&group, "cgroup.controllers", "memory");
		group_close(&group);
		if (has)
			return 0;
		slash = strrchr(found, '/');
		if (slash == NULL)
			break;
		*slash = '\0';
	}
	return failure_set(failure, ENOTSUP,
		"the memory controller is not available in %s%s or above: the kernel has it "
		"disabled "
		"(look for cgroup_disable=memory in /proc/cmdline), or nothing above enabled it",
		hierarchy->mount, hierarchy->own);
}

void place_leave(const struct place *place)
{
	char path[GROUP_PATH_SIZE], supervisor[GROUP_PATH_SIZE + sizeof(SUPERVISOR) + 1];
	struct group group = GROUP_NONE;

	if (!place->moved_to_supervisor)
		return;
	place_path(place->memory, place->memory_parent, path, sizeof(path));
	if (group_open(&group, path) < 0)
		return;
	/* Each step needs the one before; where one fails (others use the group now) we stay. */
	(void)snprintf(supervisor, sizeof(supervisor), "%s/" SUPERVISOR, path);
	(void)group_write(&group, "cgroup.subtree_control", "-pids");
	if (group_write(&group, "cgroup.subtree_control", "-memory") == 0 &&
		group_write(&group, "cgroup.procs", "0") == 0)
		(void)rmdir(supervisor);
	group_close(&group);
}

/* ---- both ---- */

/* --parent: a directory below the mount point, or a group as /proc/PID/cgroup names it. */
static int named_parent(const struct hierarchy *hierarchy, const char *parent, char *found,
	struct memcage_failure *failure)
{
	size_t length = strlen(hierarchy->mount);
	char path[GROUP_PATH_SIZE];
	struct stat facts;

	if (strncmp(parent, hierarchy->mount, length) == 0 &&
		(parent[length] == '/' || parent[length] == '\0'))
		parent += length;
	else if (parent[0] != '/')
		return failure_set(failure, EINVAL,
			"--parent %s: say a directory below %s, or a group with a leading slash",
			parent, hierarchy->mount);
	if (strstr(parent, "/../") != NULL ||
		strcmp(parent + (strlen(parent) < 3 ? 0 : strlen(parent) - 3), "/..") == 0)
		return failure_set(failure, EINVAL, "--parent %s: no '..' here", parent);
	text_copy(found, GROUP_PATH_SIZE, parent);
	while (*found != '\0' && found[strlen(found) - 1] == '/')
		found[strlen(found) - 1] = '\0';
	place_path(hierarchy, found, path, sizeof(path));
	if (stat(path, &facts) < 0 || !S_ISDIR(facts.st_mode))
		return failure_set(
			failure, ENOENT, "--parent: there is no cgroup %s; make it first", path);
	return 0;
}

static int require_backend(const struct hierarchies *hierarchies, enum memcage_backend wanted,
	struct memcage_failure *failure)
{
	const struct hierarchy *memory = &hierarchies->memory;

	if (!memory->found)
		return failure_set(failure, ENOTSUP,
			"no cgroup hierarchy with the memory controller is mounted here; mount one "
			"(mount -t "
			"cgroup2 none /sys/fs/cgroup), or accept --backend rlimit");
	if (wanted == MEMCAGE_BACKEND_V2 && !memory->is_v2)
		return failure_set(failure, ENOTSUP,
			"--backend v2: the memory controller of this host is bound to cgroup v1 "
			"(%s); use "
			"--backend v1 or auto, or boot with cgroup_no_v1=memory",
			memory->mount);
	if (wanted == MEMCAGE_BACKEND_V1 && memory->is_v2)
		return failure_set(failure, ENOTSUP,
			"--backend v1: this host has the memory controller on cgroup v2 (%s); use "
			"--backend "
			"v2 or auto",
			memory->mount);
	return 0;
}

int place_find(const struct hierarchies *hierarchies, enum memcage_backend wanted,
	const char *parent, struct place *ret_place, struct memcage_failure *reterr_failure)
{
	const struct hierarchy *memory = &hierarchies->memory;
	struct place place = { .memory = memory };
	int result = require_backend(hierarchies, wanted, reterr_failure);
	char remedy[512];

	if (result < 0)
		return result;
	if (memory->read_only) {
		place_remedy(memory, EROFS, remedy, sizeof(remedy));
		return failure_set(
			reterr_failure, EROFS, "%s is read-only: %s", memory->mount, remedy);
	}
	if (parent != NULL) {
		result = named_parent(memory, parent, place.memory_parent, reterr_failure);
	} else if (!memory->own_visible) {
		result = failure_set(reterr_failure, ENOTSUP,
			"our own cgroup is not visible below %s; name one that is with --parent",
			memory->mount);
	} else if (memory->is_v2) {
		result = nearest_with_memory(memory, place.memory_parent, reterr_failure);
	} else {
		text_copy(place.memory_parent, sizeof(place.memory_parent), memory->own);
	}
	if (result == 0 && memory->is_v2)
		result = prepare_v2(&place, reterr_failure);
	if (result < 0)
		return result;
	if (!memory->is_v2 && hierarchies->unified.found && !hierarchies->unified.read_only &&
		hierarchies->unified.own_visible) {
		place.twin = &hierarchies->unified;
		text_copy(place.twin_parent, sizeof(place.twin_parent), hierarchies->unified.own);
	}
	if (!memory->is_v2 && hierarchies->pids.found && !hierarchies->pids.read_only &&
		hierarchies->pids.own_visible) {
		place.pids = &hierarchies->pids;
		text_copy(place.pids_parent, sizeof(place.pids_parent), hierarchies->pids.own);
	}
	*ret_place = place;
	return 0;
}
