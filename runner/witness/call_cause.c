/* SPDX-License-Identifier: MIT */
#include "witness/call_cause.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "cage/data_limit.h"

#define PAGE_BYTES UINT64_C(4096)
#define ADDRESS_SPACE (UINT64_C(1) << 47)

uint64_t number_behind(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	uint64_t number = 0;

	if (at == NULL)
		return UINT64_MAX;
	at += strlen(key);
	at += strspn(at, " \t");
	if (*at < '0' || *at > '9')
		return UINT64_MAX;
	for (; *at >= '0' && *at <= '9'; at++)
		number = number * 10 + (uint64_t)(*at - '0');
	return number;
}

uint64_t kilobytes_behind(const char *text, const char *key)
{
	uint64_t number = number_behind(text, key);

	return number == UINT64_MAX ? number : number * 1024;
}

static bool exceeds(uint64_t limit, uint64_t used, uint64_t request)
{
	return limit != UINT64_MAX && used != UINT64_MAX && used + request > limit;
}

static bool find_limit(const struct call_room *room, uint64_t request, struct call_cause *cause)
{
	/* in the order in which the kernel asks */
	if (exceeds(room->as_limit, room->as_bytes, request)) {
		cause->name = CAUSE_RLIMIT_AS;
		(void)snprintf(cause->detail, sizeof(cause->detail),
			"RLIMIT_AS %" PRIu64 ", address space %" PRIu64, room->as_limit,
			room->as_bytes);
		return true;
	}
	if (exceeds(room->data_limit, room->data_bytes, request)) {
		cause->limit_bytes = room->data_limit;
		cause->name = data_limit_of(room->data_limit) != DATA_LIMIT_FOREIGN
				      ? CAUSE_AT_LIMIT_FAIL
				      : CAUSE_RLIMIT_DATA;
		(void)snprintf(cause->detail, sizeof(cause->detail),
			"RLIMIT_DATA %" PRIu64 ", data %" PRIu64,
			data_limit_bytes(room->data_limit), room->data_bytes);
		return true;
	}
	return false;
}

static bool find_overcommit(uint64_t request, struct call_cause *cause)
{
	char text[2048];
	uint64_t mode, memory, swap, limit, used;

	if (file_read(AT_FDCWD, "/proc/sys/vm/overcommit_memory", text, sizeof(text)) <= 0)
		return false;
	mode = number_behind(text, "");
	if (mode == 1 || mode == UINT64_MAX ||
		file_read(AT_FDCWD, "/proc/meminfo", text, sizeof(text)) <= 0)
		return false;
	memory = kilobytes_behind(text, "MemTotal:");
	swap = kilobytes_behind(text, "SwapTotal:");
	limit = kilobytes_behind(text, "CommitLimit:");
	used = kilobytes_behind(text, "Committed_AS:");
	if (mode == 2 && exceeds(limit, used, request)) {
		(void)snprintf(cause->detail, sizeof(cause->detail),
			"vm.overcommit_memory 2, CommitLimit %" PRIu64 ", Committed_AS %" PRIu64,
			limit, used);
	} else if (mode == 0 && memory != UINT64_MAX && swap != UINT64_MAX &&
		   exceeds(memory + swap, 0, request)) {
		(void)snprintf(cause->detail, sizeof(cause->detail),
			"vm.overcommit_memory 0, memory and swap of the host %" PRIu64,
			memory + swap);
	} else {
		return false;
	}
	cause->name = CAUSE_OVERCOMMIT;
	return true;
}

static void find_map_count(const struct call_room *room, struct call_cause *cause)
{
	char text[64];
	uint64_t limit;

	if (file_read(AT_FDCWD, "/proc/sys/vm/max_map_count", text, sizeof(text)) <= 0)
		return;
	limit = number_behind(text, "");
	/* The list has, or lacks, one or two of the kernel's own. */
	if (!exceeds(limit, room->mappings, 4))
		return;
	cause->name = CAUSE_MAX_MAP_COUNT;
	(void)snprintf(cause->detail, sizeof(cause->detail),
		"vm.max_map_count %" PRIu64 ", mappings %" PRIu64, limit, room->mappings);
}

struct call_cause call_cause_find(const struct call_room *room, uint64_t request_bytes)
{
	struct call_cause cause = { .name = CAUSE_UNKNOWN };
	uint64_t request;

	if (request_bytes > ADDRESS_SPACE) {
		cause.name = CAUSE_IMPOSSIBLE_SIZE;
		return cause;
	}
	request = (request_bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
	if (!find_limit(room, request, &cause) && !find_overcommit(request, &cause))
		find_map_count(room, &cause);
	return cause;
}
