/* SPDX-License-Identifier: MIT */
#include "witness/preload/fixed.h"

#include "witness/preload/kernel.h"
#include "witness/preload/second_look.h"

/* A line of /proc/self/maps begins "from-to rwxp": what is read of it. */
struct line {
	uint64_t from, to;
	int field; /* 0: from, 1: to, 2: access, 3: the rest */
	int at;    /* within the access */
	bool writable, own;
};

static void read_character(struct line *line, char character)
{
	uint64_t *number = line->field == 0 ? &line->from : &line->to;

	if (line->field < 2 && character == (line->field == 0 ? '-' : ' ')) {
		line->field++;
	} else if (line->field < 2) {
		*number = *number * 16 +
			  (uint64_t)(character <= '9' ? character - '0' : character - 'a' + 10);
	} else if (line->field == 2) {
		line->writable |= line->at == 1 && character == 'w';
		line->own |= line->at == 3 && character == 'p';
		line->field += ++line->at == 4;
	}
}

/* How much of a range is writable memory of the process's own already. */
static uint64_t writable_within(uint64_t begin, uint64_t end)
{
	int fd = kernel_open("/proc/self/maps", O_RDONLY);
	struct line line = { 0 };
	uint64_t sum = 0;
	char text[1024];
	long got;

	while (fd >= 0 && (got = kernel_read(fd, text, sizeof(text))) > 0)
		for (long i = 0; i < got; i++) {
			uint64_t from = line.from > begin ? line.from : begin;
			uint64_t to = line.to < end ? line.to : end;

			if (text[i] != '\n') {
				read_character(&line, text[i]);
				continue;
			}
			if (line.writable && line.own && to > from)
				sum += to - from;
			line = (struct line){ 0 };
		}
	if (fd >= 0)
		kernel_close(fd);
	return sum;
}

bool fixed_is_denied(const void *address, size_t length)
{
	uint64_t begin = (uint64_t)address;
	uint32_t looks = 0;

	if (!second_look_exceeds(length))
		return false;
	length -= writable_within(begin, begin + length);
	return second_look_exceeds(length) && !second_look(length, &looks);
}
