/* SPDX-License-Identifier: MIT */
#include "witness/refusals.h"

#include <stddef.h>

static const char *const names[CAUSE_COUNT] = {
	[CAUSE_UNKNOWN] = "unknown",
	[CAUSE_AT_LIMIT_FAIL] = "at_limit_fail",
	[CAUSE_RLIMIT_DATA] = "rlimit_data",
	[CAUSE_RLIMIT_AS] = "rlimit_as",
	[CAUSE_OVERCOMMIT] = "overcommit",
	[CAUSE_MAX_MAP_COUNT] = "max_map_count",
	[CAUSE_IMPOSSIBLE_SIZE] = "impossible_size",
	[CAUSE_CALLOC_OVERFLOW] = "calloc_overflow",
	[CAUSE_SECCOMP] = "seccomp",
	[CAUSE_KERNEL_OBJECT] = "kernel_object",
	[CAUSE_INJECTED] = "injected",
};

_Static_assert(
	CAUSE_COUNT <= REFUSAL_CAUSES_MAX, "the page of the preloaded witness has no more room");

const char *refusal_cause_name(enum refusal_cause cause)
{
	size_t index = (size_t)cause;

	return index < CAUSE_COUNT ? names[index] : names[CAUSE_UNKNOWN];
}
