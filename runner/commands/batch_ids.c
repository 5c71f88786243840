/* SPDX-License-Identifier: MIT */
#include "commands/batch_ids.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 256

/* FNV-1a, 64 bits. */
static size_t hash_of(const char *id)
{
	uint64_t hash = 14695981039346656037u;

	for (; *id != '\0'; id++)
		hash = (hash ^ (unsigned char)*id) * 1099511628211u;
	return (size_t)hash;
}

/* The place of an id, or the free one where it belongs. */
static char **find(const struct id_set *set, const char *id)
{
	size_t at = hash_of(id) & (set->room - 1);

	while (set->ids[at] != NULL && strcmp(set->ids[at] + 1, id) != 0)
		at = (at + 1) & (set->room - 1);
	return &set->ids[at];
}

static bool grow(struct id_set *set)
{
	struct id_set grown = { .count = set->count, .room = set->room * 2 };

	if (grown.room == 0)
		grown.room = ROOM_FIRST;
	grown.ids = calloc(grown.room, sizeof(*grown.ids));
	if (grown.ids == NULL)
		return false;
	for (size_t i = 0; i < set->room; i++)
		if (set->ids[i] != NULL)
			*find(&grown, set->ids[i] + 1) = set->ids[i];
	free(set->ids);
	*set = grown;
	return true;
}

int id_set_mark(struct id_set *set, const char *id, enum id_mark mark)
{
	int before = ID_NEW;
	char **place;

	if (set->count >= set->room / 4 * 3 && !grow(set))
		return -ENOMEM;
	place = find(set, id);
	if (*place == NULL) {
		size_t size = strlen(id) + 1;

		*place = malloc(size + 1);
		if (*place == NULL)
			return -ENOMEM;
		memcpy(*place + 1, id, size);
		set->count++;
	} else {
		before = (*place)[0];
	}
	(*place)[0] = (char)mark;
	return before;
}

void id_set_done(struct id_set *set)
{
	for (size_t i = 0; i < set->room; i++)
		free(set->ids[i]);
	free(set->ids);
	*set = (struct id_set){ 0 };
}
