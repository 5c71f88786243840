/* SPDX-License-Identifier: MIT */
#include "witness/preload/cause.h"

#include <errno.h>

#include "witness/preload/bytes.h"
#include "witness/preload/confine.h"
#include "witness/preload/kernel.h"
#include "witness/preload/second_look.h"

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

static bool find_limit(enum page_function function, uint64_t request, struct cause *cause)
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
	bool readable = bytes_read_file("/proc/self/status", status, sizeof(status)) >= 0;

	for (uint64_t slack = 0; slack <= ALLOCATOR_SLACK; slack += ALLOCATOR_SLACK)
		for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
			uint64_t limit = kernel_limit(limits[i].resource);
			/* Without /proc, only what is more than the limit by itself is explained.
			 */
			uint64_t used = readable ? kilobytes_after(status, limits[i].key) : 0;

			/* What mprotect makes writable has its addresses already. */
			if (!exceeds(limit, used, request + (readable ? slack : 0)) ||
				(function == FUNCTION_MPROTECT &&
					limits[i].name == CAUSE_RLIMIT_AS))
				continue;
			*cause = CAUSE_NONE;
			cause->name = limits[i].name;
			cause->limit = limit;
			cause->used = used;
			if (cause->name == CAUSE_RLIMIT_DATA && second_look_owns(limit)) {
				cause->name = CAUSE_AT_LIMIT_FAIL;
				cause->cage_bytes = second_look_in_use();
			}
			return true;
		}
	return false;
}

/* What the kernel keeps back in mode 2: for administrators, and a part of what a process has for
 * the user's other processes. The administrator's own programs may have the first. */
static uint64_t commit_reserve(void)
{
	static const char *const names[] = { "/proc/sys/vm/admin_reserve_kbytes",
		"/proc/sys/vm/user_reserve_kbytes" };
	uint64_t reserve = 0, share = UINT64_MAX;
	char text[1536];

	if (bytes_read_file("/proc/self/status", text, sizeof(text)) > 0)
		share = kilobytes_after(text, "VmSize:");
	for (int i = 0; i < 2; i++) {
		uint64_t most = bytes_read_file(names[i], text, sizeof(text)) > 0
					? kilobytes_after(text, "")
					: UINT64_MAX;

		if (i == 1 && share != UINT64_MAX && share / 32 < most)
			most = share / 32;
		reserve += most == UINT64_MAX ? 0 : most;
	}
	return reserve;
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
	if (mode == 2 && exceeds(limit, used, request + ALLOCATOR_SLACK + commit_reserve())) {
		*cause = (struct cause){ CAUSE_OVERCOMMIT, limit, used, UINT64_MAX, 2 };
		return true;
	}
	if (mode == 0 && memory != UINT64_MAX && swap != UINT64_MAX &&
		exceeds(memory + swap, 0, request)) {
		*cause = (struct cause){ CAUSE_OVERCOMMIT, memory + swap, 0, UINT64_MAX, 0 };
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
	*cause = (struct cause){ CAUSE_MAX_MAP_COUNT, limit, used, UINT64_MAX, 0 };
	return true;
}

struct cause cause_of_limits(enum page_function function, uint64_t request_bytes)
{
	uint64_t request = (request_bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	struct cause cause = CAUSE_NONE;
	struct second_look_denial denial;

	if (confine_is_on())
		return cause;
	if (second_look_denied(request_bytes, &denial)) {
		cause.name = CAUSE_AT_LIMIT_FAIL;
		cause.limit = denial.limit;
		cause.used = denial.data;
		cause.cage_bytes = denial.in_use;
		return cause;
	}
	if (!find_limit(function, request, &cause) && !find_overcommit(request, &cause))
		(void)find_map_count(&cause);
	return cause;
}

bool cause_is_filter(enum page_function function, uint64_t request_bytes)
{
	const long size = (long)((request_bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
	const long odd = 1; /* no address or offset of a page */

	if (confine_is_on())
		return false;
	switch (function) {
	case FUNCTION_MREMAP:
		return kernel_call(SYS_mremap, odd, (long)PAGE_SIZE, size, MREMAP_MAYMOVE, 0, 0) !=
		       -EINVAL;
	case FUNCTION_MPROTECT:
		return kernel_call(SYS_mprotect, odd, size, PROT_READ | PROT_WRITE, 0, 0, 0) !=
		       -EINVAL;
	case FUNCTION_BRK:
	case FUNCTION_SBRK:
		return kernel_call(SYS_brk, 0, 0, 0, 0, 0, 0) < 0; /* the kernel's never fails */
	default: /* what every allocator does for a large request, and in the end for small ones */
		return kernel_call(SYS_mmap, 0, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, odd) != -EINVAL;
	}
}

struct cause cause_find(enum page_function function, uint64_t request_bytes)
{
	struct cause cause = cause_of_limits(function, request_bytes);

	if (cause.name == CAUSE_UNKNOWN && cause_is_filter(function, request_bytes))
		cause.name = CAUSE_SECCOMP;
	return cause;
}
