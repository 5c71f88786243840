/* SPDX-License-Identifier: MIT
 *
 * doctor_isolation.c - which walls this host gives, each tried by starting a command behind it that
 * cannot be executed: when nothing else goes wrong before, the wall stands.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "cage/isolate.h"
#include "cage/spawn.h"
#include "engine/doctor.h"

#define BIT(guarantee) (UINT32_C(1) << (guarantee))
#define ROOT                                                                                       \
	(BIT(GUARANTEE_PRIVATE_ROOT) | BIT(GUARANTEE_MOUNT_NAMESPACE) |                            \
		BIT(GUARANTEE_PID_NAMESPACE))
#define TRIAL_PATIENCE_MS 5000

static const struct {
	const char *name; /* of the check */
	uint32_t with;    /* what it makes no sense without */
	const char *keeps;
} walls[GUARANTEE_COUNT] = {
	[GUARANTEE_USER_NAMESPACE] = { "user_namespace", 0,
		"the command's ids and capabilities mean nothing on the host" },
	[GUARANTEE_PID_NAMESPACE] = { "pid_namespace", 0,
		"processes of the host are out of sight, and none of the command's outlives it" },
	[GUARANTEE_MOUNT_NAMESPACE] = { "mount_namespace", 0, "mounts stay in the cage" },
	[GUARANTEE_NETWORK_NAMESPACE] = { "network_namespace", 0,
		"a network without a way out can be had" },
	[GUARANTEE_IPC_NAMESPACE] = { "ipc_namespace", 0,
		"System V and POSIX message queues are the cage's own" },
	[GUARANTEE_UTS_NAMESPACE] = { "uts_namespace", 0, "the host name is the cage's own" },
	[GUARANTEE_CGROUP_NAMESPACE] = { "cgroup_namespace", 0, "groups above are out of sight" },
	[GUARANTEE_TIME_NAMESPACE] = { "time_namespace", 0, "clocks can be the cage's own" },
	[GUARANTEE_PRIVATE_ROOT] = { "private_root", ROOT,
		"a root directory with nothing but what a policy mounts" },
	[GUARANTEE_USER] = { "other_user", 0, "the command can run as another user" },
	[GUARANTEE_CAPABILITIES] = { "capabilities", 0, "capabilities can be dropped for good" },
	[GUARANTEE_NO_NEW_PRIVILEGES] = { "no_new_privileges", 0,
		"programs gain nothing by set-user-ID" },
	[GUARANTEE_NO_NESTED_NAMESPACES] = { "no_nested_namespaces", BIT(GUARANTEE_USER_NAMESPACE),
		"the command makes no namespaces of its own" },
	[GUARANTEE_NEW_SESSION] = { "new_session", 0, "no controlling terminal" },
	[GUARANTEE_KEYRING] = { "keyring", 0, "a session keyring of its own" },
	[GUARANTEE_RLIMITS] = { "rlimits", 0, "resource limits of each process" },
	[GUARANTEE_LANDLOCK] = { "landlock", ROOT, "files are guarded a second time" },
	[GUARANTEE_SECCOMP] = { "seccomp", 0, "system calls can be refused" },
};

/* What the child told first but that it is about to execute; STEP_EXEC: all went well. */
static int outcome_of(struct spawned *child, struct memcage_failure *failure)
{
	struct pollfd told = { .fd = child->records, .events = POLLIN };
	struct child_record record = { .step = STEP_ABOUT_TO_EXEC };

	while (record.step == STEP_ABOUT_TO_EXEC)
		if (poll(&told, 1, TRIAL_PATIENCE_MS) != 1 ||
			read(child->records, &record, sizeof(record)) != sizeof(record)) {
			record = (struct child_record){ .step = STEP_JOIN, .error_number = ECHILD };
			break;
		}
	(void)kill(child->pid, SIGKILL); /* it has ended, or it never will */
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	spawned_close(child);
	if (record.step == STEP_EXEC)
		return 0;
	failure->error_number = record.error_number;
	(void)snprintf(failure->detail, sizeof(failure->detail), "%s: %s",
		child_step_name((enum child_step)record.step),
		strerrordesc_np(record.error_number));
	return -record.error_number;
}

/* Starts it in our own group: what a wall keeps off is not the group's business. */
static int try_walls(uint32_t wanted, struct memcage_failure *failure)
{
	struct isolation_mount mounts[] = {
		{ .kind = MOUNT_TMPFS, .target = "/tmp", .size_bytes = 4096, .inodes = 16 },
		{ .kind = MOUNT_PROC, .target = "/proc" },
		{ .kind = MOUNT_DEV, .target = "/dev", .size_bytes = 4096, .inodes = 16 },
	};
	struct memcage_policy policy = { .isolation = {
						 .wanted = wanted,
						 .mounts = mounts,
						 .mount_count = 3,
						 .user_id = 1000,
						 .group_id = 1000,
					 } };
	const struct memcage_spec spec = { .struct_size = sizeof(spec),
		.argv = (const char *const[]){ "/", NULL },
		.working_directory = "/",
		.policy = &policy };
	struct cage *cage = calloc(1, sizeof(*cage));
	struct spawned child = SPAWNED_NONE;
	int result;

	if (cage == NULL)
		return -ENOMEM;
	cage->kind = CAGE_V2;
	cage->memory = cage->twin = cage->pids = (struct group)GROUP_NONE;
	cage->rlimit_data_bytes = UINT64_MAX;
	result = spawn(&spec, cage, (const int[]){ -1, -1, -1 }, true, &child, failure);
	if (result == 0)
		result = outcome_of(&child, failure);
	free(cage);
	return result;
}

const char *wall_name(enum guarantee guarantee)
{
	return walls[guarantee].name;
}

void probe_wall(enum guarantee guarantee, struct finding *finding)
{
	uint32_t wanted = BIT(guarantee) | walls[guarantee].with;
	struct memcage_failure failure = { 0 };
	int result;

	if (geteuid() != 0)
		wanted |= BIT(GUARANTEE_USER_NAMESPACE); /* which makes the others possible */
	if (guarantee == GUARANTEE_SECCOMP)
		result = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 ? -errno : 0;
	else
		result = try_walls(wanted, &failure);
	if (result == 0)
		tell(finding, CHECK_OK, NULL, "%s", walls[guarantee].keeps);
	else
		tell(finding, CHECK_MISSING, isolate_remedy(guarantee, -result),
			"cannot be had: %s", strerrordesc_np(-result));
}
