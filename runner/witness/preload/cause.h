/* SPDX-License-Identifier: MIT
 *
 * cause.h - why the kernel would refuse a request, asked inside the process right after it did.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_CAUSE_H
#define MEMCAGE_WITNESS_PRELOAD_CAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "witness/preload/page.h"

/* limit and used by cause: at_limit_fail, rlimit_data, rlimit_as: the limit and what counts against
 * it; overcommit in mode 2: CommitLimit and Committed_AS, else memory and swap of the host, and 0;
 * max_map_count: the limit and the process's mappings. */
struct cause {
	enum refusal_cause name;
	uint64_t limit, used;
	uint64_t cage_bytes; /* at_limit_fail: what the cage had in use; UINT64_MAX: not known */
	uint32_t overcommit_mode;
};

#define CAUSE_NONE ((struct cause){ .name = CAUSE_UNKNOWN, .cage_bytes = UINT64_MAX })

/* A size that no machine of this kind could give. */
bool cause_is_impossible(uint64_t request_bytes);

/* All of these read /proc by system calls of their own, allocate nothing and leave errno. */

/* Which of the kernel's limits is in the way of so many more bytes by function. */
struct cause cause_of_limits(enum page_function function, uint64_t request_bytes);

/* Whether a seccomp filter answers for the kernel: the system call behind function is made once
 * more, with an address or offset that the kernel itself calls invalid before it looks any further.
 * False where the filter's answer is EINVAL too, or depends on just that. */
bool cause_is_filter(enum page_function function, uint64_t request_bytes);

/* What refused it: a limit, else a filter, else unknown. */
struct cause cause_find(enum page_function function, uint64_t request_bytes);

#endif
