/* SPDX-License-Identifier: MIT */
#include "witness/preload/second_look.h"

#include "cage/data_limit.h"
#include "witness/preload/attach.h"
#include "witness/preload/bytes.h"
#include "witness/preload/confine.h"
#include "witness/preload/kernel.h"

/* Other threads may use up what was raised, and a squeeze may lower it again. */
#define LOOKS_MAX 8

static _Thread_local struct second_look_denial denial __attribute__((tls_model("initial-exec")));

/* Of the room in the page, which may be gone. 0: nobody refuses for us. */
static uint64_t start_bytes;

bool second_look_owns(uint64_t limit_bytes)
{
	return start_bytes != 0 && data_limit_of(limit_bytes) != DATA_LIMIT_FOREIGN;
}

/* NULL where there is nothing to look at, or nobody may. */
static struct room *find_room(void)
{
	struct page_file *file = start_bytes != 0 && !confine_is_on() ? attach_look() : NULL;

	return file != NULL && file->page.room.directory[0] == '/' ? &file->page.room : NULL;
}

/* ---- the cage ---- */

/* The first number of a file of the cage's group; UINT64_MAX where there is none. */
static uint64_t number_of(
	const struct room *room, const char *file, const char *const *keys, char *text, size_t size)
{
	char path[ROOM_PATH_SIZE + 40];
	size_t length = 0;
	uint64_t sum = 0;

	bytes_copy(path, ROOM_PATH_SIZE, room->directory, ROOM_PATH_SIZE);
	while (path[length] != '\0')
		length++;
	bytes_copy(path + length, sizeof(path) - length, file, 40);
	if (bytes_read_file(path, text, size) < 0)
		return UINT64_MAX;
	for (; *keys != NULL; keys++) {
		uint64_t number = bytes_number_after(text, *keys);

		/* a part that is not known counts for nothing: the kernel's limit stays behind us
		 */
		if (number != UINT64_MAX)
			sum += number;
	}
	return sum;
}

static uint64_t usage(const struct room *room, char *text, size_t size)
{
	static const char *const whole[] = { "", NULL };

	return number_of(room, room->is_v2 ? "/memory.current" : "/memory.usage_in_bytes", whole,
		text, size);
}

static uint64_t in_use_of(const struct room *room)
{
	/* v1's total_rss is anonymous memory; of the kernel's own it tells elsewhere */
	static const char *const v1[] = { "\ntotal_rss ", "\ntotal_shmem ", NULL };
	static const char *const v2[] = { "anon ", "\nshmem ", "\nkernel ", NULL };
	static const char *const whole[] = { "", NULL };
	char text[2048];
	uint64_t used, kernel;

	used = number_of(room, "/memory.stat", room->is_v2 ? v2 : v1, text, sizeof(text));
	if (used == UINT64_MAX || room->is_v2)
		return used;
	kernel = number_of(room, "/memory.kmem.usage_in_bytes", whole, text, sizeof(text));
	return kernel == UINT64_MAX ? used : used + kernel;
}

uint64_t second_look_in_use(void)
{
	struct room *room = find_room();

	return room != NULL ? in_use_of(room) : UINT64_MAX;
}

/* Enough to compare with need: all that is charged, where there is room even beside that. */
static uint64_t in_use_beside(const struct room *room, uint64_t need)
{
	char text[64];
	uint64_t all = usage(room, text, sizeof(text));

	if (all != UINT64_MAX && all + need <= room->start_bytes)
		return all;
	return in_use_of(room);
}

/* Promises need bytes, unless they are in use or promised to others. *ret_in_use: what was. */
static bool is_promised(struct room *room, uint64_t need, uint64_t *ret_in_use)
{
	const struct timespec wait = { .tv_nsec = ROOM_WAIT_US * 1000 };

	for (int waits = 0; waits < ROOM_WAITS_MAX; waits++) {
		uint64_t now_us = kernel_boottime_us(), in_use;
		enum room_answer answer;

		room_promise(room, now_us, need, false);
		in_use = *ret_in_use = in_use_beside(room, need);
		answer = room_answer(room, now_us, in_use, need);
		if (answer == ROOM_GRANTED)
			return true;
		room_promise(room, now_us, need, true);
		if (answer == ROOM_NONE)
			return false;
		(void)kernel_call(SYS_nanosleep, (long)&wait, 0, 0, 0, 0, 0);
	}
	return false;
}

/* ---- the process ---- */

static uint64_t data_bytes(void)
{
	char status[1536]; /* the key stands in its first half */
	uint64_t kilobytes;

	if (bytes_read_file("/proc/self/status", status, sizeof(status)) < 0)
		return UINT64_MAX;
	kilobytes = bytes_number_after(status, "VmData:");
	return kilobytes == UINT64_MAX ? UINT64_MAX : kilobytes * 1024;
}

static bool set_limit(uint64_t bytes, enum data_limit kind)
{
	struct kernel_limits limits;

	if (!kernel_limits(RLIMIT_DATA, &limits))
		return false;
	limits.soft = data_limit_make(bytes, kind);
	return limits.soft <= limits.hard && kernel_set_limits(RLIMIT_DATA, &limits);
}

bool second_look(uint64_t request_bytes, uint32_t *looks)
{
	uint64_t limit, data, need, in_use = UINT64_MAX;
	struct room *room;

	denial.request_bytes = 0;
	if (request_bytes == 0 || request_bytes > start_bytes || *looks >= LOOKS_MAX)
		return false;
	room = find_room();
	if (room == NULL)
		return false;
	limit = kernel_limit(RLIMIT_DATA);
	data = data_bytes();
	if (!second_look_owns(limit) || data == UINT64_MAX)
		return false;
	need = request_bytes + (*looks == 0 ? ROOM_SLACK : ROOM_REGION);
	(*looks)++;
	/* Allocators ask for more than they were asked for. If even that is allowed, it was another
	 * limit, or ours was raised from outside just now. */
	if (data + request_bytes + ROOM_REGION <= limit)
		return *looks == 1;
	if (is_promised(room, need, &in_use))
		return set_limit((data > limit ? data : limit) + need, DATA_LIMIT_RAISED);
	denial = (struct second_look_denial){ request_bytes, limit, data, in_use };
	return false;
}

bool second_look_denied(uint64_t request_bytes, struct second_look_denial *ret_denial)
{
	if (denial.request_bytes != request_bytes || request_bytes == 0)
		return false;
	*ret_denial = denial;
	return true;
}

bool second_look_exceeds(uint64_t request_bytes)
{
	uint64_t limit = start_bytes == 0 || confine_is_on() ? UINT64_MAX
							     : kernel_limit(RLIMIT_DATA);
	uint64_t data;

	if (!second_look_owns(limit) || find_room() == NULL)
		return false;
	data = data_bytes();
	return data != UINT64_MAX && data + request_bytes > limit;
}

void second_look_begin(const struct room *room)
{
	uint64_t limit;

	start_bytes = room->start_bytes;
	if (start_bytes == 0)
		return;
	limit = kernel_limit(RLIMIT_DATA);
	if (limit == UINT64_MAX || data_limit_of(limit) == DATA_LIMIT_RAISED)
		(void)set_limit(start_bytes, DATA_LIMIT_START);
}
