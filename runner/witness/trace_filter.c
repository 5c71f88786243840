/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <seccomp.h>

#include "cage/seccomp_filter.h"
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

int trace_filter_make(struct sock_fprog *ret_filter)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int result = filter == NULL ? -ENOMEM : fill(filter);

	if (result == 0)
		result = seccomp_program_export(filter, ret_filter);
	if (filter != NULL)
		seccomp_release(filter);
	return result;
}
