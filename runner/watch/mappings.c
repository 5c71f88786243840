/* SPDX-License-Identifier: MIT */
#include "watch/mappings.h"

#include <string.h>

#include "base/text.h"

/* The number in front of end, in the base; false where it is none. */
static bool number_until(const char **at, char end, unsigned base, uint64_t *ret_number)
{
	uint64_t number = 0;
	const char *text = *at;

	for (; *text != end; text++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = *text != '\0' ? memchr(digits, *text, base) : NULL;

		if (digit == NULL || number > UINT64_MAX / 32)
			return false;
		number = number * base + (uint64_t)(digit - digits);
	}
	if (text == *at)
		return false;
	*at = text + 1;
	*ret_number = number;
	return true;
}

/* The field behind so many others; "" where there are fewer. */
static const char *field_behind(const char *line, int others)
{
	for (; others > 0; others--) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return line;
}

static struct mapping *find(struct mappings *mappings, const char *name)
{
	struct mapping *mapping;

	for (int i = 0; i < mappings->count; i++)
		if (strcmp(mappings->list[i].name, name) == 0)
			return &mappings->list[i];
	if (mappings->count == MAPPINGS_MAX) {
		mappings->cut = true;
		return NULL;
	}
	mapping = &mappings->list[mappings->count++];
	text_copy(mapping->name, sizeof(mapping->name), name);
	return mapping;
}

/* "7f0c24000000-7f0c24021000 rw-p 00000000 00:00 0     [heap]" */
static bool add_header(struct mappings *mappings, const char *line)
{
	const char *at = line, *name;
	uint64_t start, end;

	if (!number_until(&at, '-', 16, &start) || !number_until(&at, ' ', 16, &end) || end < start)
		return false;
	name = field_behind(line, 5);
	if (*name == '\0')
		name = "[anon]";
	if (strlen(name) >= MAPPING_NAME_SIZE)
		name += strlen(name) - (MAPPING_NAME_SIZE - 1);
	mappings->current = find(mappings, name);
	if (mappings->current != NULL) {
		mappings->current->count++;
		mappings->current->size_bytes += end - start;
	}
	return true;
}

/* "Rss:                 132 kB" */
static void add_resident(struct mappings *mappings, const char *line)
{
	static const char key[] = "Rss:";
	uint64_t kilobytes;

	if (mappings->current == NULL || strncmp(line, key, strlen(key)) != 0)
		return;
	line += strlen(key);
	line += strspn(line, " ");
	if (number_until(&line, ' ', 10, &kilobytes))
		mappings->current->rss_bytes = counter_of(
			mappings->current->rss_bytes.value + kilobytes * 1024);
}

void mappings_add(struct mappings *mappings, const char *text, size_t length)
{
	const char *end = text + length, *newline;
	char line[4096 + 128]; /* a path and what stands in front of it */

	for (; (newline = memchr(text, '\n', (size_t)(end - text))) != NULL; text = newline + 1) {
		size_t size = (size_t)(newline - text);

		if (size >= sizeof(line)) {
			mappings->cut = true;
			mappings->current = NULL;
			continue;
		}
		memcpy(line, text, size);
		line[size] = '\0';
		if (!add_header(mappings, line))
			add_resident(mappings, line);
	}
}

static uint64_t weight_of(const struct mapping *mapping)
{
	return mapping->rss_bytes.known ? mapping->rss_bytes.value : mapping->size_bytes;
}

int mappings_largest(const struct mappings *mappings, struct mapping *ret_list, int size)
{
	int count = 0;

	for (int i = 0; i < mappings->count; i++) {
		const struct mapping *mapping = &mappings->list[i];
		uint64_t weight = weight_of(mapping);
		int at = count;

		if (weight == 0 || (count == size && weight_of(&ret_list[--at]) >= weight))
			continue;
		if (count < size)
			count++;
		for (; at > 0 && weight_of(&ret_list[at - 1]) < weight; at--)
			ret_list[at] = ret_list[at - 1];
		ret_list[at] = *mapping;
	}
	return count;
}

uint64_t mappings_resident(const struct mappings *mappings)
{
	uint64_t sum = 0;

	for (int i = 0; i < mappings->count; i++)
		sum += mappings->list[i].rss_bytes.value;
	return sum;
}
