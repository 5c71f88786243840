/* SPDX-License-Identifier: MIT */
#include "cage/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "base/text.h"

const char *cage_kind_name(enum cage_kind kind)
{
	static const char *const names[] = {
		[CAGE_V2] = "v2", [CAGE_V1] = "v1", [CAGE_RLIMIT] = "rlimit"
	};

	return names[kind];
}

/* The home is the leaf: its groups are ours from here. */
static void take_leaf(struct cage *cage)
{
	struct home *home = cage->home;
	struct group *from[] = { &home->memory, &home->twin, &home->pids };
	struct group *to[] = { &cage->memory, &cage->twin, &cage->pids };

	for (size_t i = 0; i < sizeof(to) / sizeof(*to); i++) {
		if (!group_exists(from[i]))
			continue;
		text_copy(to[i]->path, sizeof(to[i]->path), from[i]->path);
		to[i]->directory = fd_take(&from[i]->directory);
	}
	(void)snprintf(cage->mark, sizeof(cage->mark), "/%.63s", home->name);
}

static int make_leaf(struct cage *cage, struct memcage_failure *failure)
{
	struct home *home = cage->home;
	char name[32];
	int result;

	(void)snprintf(name, sizeof(name), "run-%u",
		__atomic_add_fetch(&home->leaves, 1, __ATOMIC_RELAXED));
	result = group_make(&cage->memory, &home->memory, name);
	if (result < 0)
		return failure_errno(
			failure, -result, "make cgroup %s/%s", home->memory.path, name);
	if (group_exists(&home->twin))
		(void)group_make(&cage->twin, &home->twin, name);
	if (group_exists(&home->pids))
		(void)group_make(&cage->pids, &home->pids, name);
	(void)snprintf(cage->mark, sizeof(cage->mark), "/%.63s/%.31s", home->name, name);
	return 0;
}

static int open_in_group(
	struct cage *cage, const struct memcage_spec *spec, struct memcage_failure *failure)
{
	int result = home_acquire(spec->backend, spec->parent_group, true, &cage->home, failure);

	if (result < 0)
		return result;
	cage->kind = cage->home->place.memory->is_v2 ? CAGE_V2 : CAGE_V1;
	if (cage->home->is_leaf)
		take_leaf(cage);
	else
		result = make_leaf(cage, failure);
	if (result < 0)
		return result;
	if (group_exists(&cage->twin))
		name_list_add(&cage->mechanisms, "v2_twin");
	if (group_exists(&cage->pids))
		name_list_add(&cage->mechanisms, "v1_pids");
	cage->usage = openat(cage->memory.directory,
		cage->kind == CAGE_V2 ? "memory.current" : "memory.usage_in_bytes",
		O_RDONLY | O_CLOEXEC);
	cage->leaf = cage->memory.path + strlen(cage->home->place.memory->mount);
	return 0;
}

int cage_open(
	struct cage *cage, const struct memcage_spec *spec, struct memcage_failure *reterr_failure)
{
	struct memcage_failure why;
	int result = 0;

	/* The lists are long and empty: they are not touched. */
	memset((char *)cage + offsetof(struct cage, kind), 0,
		sizeof(*cage) - offsetof(struct cage, kind));
	cage->leaf = "";
	text_list_clear(&cage->degraded);
	text_list_clear(&cage->warnings);
	cage->kind = CAGE_RLIMIT;
	cage->memory.directory = cage->twin.directory = cage->pids.directory = -1;
	cage->usage = -1;
	if (spec->backend != MEMCAGE_BACKEND_RLIMIT)
		result = open_in_group(cage, spec, &why);
	if (result < 0 && spec->allow_degraded && spec->backend == MEMCAGE_BACKEND_AUTO) {
		cage_close(cage);
		cage->kind = CAGE_RLIMIT;
		text_list_add(&cage->warnings, "%s", why.detail);
		result = 0;
	}
	if (result < 0)
		*reterr_failure = why;
	else
		result = limits_apply(cage, spec, reterr_failure);
	if (result < 0)
		cage_close(cage);
	return result;
}

