/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "witness/call_attempt.h"
#include "witness/trace.h"

static const struct {
	int call;
	uint16_t function;
} rows[] = {
	{ SCMP_SYS(mmap), CALL_MMAP },
	{ SCMP_SYS(mremap), CALL_MREMAP },
	{ SCMP_SYS(mprotect), CALL_MPROTECT },
	{ SCMP_SYS(brk), CALL_BRK },
};

static int fill(scmp_filter_ctx filter)
{
	/* A program for another architecture runs as ever, unseen. */
	int result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) && result == 0; i++)
		result = seccomp_rule_add(
			filter, SCMP_ACT_TRACE(rows[i].function), rows[i].call, 0);
	return result;
}

/* libseccomp writes to a descriptor only. */
static int export(scmp_filter_ctx filter, struct sock_fprog *ret_filter)
{
	cleanup_fd int fd = memfd_create("memcage-filter", MFD_CLOEXEC);
	int result = fd < 0 ? -errno : seccomp_export_bpf(filter, fd);
	off_t size = result == 0 ? lseek(fd, 0, SEEK_END) : 0;
	struct sock_filter *program;

	if (result < 0)
		return result;
	if (size <= 0 || size > (off_t)(BPF_MAXINSNS * sizeof(*program)))
		return -EINVAL;
	program = malloc((size_t)size);
	if (program == NULL)
		return -ENOMEM;
	if (pread(fd, program, (size_t)size, 0) != size) {
		free(program);
		return -EIO;
	}
	*ret_filter = (struct sock_fprog){
		.len = (unsigned short)((size_t)size / sizeof(*program)),
		.filter = program,
	};
	return 0;
}

int trace_filter_make(struct sock_fprog *ret_filter)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int result = filter == NULL ? -ENOMEM : fill(filter);

	if (result == 0)
		result = export(filter, ret_filter);
	if (filter != NULL)
		seccomp_release(filter);
	return result;
}
