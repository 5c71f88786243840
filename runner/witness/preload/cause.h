/* SPDX-License-Identifier: MIT
 *
 * cause.h - why the kernel would refuse a request, asked inside the process right after it did.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_CAUSE_H
#define MEMCAGE_WITNESS_PRELOAD_CAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "witness/refusals.h"

/* limit and used by cause: rlimit_data and rlimit_as: the limit and what counts against it;
 * overcommit in mode 2: CommitLimit and Committed_AS, else memory and swap of the host, and 0;
 * max_map_count: the limit and the process's mappings. */
struct cause {
	enum refusal_cause name;
	uint64_t limit, used;
	uint32_t overcommit_mode;
};

/* A size that no machine of this kind could give. */
bool cause_is_impossible(uint64_t request_bytes);

/* Reads /proc by system calls of its own; allocates nothing. */
struct cause cause_find(uint64_t request_bytes);

#endif
