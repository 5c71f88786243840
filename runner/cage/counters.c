/* SPDX-License-Identifier: MIT */
#include "cage/counters.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/processors.h"
#include "base/text.h"

enum where { IN_MEMORY, IN_TWIN, IN_PIDS, IN_PROC };

struct counter_row {
	enum where where;
	bool v2, v1; /* which backends have it */
	const char *file, *key;
	size_t offset;
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define INTO(member) offsetof(struct counters, member)

/* Rows of one file stand together: it is read once. */
/* clang-format off: a table is read by columns */
static const struct counter_row rows[] = {
	{ IN_MEMORY, true, false, "memory.events", "oom_kill", INTO(oom_kills) },
	{ IN_MEMORY, true, false, "memory.events", "oom", INTO(tree_ooms) },
	{ IN_MEMORY, true, false, "memory.events", "max", INTO(limit_hits) },
	{ IN_MEMORY, true, false, "memory.events", "high", INTO(high_hits) },
	{ IN_MEMORY, true, false, "memory.events", "oom_group_kill", INTO(group_kills) },
	{ IN_MEMORY, true, false, "memory.events.local", "oom", INTO(local_ooms) },
	{ IN_MEMORY, true, false, "memory.peak", NULL, INTO(peak_bytes) },
	{ IN_MEMORY, true, false, "memory.swap.peak", NULL, INTO(swap_peak_bytes) },
	{ IN_MEMORY, true, false, "pids.peak", NULL, INTO(pids_peak) },
	{ IN_MEMORY, true, false, "pids.events", "max", INTO(pids_refused) },
	{ IN_MEMORY, true, false, "cpu.stat", "user_usec", INTO(user_us) },
	{ IN_MEMORY, true, false, "cpu.stat", "system_usec", INTO(system_us) },
	{ IN_MEMORY, false, true, "memory.oom_control", "oom_kill", INTO(oom_kills) },
	{ IN_MEMORY, false, true, "memory.oom_control", "under_oom", INTO(under_oom) },
	{ IN_MEMORY, false, true, "memory.failcnt", NULL, INTO(failures) },
	{ IN_MEMORY, false, true, "memory.max_usage_in_bytes", NULL, INTO(peak_bytes) },
	{ IN_MEMORY, false, true, "memory.memsw.max_usage_in_bytes", NULL, INTO(memsw_peak_bytes) },
	{ IN_TWIN, false, true, "cpu.stat", "user_usec", INTO(user_us) },
	{ IN_TWIN, false, true, "cpu.stat", "system_usec", INTO(system_us) },
	{ IN_PIDS, false, true, "pids.events", "max", INTO(pids_refused) },
	{ IN_PIDS, false, true, "pids.peak", NULL, INTO(pids_peak) },
	{ IN_PROC, true, true, "/proc/vmstat", "oom_kill", INTO(host_oom_kills) },
};
/* clang-format on */

static int directory_of(const struct counter_source *source, enum where where)
{
	switch (where) {
	case IN_MEMORY:
		return source->memory->directory;
	case IN_TWIN:
		return source->twin->directory;
	case IN_PIDS:
		return source->pids->directory;
	case IN_PROC:
		break;
	}
	return AT_FDCWD;
}

static struct counter value_in(const char *text, const char *key)
{
	char first[TEXT_NUMBER_SIZE];
	uint64_t value;

	if (key != NULL)
		return keyed_value(text, key, &value) ? counter_of(value) : (struct counter){ 0 };
	text_copy(first, sizeof(first), text);
	first[strcspn(first, "\n")] = '\0';
	return parse_number(first, &value) == 0 ? counter_of(value) : (struct counter){ 0 };
}

/* "memory.events oom_kill" */
static void name_of(const struct counter_row *row, char name[static RAW_COUNTER_NAME])
{
	(void)snprintf(name, RAW_COUNTER_NAME, "%s%s%s", base_name(row->file), row->key ? " " : "",
		row->key ? row->key : "");
}

static bool has_row(const struct counter_source *source, const struct counter_row *row)
{
	return source->is_v2 ? row->v2 : row->v1;
}

static struct counter *at(struct counters *counters, const struct counter_row *row)
{
	return (struct counter *)((char *)counters + row->offset);
}

void counters_read(const struct counter_source *source, struct counters *ret_counters,
	struct raw_counters *raw)
{
	char text[16384]; /* /proc/vmstat is the longest */
	const char *loaded = NULL;
	bool readable = false;

