/* SPDX-License-Identifier: MIT */
#include "witness/trace_second_look.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process_stat.h"
#include "cage/counters.h"
#include "cage/data_limit.h"

void trace_second_look_begin(struct trace_second_look *look, struct room *room)
{
	*look = (struct trace_second_look){ .room = room, .group = GROUP_NONE };
	if (room->directory[0] == '/')
		(void)group_open(&look->group, room->directory);
}

struct counter trace_second_look_in_use(const struct trace_second_look *look)
{
	struct counter_source source = { .is_v2 = look->room->is_v2 != 0, .memory = &look->group };

	if (!group_exists(&look->group) || !memory_current(&source).known)
		return (struct counter){ 0 };
	return counter_of(memory_in_use(&source));
}

/* Other threads may use up what was raised, and a squeeze may lower it again. */
#define LOOKS_MAX 8
#define CALL_SIZE_MAX (UINT64_C(1) << 47) /* more is refused by anybody */

static bool is_promised(const struct trace_second_look *look, uint64_t need)
{
	for (int waits = 0; waits < ROOM_WAITS_MAX; waits++) {
		uint64_t now_us = clock_us();
		enum room_answer answer = ROOM_NONE;
		struct counter in_use;

		room_promise(look->room, now_us, need, false);
		in_use = trace_second_look_in_use(look);
		if (in_use.known)
			answer = room_answer(look->room, now_us, in_use.value, need);
		if (answer == ROOM_GRANTED)
			return true;
		room_promise(look->room, now_us, need, true);
		if (answer == ROOM_NONE)
			return false;
		(void)usleep(ROOM_WAIT_US);
	}
	return false;
}

/* How much of a range is writable memory of the process's own already. */
static uint64_t writable_within(pid_t pid, uint64_t begin, uint64_t size)
{
	char path[64], line[512], access[5];
	uint64_t from, to, sum = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &from, &to, access) != 3 ||
			access[1] != 'w' || access[3] != 'p')
			continue;
		from = from > begin ? from : begin;
		to = to < begin + size ? to : begin + size;
		sum += to > from ? to - from : 0;
	}
	if (file != NULL)
		(void)fclose(file);
	return sum;
}

bool trace_second_look_denies(
	const struct trace_second_look *look, pid_t pid, const struct memory_call *call)
{
	uint64_t size = call->arguments[1], data;
	uint32_t looks = 0;
	struct rlimit limit;

	if (call->function != CALL_MMAP || size > CALL_SIZE_MAX ||
		(call->arguments[2] & PROT_WRITE) == 0 ||
		(call->arguments[3] & (MAP_FIXED | MAP_PRIVATE)) != (MAP_FIXED | MAP_PRIVATE) ||
		!group_exists(&look->group) || prlimit(pid, RLIMIT_DATA, NULL, &limit) < 0 ||
		data_limit_of(limit.rlim_cur) == DATA_LIMIT_FOREIGN)
		return false;
	data = process_data_bytes(pid);
	if (data == 0 || data + size <= limit.rlim_cur)
		return false;
	size -= writable_within(pid, call->arguments[0], size);
	return data + size > limit.rlim_cur && !trace_second_look(look, pid, size, &looks);
}

bool trace_second_look(
	const struct trace_second_look *look, pid_t pid, uint64_t size, uint32_t *looks)
{
	uint64_t need = (size + ROOM_PAGE - 1) & ~(ROOM_PAGE - 1), data;
	struct rlimit limit;

	if (!group_exists(&look->group) || size == 0 || size > look->room->start_bytes ||
		*looks >= LOOKS_MAX || prlimit(pid, RLIMIT_DATA, NULL, &limit) < 0 ||
		data_limit_of(limit.rlim_cur) == DATA_LIMIT_FOREIGN)
		return false;
	data = process_data_bytes(pid);
	if (data == 0)
		return false;
	(*looks)++;
	/* The heap is counted by another rule than mappings, a little less. If even so much is
	 * allowed, it was another limit, or ours was raised just now. */
	if (data + need + ROOM_SLACK <= limit.rlim_cur)
		return *looks == 1;
	need += ROOM_SLACK;
	if (!is_promised(look, need))
		return false;
	limit.rlim_cur = data_limit_make(
		(data > limit.rlim_cur ? data : limit.rlim_cur) + need, DATA_LIMIT_RAISED);
	return limit.rlim_cur <= limit.rlim_max && prlimit(pid, RLIMIT_DATA, &limit, NULL) == 0;
}
