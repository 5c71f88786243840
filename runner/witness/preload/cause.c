/* SPDX-License-Identifier: MIT */
#include "witness/preload/cause.h"

#include "witness/preload/bytes.h"
#include "witness/preload/kernel.h"

#define PAGE_SIZE UINT64_C(4096)
#define ADDRESS_SPACE (UINT64_C(1) << 47)

/* Allocators ask the kernel for more than they were asked for: a new region for a small request. */
#define ALLOCATOR_SLACK (UINT64_C(2) << 20)

/* Counting mappings reads a long file: not for every refusal of a process that goes on. */
#define MAP_COUNTS_MAX 16

bool cause_is_impossible(uint64_t request_bytes)
{
	return request_bytes > ADDRESS_SPACE;
}

static uint64_t kilobytes_after(const char *text, const char *key)
{
	uint64_t kilobytes = bytes_number_after(text, key);

	return kilobytes == UINT64_MAX ? UINT64_MAX : kilobytes * 1024;
}

static bool exceeds(uint64_t limit, uint64_t used, uint64_t request)
{
	return limit != UINT64_MAX && used != UINT64_MAX && used + request > limit;
}

static bool find_limit(uint64_t request, struct cause *cause)
{
	static const struct {
		enum refusal_cause name;
		int resource;
		const char *key;
	} limits[] = {
		/* in the order in which the kernel asks */
		{ CAUSE_RLIMIT_AS, RLIMIT_AS, "VmSize:" },
		{ CAUSE_RLIMIT_DATA, RLIMIT_DATA, "VmData:" },
	};
	char status[1536]; /* the keys stand in its first half */

	if (bytes_read_file("/proc/self/status", status, sizeof(status)) < 0)
		return false;
	for (uint64_t slack = 0; slack <= ALLOCATOR_SLACK; slack += ALLOCATOR_SLACK)
		for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
			uint64_t limit = kernel_limit(limits[i].resource);
			uint64_t used = kilobytes_after(status, limits[i].key);

			if (!exceeds(limit, used, request + slack))
				continue;
			*cause = (struct cause){ limits[i].name, limit, used, 0 };
			return true;
		}
	return false;
}

static bool find_overcommit(uint64_t request, struct cause *cause)
{
	char text[1536];
	uint64_t mode, memory, swap, limit, used;

	if (bytes_read_file("/proc/sys/vm/overcommit_memory", text, sizeof(text)) < 0)
		return false;
	mode = bytes_number_after(text, "");
	if (mode == 1 || mode == UINT64_MAX ||
		bytes_read_file("/proc/meminfo", text, sizeof(text)) < 0)
		return false;
	memory = kilobytes_after(text, "MemTotal:");
	swap = kilobytes_after(text, "SwapTotal:");
	limit = kilobytes_after(text, "CommitLimit:");
	used = kilobytes_after(text, "Committed_AS:");
	if (mode == 2 && exceeds(limit, used, request + ALLOCATOR_SLACK)) {
		*cause = (struct cause){ CAUSE_OVERCOMMIT, limit, used, 2 };
		return true;
	}
	if (mode == 0 && memory != UINT64_MAX && swap != UINT64_MAX &&
		exceeds(memory + swap, 0, request)) {
		*cause = (struct cause){ CAUSE_OVERCOMMIT, memory + swap, 0, 0 };
		return true;
	}
	return false;
}

static uint64_t count_mappings(void)
{
	char text[1024];
	uint64_t count = 0;
	int fd = kernel_open("/proc/self/maps", O_RDONLY);
	long got;

	if (fd < 0)
		return UINT64_MAX;
	while ((got = kernel_read(fd, text, sizeof(text))) > 0)
		for (long i = 0; i < got; i++)
			count += text[i] == '\n';
	kernel_close(fd);
	return count;
}

static bool find_map_count(struct cause *cause)
{
	static uint32_t counted;
	char text[32];
	uint64_t limit, used;

	if (__atomic_fetch_add(&counted, 1, __ATOMIC_RELAXED) >= MAP_COUNTS_MAX ||
		bytes_read_file("/proc/sys/vm/max_map_count", text, sizeof(text)) < 0)
		return false;
	limit = bytes_number_after(text, "");
	used = count_mappings();
	/* The list may lack, or have beyond the count, one or two of the kernel's own. */
	if (!exceeds(limit, used, 4))
		return false;
	*cause = (struct cause){ CAUSE_MAX_MAP_COUNT, limit, used, 0 };
	return true;
}

struct cause cause_find(uint64_t request_bytes)
{
	uint64_t request = (request_bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	struct cause cause = { CAUSE_UNKNOWN, 0, 0, 0 };

	if (!find_limit(request, &cause) && !find_overcommit(request, &cause))
		(void)find_map_count(&cause);
	return cause;
}
