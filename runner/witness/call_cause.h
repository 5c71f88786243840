/* SPDX-License-Identifier: MIT
 *
 * call_cause.h - why the kernel refused a system call that asked for memory, from what the process
 * had at that moment and what this host allows. Asks the host, never the process.
 */
#ifndef MEMCAGE_WITNESS_CALL_CAUSE_H
#define MEMCAGE_WITNESS_CALL_CAUSE_H

#include <stdint.h>

#include "witness/refusals.h"

/* What a process had and might have when it was refused. Bytes; UINT64_MAX: unlimited (a limit), or
 * not known (what it had). */
struct call_room {
	uint64_t as_limit, as_bytes;
	uint64_t data_limit, data_bytes;
	uint64_t mappings; /* a number */
};

struct call_cause {
	enum refusal_cause name;
	uint64_t limit_bytes; /* RLIMIT_DATA, where that was it */
	char detail[160];     /* the numbers behind it, or "" */
};

struct call_cause call_cause_find(const struct call_room *room, uint64_t request_bytes);

/* The number behind key in a text of /proc, blanks between them; UINT64_MAX where there is none
 * ("unlimited"). The second one in bytes. */
uint64_t number_behind(const char *text, const char *key);
uint64_t kilobytes_behind(const char *text, const char *key);

#endif
