/* SPDX-License-Identifier: MIT */
#include "spec/isolation.h"

const char *isolation_guarantee_name(enum guarantee guarantee)
{
	static const char *const names[GUARANTEE_COUNT] = {
		[GUARANTEE_USER_NAMESPACE] = "user-namespace",
		[GUARANTEE_PID_NAMESPACE] = "pid-namespace",
		[GUARANTEE_MOUNT_NAMESPACE] = "mount-namespace",
		[GUARANTEE_NETWORK_NAMESPACE] = "network-namespace",
		[GUARANTEE_IPC_NAMESPACE] = "ipc-namespace",
		[GUARANTEE_UTS_NAMESPACE] = "uts-namespace",
		[GUARANTEE_CGROUP_NAMESPACE] = "cgroup-namespace",
		[GUARANTEE_TIME_NAMESPACE] = "time-namespace",
		[GUARANTEE_PRIVATE_ROOT] = "private-root",
		[GUARANTEE_USER] = "user",
		[GUARANTEE_CAPABILITIES] = "capabilities",
		[GUARANTEE_NO_NEW_PRIVILEGES] = "no-new-privileges",
		[GUARANTEE_NO_NESTED_NAMESPACES] = "no-nested-namespaces",
		[GUARANTEE_NEW_SESSION] = "new-session",
		[GUARANTEE_KEYRING] = "keyring",
		[GUARANTEE_RLIMITS] = "rlimits",
		[GUARANTEE_LANDLOCK] = "landlock",
		[GUARANTEE_SECCOMP] = "seccomp",
	};

	return names[guarantee];
}
