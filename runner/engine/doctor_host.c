/* SPDX-License-Identifier: MIT
 *
 * doctor_host.c - what else on this host acts on memory: limits of others, the overcommit rule, the
 * OOM score that we inherit, and what we may do.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "cage/spawn.h"
#include "engine/doctor.h"

/* Total RAM and swap; false where the kernel does not say. */
static bool host_memory(uint64_t *ret_ram, uint64_t *ret_swap)
{
	struct sysinfo host;

	if (sysinfo(&host) < 0)
		return false;
	*ret_ram = (uint64_t)host.totalram * host.mem_unit;
	*ret_swap = (uint64_t)host.totalswap * host.mem_unit;
	return true;
}

/* The groups above the cage, or above where one would be. */
static bool read_above(const struct examination *exam, struct ancestors *above)
{
	const struct hierarchy *memory = &exam->hierarchies.memory;
	char leaf[GROUP_PATH_SIZE + 8];

	if (has_cage(exam)) {
		ancestors_read(&exam->cage.home->hierarchies, exam->cage.leaf, above);
		return true;
	}
	if (exam->looked < 0 || !memory->found || !memory->own_visible)
		return false;
	(void)snprintf(leaf, sizeof(leaf), "%s/leaf", memory->own);
	ancestors_read(&exam->hierarchies, leaf, above);
	return true;
}

static bool is_limited(const struct ancestor *group)
{
	return group->limit_bytes.known && group->limit_bytes.value != UINT64_MAX;
}

static void describe_outer(const struct ancestors *above, char *text, size_t size)
{
	const struct ancestor *nearest = NULL, *lowest = NULL;
	char bytes[TEXT_NUMBER_SIZE], more[TEXT_NUMBER_SIZE];
	uint64_t ram, swap;

	for (int i = 0; i < above->count; i++) {
		const struct ancestor *group = &above->groups[i];

		if (!is_limited(group))
			continue;
		if (nearest == NULL)
			nearest = group;
		if (lowest == NULL || group->limit_bytes.value < lowest->limit_bytes.value)
			lowest = group;
	}
	if (lowest == NULL && host_memory(&ram, &swap))
		(void)snprintf(text, size,
			"no group above has a memory limit; the host's RAM is %s",
			format_size(ram, bytes));
	else if (lowest == NULL)
		(void)snprintf(text, size, "no group above has a memory limit");
	else if (lowest == nearest)
		(void)snprintf(text, size, "%s of %s holds for every cage made here",
			format_size(lowest->limit_bytes.value, bytes), lowest->path);
	else
		(void)snprintf(text, size,
			"%s of %s holds for every cage made here; the nearest is %s of %s",
			format_size(lowest->limit_bytes.value, bytes), lowest->path,
			format_size(nearest->limit_bytes.value, more), nearest->path);
}

void probe_outer_limits(struct examination *exam, struct finding *finding)
{
	struct ancestors above;
	char text[1280];
	int unknown = 0;

	if (!read_above(exam, &above)) {
		tell(finding, CHECK_MISSING, REMEDY_HIDDEN_GROUPS,
			"the groups above us cannot be seen");
		return;
	}
	for (int i = 0; i < above.count; i++)
		unknown += !above.groups[i].limit_bytes.known;
	describe_outer(&above, text, sizeof(text));
	if (unknown > 0)
		tell(finding, CHECK_DEGRADED, "run as root",
			"%s; the limits of %d groups cannot be read", text, unknown);
	else if (!above.all_visible)
		tell(finding, CHECK_DEGRADED, REMEDY_HIDDEN_GROUPS,
			"%s; further groups above are hidden", text);
	else
		tell(finding, CHECK_OK, NULL, "%s", text);
}