	*ret_counters = (struct counters){ 0 };
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct counter_row *row = &rows[i];
		int directory = directory_of(source, row->where);
		struct counter value;
		char name[RAW_COUNTER_NAME];

		if (!has_row(source, row))
			continue;
		if (loaded == NULL || strcmp(loaded, row->file) != 0) {
			loaded = row->file;
			readable = (directory >= 0 || directory == AT_FDCWD) &&
				   file_read(directory, row->file, text, sizeof(text)) >= 0;
		}
		value = readable ? value_in(text, row->key) : (struct counter){ 0 };
		*at(ret_counters, row) = value;
		if (raw == NULL || !value.known)
			continue;
		name_of(row, name);
		raw_counters_add(raw, name, value);
	}
	if (!source->is_v2 && source->memory->directory >= 0)
		ret_counters->inner_oom_kills = group_sum_below(
			source->memory, "memory.oom_control", "oom_kill");
}

void counters_of_new(const struct counter_source *source, struct counters *ret_counters)
{
	char text[16384];

	*ret_counters = (struct counters){ 0 };
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct counter_row *row = &rows[i];

		if (!has_row(source, row))
			continue;
		if (row->where != IN_PROC && directory_of(source, row->where) >= 0)
			*at(ret_counters, row) = counter_of(0);
		else if (row->where == IN_PROC &&
			 file_read(AT_FDCWD, row->file, text, sizeof(text)) >= 0)
			*at(ret_counters, row) = value_in(text, row->key);
	}
	if (!source->is_v2 && source->memory->directory >= 0)
		ret_counters->inner_oom_kills = counter_of(0);
}

bool counters_are_new(const struct counter_source *source)
{
	struct counters read;

	counters_read(source, &read, NULL);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].where != IN_PROC && counter_some(*at(&read, &rows[i])))
			return false;
	return !counter_some(read.inner_oom_kills);
}

/* Two backends can have a counter of one name: it is the same member. */
static struct counter by_name(const struct counters *counters, const char *name)
{
	char each[RAW_COUNTER_NAME];

	for (size_t i = 0; i < COUNT(rows); i++) {
		name_of(&rows[i], each);
		if (strcmp(each, name) == 0)
			return *(const struct counter *)((const char *)counters + rows[i].offset);
	}
	return (struct counter){ 0 };
}

void raw_counters_of_new(const struct counters *before, const struct raw_counters *after,
	struct raw_counters *ret_before)
{
	ret_before->count = 0;
	for (int i = 0; i < after->count; i++) {
		struct counter value = by_name(before, after->items[i].name);

		if (value.known)
			raw_counters_add(ret_before, after->items[i].name, value);
	}
}

void memory_split_read(const struct counter_source *source, struct memory_split *ret_split)
{
	/* v1's rss is anonymous memory; its cache holds shmem too, as v2's file does. */
	static const char *const keys[2][4] = {
		{ "total_rss", "total_cache", "total_shmem", NULL },
		{ "anon", "file", "shmem", "kernel" },
	};
	struct counter *to[4] = { &ret_split->anon_bytes, &ret_split->file_bytes,
		&ret_split->shmem_bytes, &ret_split->kernel_bytes };
	char text[8192];
	bool readable = file_read(source->memory->directory, "memory.stat", text, sizeof(text)) >=
			0;

	for (size_t i = 0; i < 4; i++) {
		const char *key = keys[source->is_v2][i];
		uint64_t value;

		*to[i] = readable && key != NULL && keyed_value(text, key, &value)
				 ? counter_of(value)
				 : (struct counter){ 0 };
	}
	if (!source->is_v2)
		ret_split->kernel_bytes = group_counter(
			source->memory, "memory.kmem.usage_in_bytes", NULL);
}

struct counter memory_current(const struct counter_source *source)
{
	char text[TEXT_NUMBER_SIZE];
	ssize_t length;

	if (source->usage != NULL && *source->usage >= 0) {
		length = pread(*source->usage, text, sizeof(text) - 1, 0);
		text[length > 0 ? length : 0] = '\0';
		return value_in(text, NULL);
	}
	return group_counter(
		source->memory, source->is_v2 ? "memory.current" : "memory.usage_in_bytes", NULL);
}

uint64_t memory_in_use(const struct counter_source *source)
{
	struct memory_split split;

	memory_split_read(source, &split);
	return split.anon_bytes.value + split.shmem_bytes.value + split.kernel_bytes.value;
}

uint64_t charge_ahead_bytes(void)
{
	return (uint64_t)processors_online() * 64 * 4096; /* MEMCG_CHARGE_BATCH pages */
}
