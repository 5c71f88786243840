/* SPDX-License-Identifier: MIT
 *
 * doctor_systemd.c - whether systemd has a place for the cage: a scope with Delegate=yes. Nothing
 * is started here; the sockets and groups of its managers say enough.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/doctor.h"

static bool is_there(const char *directory, const char *name)
{
	char path[GROUP_PATH_SIZE];
	int length = snprintf(path, sizeof(path), "%s/%s", directory, name);

	return length > 0 && (size_t)length < sizeof(path) && access(path, F_OK) == 0;
}

static bool has_systemd_run(void)
{
	return access("/usr/bin/systemd-run", X_OK) == 0 || access("/bin/systemd-run", X_OK) == 0;
}

/* systemd-run --user finds the manager by this directory, and by no other way. */
static bool user_manager_answers(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	return runtime != NULL && runtime[0] == '/' &&
	       (is_there(runtime, "systemd/private") || is_there(runtime, "bus"));
}

/* The manager passes on only what it was given itself: memory since systemd 220, unless taken away.
 */
static bool user_manager_has_memory(const struct hierarchy *memory)
{
	char path[GROUP_PATH_SIZE + 96];
	struct group group = GROUP_NONE;
	unsigned user = (unsigned)geteuid();
	bool has;

	(void)snprintf(path, sizeof(path), "%s/user.slice/user-%u.slice/user@%u.service",
		memory->mount, user, user);
	has = group_open(&group, path) == 0 && group_lists(&group, "cgroup.controllers", "memory");
	group_close(&group);
	return has;
}

enum systemd_manager systemd_manager_find(const struct hierarchies *hierarchies)
{
	const struct hierarchy *memory = &hierarchies->memory;

	/* On v1 a group may hold processes and groups alike: there a scope gives nothing that root
	 * has not got already, and an ordinary user gets none. */
	if (access("/run/systemd/system", F_OK) < 0 || !has_systemd_run() || !memory->found ||
		!memory->is_v2 || memory->read_only)
		return SYSTEMD_NONE;
	if (geteuid() == 0)
		return is_there("/run/systemd", "private") ||
				       is_there("/run/dbus", "system_bus_socket")
			       ? SYSTEMD_SYSTEM
			       : SYSTEMD_NONE;
	return user_manager_answers() && user_manager_has_memory(memory) ? SYSTEMD_USER
									 : SYSTEMD_NONE;
}

bool memcage_systemd_could_help(bool *ret_as_user)
{
	struct hierarchies hierarchies;
	struct memcage_failure ignored;
	enum systemd_manager manager;

	if (hierarchies_find(&hierarchies, &ignored) < 0)
		return false;
	manager = systemd_manager_find(&hierarchies);
	if (manager == SYSTEMD_NONE)
		return false;
	*ret_as_user = manager == SYSTEMD_USER;
	return true;
}