void probe_oom_score(struct examination *exam, struct finding *finding)
{
	int own = oom_score_adj_of(getpid());

	if (access("/proc/self/oom_score_adj", R_OK) < 0)
		tell(finding, CHECK_MISSING, "as root: mount -t proc proc /proc",
			"our oom_score_adj cannot be read: whether the command can be OOM-killed "
			"is not known");
	else if (own >= 0)
		tell(finding, CHECK_OK, NULL,
			"our oom_score_adj is %d: the command can be OOM-killed", own);
	else if (has_cage(exam) && exam->child.inside && exam->child.oom_score_adj >= 0)
		tell(finding, CHECK_OK, NULL,
			"our oom_score_adj is %d; the command's was raised to %d", own,
			exam->child.oom_score_adj);
	else
		tell(finding, CHECK_DEGRADED,
			"start it with an ordinary score: choom -n 0 -- memcage ...",
			"our oom_score_adj is %d and was not raised for a child: at the limit the "
			"kernel may "
			"spare the command and spin",
			own);
}

void probe_overcommit(struct examination *exam, struct finding *finding)
{
	char mode[TEXT_NUMBER_SIZE], bytes[TEXT_NUMBER_SIZE] = "RAM and swap";
	ssize_t length = file_read(AT_FDCWD, "/proc/sys/vm/overcommit_memory", mode, sizeof(mode));
	uint64_t ram, swap;

	(void)exam;
	if (host_memory(&ram, &swap))
		format_size(ram + swap, bytes);
	mode[length < 0 ? 0 : strcspn(mode, "\n")] = '\0';
	if (strcmp(mode, "0") == 0)
		tell(finding, CHECK_OK, NULL,
			"vm.overcommit_memory=0: the host refuses any single request of more than "
			"%s (RAM "
			"and swap), whatever the cage's limit is",
			bytes);
	else if (strcmp(mode, "1") == 0)
		tell(finding, CHECK_OK, NULL,
			"vm.overcommit_memory=1: the host grants every request (it has %s of RAM "
			"and swap)",
			bytes);
	else if (strcmp(mode, "2") == 0)
		tell(finding, CHECK_DEGRADED, "as root: sysctl vm.overcommit_memory=0",
			"vm.overcommit_memory=2: the host refuses requests beyond its commit "
			"limit, whatever "
			"the cage's limit is");
	else
		tell(finding, CHECK_MISSING, "as root: mount -t proc proc /proc",
			"vm.overcommit_memory cannot be read: a refusal by the host cannot be "
			"told");
}

void probe_privilege(struct examination *exam, struct finding *finding)
{
	static const char *const remedies[] = {
		[SYSTEMD_SYSTEM] = "systemd-run --scope -p Delegate=yes -- memcage ... (run does "
				   "so by itself)",
		[SYSTEMD_USER] = "systemd-run --user --scope -p Delegate=yes -- memcage ... (run "
				 "does so by itself)",
	};
	enum systemd_manager manager = systemd_manager_find(&exam->hierarchies);
	unsigned user = (unsigned)geteuid();

	if (has_cage(exam))
		tell(finding, CHECK_OK, NULL, "user %u may make cages here", user);
	else if (manager != SYSTEMD_NONE)
		tell(finding, CHECK_DEGRADED, remedies[manager],
			"no cage can be made in this group, but systemd can delegate one to user "
			"%u",
			user);
	else if (exam->opened != -EACCES && exam->opened != -EPERM)
		tell(finding, CHECK_OK, NULL,
			"what is in the way of a cage is not the privileges of user %u", user);
	else if (user == 0)
		tell(finding, CHECK_MISSING,
			"run it on the host itself, or in a container with --privileged",
			"not even root may make a cage here");
	else if (exam->hierarchies.memory.is_v2)
		tell(finding, CHECK_MISSING,
			"log in by a systemd user session, have a group delegated, or run as root",
			"user %u may not make a cage, and no systemd user manager was found to "
			"delegate one "
			"(by XDG_RUNTIME_DIR)",
			user);
	else
		tell(finding, CHECK_MISSING, "run as root",
			"user %u may not make a cage, and cgroup v1 cannot be delegated safely",
			user);
}