static void empty(struct cage *cage)
{
	for (unsigned waited = 0; !cage_is_empty(cage) && waited < 2000; waited++) {
		cage_kill(cage);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
}

void cage_remove(struct cage *cage)
{
	struct group *groups[] = { &cage->memory, &cage->twin, &cage->pids };
	bool emptied = false;

	if (cage->home != NULL)
		fd_close(&cage->usage);
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		if (!group_exists(groups[i]))
			continue;
		/* The kernel removes no group that holds a process: no need to look before. */
		if (group_remove(groups[i], 0) < 0) {
			if (!emptied)
				empty(cage);
			emptied = true;
			/* What is still busy after that is left for doctor --clean, which finds it
			 * by its name. */
			(void)group_remove(groups[i], 500);
		}
		group_close(groups[i]);
	}
}

void cage_close(struct cage *cage)
{
	cage_remove(cage);
	if (cage->home != NULL)
		home_release(cage->home);
	cage->home = NULL;
}

int cage_clone_directory(const struct cage *cage)
{
	return cage->kind == CAGE_V2 ? cage->memory.directory : cage->twin.directory;
}

void cage_kill(const struct cage *cage)
{
	if (group_exists(&cage->twin))
		(void)group_kill(&cage->twin);
	/* On v1 a process can leave the twin, or there is none: what cannot fork cannot outrun us.
	 */
	if (group_exists(&cage->pids) && !group_is_empty(&cage->pids)) {
		(void)group_write(&cage->pids, "pids.max", "0");
		(void)group_kill(&cage->pids);
	}
	if (group_exists(&cage->memory) &&
		(cage->kind == CAGE_V2 || !group_is_empty(&cage->memory)))
		(void)group_kill(&cage->memory);
}

bool cage_is_empty(const struct cage *cage)
{
	const struct group *groups[] = { &cage->memory, &cage->twin, &cage->pids };

	/* On v1 root can leave one tree and stay in another: it is inside until it has left all. */
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (group_exists(groups[i]) && !group_is_empty(groups[i]))
			return false;
	return true;
}

int cage_count_processes(const struct cage *cage)
{
	return group_exists(&cage->memory) ? group_count_processes(&cage->memory) : 0;
}

bool cage_holds(const struct cage *cage, pid_t pid)
{
	return (group_exists(&cage->memory) && group_holds(&cage->memory, pid)) ||
	       (group_exists(&cage->twin) && group_holds(&cage->twin, pid));
}

bool cage_is_there(const struct cage *cage)
{
	/* The descriptor outlives the directory; the name does not, and it is unguessable. */
	return group_exists(&cage->memory) && access(cage->memory.path, F_OK) == 0;
}

struct counter_source cage_counters(const struct cage *cage)
{
	return (struct counter_source){ .is_v2 = cage->kind == CAGE_V2,
		.memory = &cage->memory,
		.twin = &cage->twin,
		.pids = &cage->pids,
		.usage = &cage->usage };
}

/* v1: the kernel signals an eventfd that is registered with "EVENTFD CONTROLFD". */
static int watch_oom_v1(const struct cage *cage)
{
	cleanup_fd int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	cleanup_fd int control = openat(
		cage->memory.directory, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	char text[TEXT_NUMBER_SIZE];

	if (event < 0 || control < 0)
		return -1;
	(void)snprintf(text, sizeof(text), "%d %d", event, control);
	if (group_write(&cage->memory, "cgroup.event_control", text) < 0)
		return -1;
	return fd_take(&event);
}

int cage_watch_oom(const struct cage *cage, bool *ret_is_eventfd)
{
	*ret_is_eventfd = cage->kind == CAGE_V1;
	if (cage->kind == CAGE_V1)
		return watch_oom_v1(cage);
	if (cage->kind == CAGE_V2)
		return openat(cage->memory.directory, "memory.events", O_RDONLY | O_CLOEXEC);
	return -1;
}

int cage_watch_empty(const struct cage *cage)
{
	int directory = cage_clone_directory(cage);

	return directory < 0 ? -1 : openat(directory, "cgroup.events", O_RDONLY | O_CLOEXEC);
}
