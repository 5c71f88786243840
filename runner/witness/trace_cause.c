/* SPDX-License-Identifier: MIT */
#include "witness/trace_cause.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cage/data_limit.h"

#define PAGE_BYTES UINT64_C(4096)
#define ADDRESS_SPACE (UINT64_C(1) << 47)

/* The number behind key, blanks between them; UINT64_MAX where there is none ("unlimited"). */
static uint64_t number_after(const char *text, const char *key)
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

static uint64_t kilobytes_after(const char *text, const char *key)
{
	uint64_t number = number_after(text, key);

	return number == UINT64_MAX ? number : number * 1024;
}

static bool exceeds(uint64_t limit, uint64_t used, uint64_t request)
{
	return limit != UINT64_MAX && used != UINT64_MAX && used + request > limit;
}

static bool read_of(int pid, const char *name, char *text, size_t size)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return file_read(AT_FDCWD, path, text, size) > 0;
}

static bool find_limit(int pid, uint64_t request, struct trace_cause *cause)
{
	/* /proc/PID/limits, not prlimit(2): that would need a privilege for another user's */
	char limits[2048], status[2048];
	uint64_t limit, used;

	if (!read_of(pid, "limits", limits, sizeof(limits)) ||
		!read_of(pid, "status", status, sizeof(status)))
		return false;
	/* in the order in which the kernel asks */
	limit = number_after(limits, "Max address space");
	used = kilobytes_after(status, "VmSize:");
	if (exceeds(limit, used, request)) {
		cause->name = CAUSE_RLIMIT_AS;
		(void)snprintf(cause->detail, sizeof(cause->detail),
			"RLIMIT_AS %" PRIu64 ", address space %" PRIu64, limit, used);
		return true;
	}
	limit = number_after(limits, "Max data size");
	used = kilobytes_after(status, "VmData:");
	if (exceeds(limit, used, request)) {
		cause->limit_bytes = limit;
		cause->name = data_limit_of(limit) != DATA_LIMIT_FOREIGN ? CAUSE_AT_LIMIT_FAIL
									 : CAUSE_RLIMIT_DATA;
		(void)snprintf(cause->detail, sizeof(cause->detail),
			"RLIMIT_DATA %" PRIu64 ", data %" PRIu64, data_limit_bytes(limit), used);
		return true;
	}
	return false;
}

static bool find_overcommit(uint64_t request, struct trace_cause *cause)
{
	char text[2048];
	uint64_t mode, memory, swap, limit, used;

	if (file_read(AT_FDCWD, "/proc/sys/vm/overcommit_memory", text, sizeof(text)) <= 0)
		return false;
	mode = number_after(text, "");
	if (mode == 1 || mode == UINT64_MAX ||
		file_read(AT_FDCWD, "/proc/meminfo", text, sizeof(text)) <= 0)
		return false;
	memory = kilobytes_after(text, "MemTotal:");
	swap = kilobytes_after(text, "SwapTotal:");
	limit = kilobytes_after(text, "CommitLimit:");
	used = kilobytes_after(text, "Committed_AS:");
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

static uint64_t count_mappings(int pid)
{
	char path[64], text[4096];
	cleanup_fd int fd = -1;
	uint64_t count = 0;
	ssize_t got;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (got = read(fd, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < got; i++)
			count += text[i] == '\n';
	return fd < 0 ? UINT64_MAX : count;
}

static void find_map_count(int pid, struct trace_cause *cause)
{
	char text[64];
	uint64_t limit, used;

	if (file_read(AT_FDCWD, "/proc/sys/vm/max_map_count", text, sizeof(text)) <= 0)
		return;
	limit = number_after(text, "");
	used = count_mappings(pid);
	/* The list has, or lacks, one or two of the kernel's own. */
	if (!exceeds(limit, used, 4))
		return;
	cause->name = CAUSE_MAX_MAP_COUNT;
	(void)snprintf(cause->detail, sizeof(cause->detail),
		"vm.max_map_count %" PRIu64 ", mappings %" PRIu64, limit, used);
}

struct trace_cause trace_cause_find(int pid, uint64_t request_bytes)
{
	struct trace_cause cause = { .name = CAUSE_UNKNOWN };
	uint64_t request;

	if (request_bytes > ADDRESS_SPACE) {
		cause.name = CAUSE_IMPOSSIBLE_SIZE;
		return cause;
	}
	request = (request_bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
	if (!find_limit(pid, request, &cause) && !find_overcommit(request, &cause))
		find_map_count(pid, &cause);
	return cause;
}
