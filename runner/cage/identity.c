/* SPDX-License-Identifier: MIT */
#include "cage/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

#define LAST_CAPABILITY 63 /* the kernel knows fewer, and says where they end */

/* Users that nobody has: above those of containers, below those with the highest bit, and as many
 * as there are pids. What the kernel counts by user (descriptors in flight, pages of pipes) is the
 * run's own then, and no other's to feel. */
#define OWN_USERS 0x70000000u

/* ---- in the supervisor ---- */

static int write_map(pid_t pid, const char *file, unsigned inside, unsigned outside)
{
	char path[64], line[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	(void)snprintf(line, sizeof(line), "%u %u 1\n", inside, outside);
	return file_write(AT_FDCWD, path, line);
}

int identity_write_maps(pid_t pid, const struct identity *identity)
{
	char path[64];
	int result = -EPERM;

	if (identity->own_user) /* a container may have few users */
		result = write_map(pid, "uid_map", identity->inside_user, OWN_USERS + (uid_t)pid);
	if (result == -EPERM)
		result = write_map(pid, "uid_map", identity->inside_user, identity->outside_user);
	if (result == 0 && !identity->may_set_groups) {
		(void)snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
		result = file_write(AT_FDCWD, path, "deny");
	}
	if (result == 0)
		result = write_map(pid, "gid_map", identity->inside_group, identity->outside_group);
	return result;
}

/* ---- between clone and exec ---- */

/* By the bare calls: the C library's would go to every thread of a process that this one only is a
 * copy of. */
int identity_become(const struct identity *identity)
{
	uid_t user = identity->inside_user;
	gid_t group = identity->inside_group;

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 && errno != EPERM) /* EPERM: locked, no need */
		return -1;
	if (syscall(SYS_setgroups, 0, NULL) < 0 && (identity->may_set_groups || errno != EPERM))
		return -1;
	return syscall(SYS_setresgid, group, group, group) < 0 ||
			       syscall(SYS_setresuid, user, user, user) < 0
		       ? -1
		       : 0;
}

int identity_bound_capabilities(uint64_t kept)
{
	for (int i = 0; i <= LAST_CAPABILITY; i++) {
		if ((kept >> i & 1) != 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0) {
			if (errno == EINVAL && i > CAP_SETPCAP)
				break; /* no such capability, nor any behind it */
			return -1;
		}
	}
	return prctl(PR_SET_SECUREBITS,
		SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
			SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED,
		0, 0, 0);
}

static int set_sets(uint64_t kept)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		uint32_t half = (uint32_t)(kept >> (32 * i)) & data[i].permitted;

		data[i].effective = data[i].permitted = data[i].inheritable = half;
	}
	return (int)syscall(SYS_capset, &header, data);
}

static int sets_are_within(uint64_t kept)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		if (((data[i].effective | data[i].permitted | data[i].inheritable) &
			    ~(uint32_t)(kept >> (32 * i))) != 0) {
			errno = EPERM;
			return -1;
		}
	return 0;
}

int identity_drop_capabilities(uint64_t kept)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 || set_sets(kept) < 0)
		return -1;
	for (int i = 0; i <= LAST_CAPABILITY; i++)
		if ((kept >> i & 1) != 0 &&
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0 &&
			errno != EPERM && errno != EINVAL)
			return -1; /* EPERM: we did not have it; EINVAL: nobody has */
	return sets_are_within(kept);
}
