/* SPDX-License-Identifier: MIT
 *
 * doctor_cage.c - where the cage goes, and how processes get in and out of it.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "engine/doctor.h"

void probe_cgroups(struct examination *exam, struct finding *finding)
{
	const struct hierarchies *found = &exam->hierarchies;

	if (exam->looked < 0) {
		tell(finding, CHECK_MISSING, "as root: mount -t proc proc /proc", "%s",
			exam->looked_failure.detail);
		return;
	}
	if (!found->memory.found)
		tell(finding, CHECK_MISSING, "as root: mount -t cgroup2 none /sys/fs/cgroup",
			"no cgroup hierarchy that could have the memory controller is mounted");
	else if (found->memory.is_v2)
		tell(finding, CHECK_OK, NULL, "cgroup v2 at %s", found->memory.mount);
	else if (found->unified.found)
		tell(finding, CHECK_OK, NULL,
			"hybrid: memory on cgroup v1 at %s, and cgroup v2 at %s",
			found->memory.mount, found->unified.mount);
	else
		tell(finding, CHECK_OK, NULL, "memory on cgroup v1 at %s, no cgroup v2",
			found->memory.mount);
}

/* A failure of making the cage says "cause; remedy" (or "cause: remedy") in one line: take it
 * apart. */
static void tell_cause_and_remedy(const struct examination *exam, struct finding *finding)
{
	const char *detail = exam->opened_failure.detail, *second;
	char remedy[512] = "";

	place_remedy(&exam->hierarchies.memory, -exam->opened, remedy, sizeof(remedy));
	second = strstr(detail, remedy);
	if (second == NULL) {
		second = strstr(detail, "; ");
		if (second != NULL)
			text_copy(remedy, sizeof(remedy), second + 2);
	} else if (second - detail >= 2) {
		second -= 2;
	}
	tell(finding, CHECK_MISSING, remedy, "%.*s",
		second != NULL ? (int)(second - detail) : (int)strlen(detail), detail);
}

void probe_cage(struct examination *exam, struct finding *finding)
{
	const struct place *place;
	char path[GROUP_PATH_SIZE];

	if (!has_cage(exam)) {
		tell_cause_and_remedy(exam, finding);
		return;
	}
	place = &exam->cage.home->place;
	place_path(place->memory, place->memory_parent, path, sizeof(path));
	tell(finding, CHECK_OK, NULL, "one was made below %s%s", path,
		place->moved_to_supervisor ? ", and memcage stepped aside into supervisor" : "");
}

void probe_start_in_cage(struct examination *exam, struct finding *finding)
{
	const struct trial_child *child = &exam->child;
	const char *joined = exam->cage.kind == CAGE_V1 ? ", and joined the v1 group before exec"
							: "";
	const char *remedy = child->clone_error == ENOENT ? REMEDY_MOUNT_TWIN
							  : "it needs Linux 5.7, and a container "
							    "profile that lets clone3 through";

	if (!child->inside)
		tell(finding, CHECK_MISSING,
			"have the group delegated to this user, or run as root",
			"a child could not enter the cage: %s",
			strerrordesc_np(child->start_error != 0 ? child->start_error : EIO));
	else if (child->clone_error == 0)
		tell(finding, CHECK_OK, NULL, "clone3 started a child inside the cage%s", joined);
	else
		tell(finding, CHECK_DEGRADED, remedy,
			"clone3 into the cage is not possible (%s): a child joins by itself before "
			"exec",
			child->clone_error == ENOENT ? "no cgroup v2 group"
						     : strerrordesc_np(child->clone_error));
}

void probe_cgroup_kill(struct examination *exam, struct finding *finding)
{
	const struct trial_child *child = &exam->child;
	bool no_group = cage_clone_directory(&exam->cage) < 0;

	if (child->killed)
		tell(finding, CHECK_OK, NULL, "cgroup.kill ended a child of the cage");
	else if (child->kill_error == 0)
		tell(finding, CHECK_MISSING, "report this kernel as an error of memcage",
			"cgroup.kill was accepted, and a child of the cage went on for 2 s");
	else
		tell(finding, CHECK_DEGRADED, no_group ? REMEDY_MOUNT_TWIN : "it needs Linux 5.14",
			"cgroup.kill is not available (%s): processes are killed one by one",
			no_group ? "no cgroup v2 group" : strerrordesc_np(child->kill_error));
}

void probe_v2_twin(struct examination *exam, struct finding *finding)
{
	if (exam->cage.kind == CAGE_V2)
		tell(finding, CHECK_OK, NULL, "not needed: memory itself is on cgroup v2");
	else if (group_exists(&exam->cage.twin))
		tell(finding, CHECK_OK, NULL, "a cgroup v2 group goes with the v1 group: %s",
			exam->cage.twin.path);
	else
		tell(finding, CHECK_DEGRADED, REMEDY_MOUNT_TWIN,
			"no cgroup v2 group goes with the v1 group: no clone3 into it, no "
			"cgroup.kill, no "
			"event when it becomes empty");
}

void probe_abandoned_groups(struct examination *exam, struct finding *finding)
{
	const struct place *place = &exam->cage.home->place;
	int count = home_count_abandoned(place);
	char path[GROUP_PATH_SIZE];

	place_path(place->memory, place->memory_parent, path, sizeof(path));
	if (count == 0)
		tell(finding, CHECK_OK, NULL, "none of crashed runs below %s", path);
	else
		tell(finding, CHECK_DEGRADED, "memcage doctor --clean",
			"%d of crashed runs, in all trees, below our place in each (%s)", count,
			path);
}
