/* SPDX-License-Identifier: MIT */
#include "spec/system_names.h"

#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define ERRORS_END 134 /* behind EHWPOISON */
#define CALLS_END 1024 /* the native ABI's numbers are below */

static const char *const capabilities[] = {
	[CAP_CHOWN] = "CAP_CHOWN",
	[CAP_DAC_OVERRIDE] = "CAP_DAC_OVERRIDE",
	[CAP_DAC_READ_SEARCH] = "CAP_DAC_READ_SEARCH",
	[CAP_FOWNER] = "CAP_FOWNER",
	[CAP_FSETID] = "CAP_FSETID",
	[CAP_KILL] = "CAP_KILL",
	[CAP_SETGID] = "CAP_SETGID",
	[CAP_SETUID] = "CAP_SETUID",
	[CAP_SETPCAP] = "CAP_SETPCAP",
	[CAP_LINUX_IMMUTABLE] = "CAP_LINUX_IMMUTABLE",
	[CAP_NET_BIND_SERVICE] = "CAP_NET_BIND_SERVICE",
	[CAP_NET_BROADCAST] = "CAP_NET_BROADCAST",
	[CAP_NET_ADMIN] = "CAP_NET_ADMIN",
	[CAP_NET_RAW] = "CAP_NET_RAW",
	[CAP_IPC_LOCK] = "CAP_IPC_LOCK",
	[CAP_IPC_OWNER] = "CAP_IPC_OWNER",
	[CAP_SYS_MODULE] = "CAP_SYS_MODULE",
	[CAP_SYS_RAWIO] = "CAP_SYS_RAWIO",
	[CAP_SYS_CHROOT] = "CAP_SYS_CHROOT",
	[CAP_SYS_PTRACE] = "CAP_SYS_PTRACE",
	[CAP_SYS_PACCT] = "CAP_SYS_PACCT",
	[CAP_SYS_ADMIN] = "CAP_SYS_ADMIN",
	[CAP_SYS_BOOT] = "CAP_SYS_BOOT",
	[CAP_SYS_NICE] = "CAP_SYS_NICE",
	[CAP_SYS_RESOURCE] = "CAP_SYS_RESOURCE",
	[CAP_SYS_TIME] = "CAP_SYS_TIME",
	[CAP_SYS_TTY_CONFIG] = "CAP_SYS_TTY_CONFIG",
	[CAP_MKNOD] = "CAP_MKNOD",
	[CAP_LEASE] = "CAP_LEASE",
	[CAP_AUDIT_WRITE] = "CAP_AUDIT_WRITE",
	[CAP_AUDIT_CONTROL] = "CAP_AUDIT_CONTROL",
	[CAP_SETFCAP] = "CAP_SETFCAP",
	[CAP_MAC_OVERRIDE] = "CAP_MAC_OVERRIDE",
	[CAP_MAC_ADMIN] = "CAP_MAC_ADMIN",
	[CAP_SYSLOG] = "CAP_SYSLOG",
	[CAP_WAKE_ALARM] = "CAP_WAKE_ALARM",
	[CAP_BLOCK_SUSPEND] = "CAP_BLOCK_SUSPEND",
	[CAP_AUDIT_READ] = "CAP_AUDIT_READ",
	[CAP_PERFMON] = "CAP_PERFMON",
	[CAP_BPF] = "CAP_BPF",
	[CAP_CHECKPOINT_RESTORE] = "CAP_CHECKPOINT_RESTORE",
	NULL,
};

int capability_number(const char *name)
{
	for (size_t i = 0; capabilities[i] != NULL; i++)
		if (strcmp(capabilities[i], name) == 0 || strcmp(capabilities[i] + 4, name) == 0)
			return (int)i;
	return -EINVAL;
}

int error_number_of(const char *name)
{
	for (int i = 1; i < ERRORS_END; i++) {
		const char *known = strerrorname_np(i);

		if (known != NULL && strcmp(known, name) == 0)
			return i;
	}
	return -EINVAL;
}

bool system_call_is_known(const char *name)
{
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

static bool near(const char *name, const char *const *names, char *text, size_t size)
{
	const char *found = nearest_word(name, names);

	if (found != NULL)
		text_copy(text, size, found);
	return found != NULL;
}

bool capability_near(const char *name, char *text, size_t size)
{
	return near(name, capabilities, text, size);
}

bool error_number_near(const char *name, char *text, size_t size)
{
	const char *names[ERRORS_END + 1];
	size_t count = 0;

	for (int i = 1; i < ERRORS_END; i++)
		if (strerrorname_np(i) != NULL)
			names[count++] = strerrorname_np(i);
	names[count] = NULL;
	return near(name, names, text, size);
}

bool system_call_near(const char *name, char *text, size_t size)
{
	const char *names[CALLS_END + 1];
	size_t count = 0;
	bool found;

	for (int i = 0; i < CALLS_END; i++) {
		names[count] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
		count += names[count] != NULL;
	}
	names[count] = NULL;
	found = near(name, names, text, size);
	for (size_t i = 0; i < count; i++)
		free((char *)(uintptr_t)names[i]);
	return found;
}
