/* SPDX-License-Identifier: MIT */
#include "witness/trace_room.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"

static bool read_of(int pid, const char *name, char *text, size_t size)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return file_read(AT_FDCWD, path, text, size) > 0;
}

/* /proc/PID/limits, not prlimit(2): that would need a privilege for another user's. */
static void read_limits(int pid, struct call_room *room)
{
	char limits[2048], status[2048];

	if (!read_of(pid, "limits", limits, sizeof(limits)) ||
		!read_of(pid, "status", status, sizeof(status)))
		return;
	room->as_limit = number_behind(limits, "Max address space");
	room->as_bytes = kilobytes_behind(status, "VmSize:");
	room->data_limit = number_behind(limits, "Max data size");
	room->data_bytes = kilobytes_behind(status, "VmData:");
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

struct call_cause trace_room_cause(int pid, uint64_t request_bytes)
{
	struct call_room room = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };
	struct call_cause cause;

	read_limits(pid, &room);
	cause = call_cause_find(&room, request_bytes);
	if (cause.name != CAUSE_UNKNOWN)
		return cause;
	room.mappings = count_mappings(pid); /* slow where there are many */
	return call_cause_find(&room, request_bytes);
}
