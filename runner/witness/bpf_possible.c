/* SPDX-License-Identifier: MIT */
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "witness/bpf.h"
#include "witness/bpf/module.h"
#include "witness/library.h"

#define KERNEL_TYPES "/sys/kernel/btf/vmlinux"

static bool has_capability(unsigned number)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	return syscall(SYS_capget, &header, data) == 0 &&
	       (data[number / 32].effective >> (number % 32) & 1) != 0;
}

static bool has_privilege(void)
{
	return has_capability(CAP_SYS_ADMIN) ||
	       (has_capability(CAP_BPF) && has_capability(CAP_PERFMON));
}

static bool no(const char **ret_why, const char *why, const char **ret_remedy, const char *remedy)
{
	*ret_why = why;
	*ret_remedy = remedy;
	return false;
}

bool bpf_possible(const char **ret_why, const char **ret_remedy)
{
	char library[4096];

	if (library_find(BPF_MODULE_FILE, library, sizeof(library)) < 0)
		return no(ret_why,
			"memcage was built without the bpf witness (" BPF_MODULE_FILE
			" is not there)",
			ret_remedy, "build it where clang and libbpf-dev are installed");
	if (!has_privilege())
		return no(ret_why, "the bpf witness needs CAP_BPF and CAP_PERFMON", ret_remedy,
			"run memcage as root, or use --witness trace");
	if (access(KERNEL_TYPES, R_OK) < 0)
		return no(ret_why,
			"the bpf witness cannot work on this kernel, which does not describe its "
			"types (no " KERNEL_TYPES ")",
			ret_remedy, "use --witness trace, or a kernel with CONFIG_DEBUG_INFO_BTF");
	return true;
}
