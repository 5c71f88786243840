/* SPDX-License-Identifier: MIT */
#include "witness/oom_amounts.h"

#include <string.h>

#include "witness/oom_number.h"

#define USUAL_PAGE_BYTES 4096

struct named_amount {
	const char *name;
	enum oom_amount amount;
};

/* memory.stat of cgroup v2: "anon 123" */
static const struct named_amount statistics_v2[] = {
	{ "anon", OOM_ANON },
	{ "file", OOM_FILE },
	{ "kernel", OOM_KERNEL },
	{ "kernel_stack", OOM_KERNEL_STACK },
	{ "pagetables", OOM_PAGE_TABLES },
	{ "percpu", OOM_PER_CPU },
	{ "sock", OOM_SOCKETS },
	{ "file_dirty", OOM_DIRTY },
	{ "file_mapped", OOM_MAPPED },
	{ "slab", OOM_SLAB },
	{ "slab_unreclaimable", OOM_SLAB_UNRECLAIMABLE },
	{ NULL, 0 },
};

/* memory.stat of cgroup v1; total_ is with the groups below */
static const struct named_amount statistics_v1[] = {
	{ "rss", OOM_ANON },
	{ "cache", OOM_FILE },
	{ "mapped_file", OOM_MAPPED },
	{ "dirty", OOM_DIRTY },
	{ "swap", OOM_SWAPPED },
	{ NULL, 0 },
};

/* Mem-Info: "active_anon:123", in pages */
static const struct named_amount machine[] = {
	{ "active_anon", OOM_ANON },
	{ "inactive_anon", OOM_ANON },
	{ "active_file", OOM_FILE },
	{ "inactive_file", OOM_FILE },
	{ "slab_reclaimable", OOM_SLAB },
	{ "slab_unreclaimable", OOM_SLAB },
	{ "slab_unreclaimable", OOM_SLAB_UNRECLAIMABLE },
	{ "shmem", OOM_SHMEM },
	{ "mapped", OOM_MAPPED },
	{ "dirty", OOM_DIRTY },
	{ "pagetables", OOM_PAGE_TABLES },
	{ "free", OOM_FREE },
	{ NULL, 0 },
};

/* What is in pages until the incident is complete. */
static const enum oom_amount in_pages[] = { OOM_ANON, OOM_FILE, OOM_SLAB, OOM_SLAB_UNRECLAIMABLE,
	OOM_SHMEM, OOM_MAPPED, OOM_DIRTY, OOM_PAGE_TABLES, OOM_FREE, OOM_RAM, OOM_RESERVED };

static bool is_name(struct span word, const char *name)
{
	return word.length == strlen(name) && memcmp(word.at, name, word.length) == 0;
}

static void add(struct counter *counter, uint64_t value)
{
	if (!counter->known)
		*counter = counter_of(0);
	if (__builtin_add_overflow(counter->value, value, &counter->value))
		counter->value = UINT64_MAX;
}

static uint64_t times(uint64_t value, uint64_t factor)
{
	return __builtin_mul_overflow(value, factor, &value) ? UINT64_MAX : value;
}

/* "anon 123": sets, so that total_ wins, which comes later. */
static bool read_statistic(struct span text, struct oom_incident *incident)
{
	const char *blank = memchr(text.at, ' ', text.length);
	struct span name, rest;
	uint64_t value;
	bool is_total;

	if (blank == NULL)
		return false;
	name = span_between(text.at, blank);
	rest = span_from(text, blank + 1);
	if (!span_take_number(&rest, &value) || rest.length != 0)
		return false;
	is_total = span_take_prefix(&name, "total_");
	if (is_name(name, "shmem")) {
		incident->amounts[OOM_SHMEM] = counter_of(value);
		return true;
	}
	for (const struct named_amount *row = statistics_v1; row->name != NULL; row++)
		if (is_name(name, row->name)) {
			incident->amounts[row->amount] = counter_of(value);
			incident->is_v1_statistics = true;
			return true;
		}
	for (const struct named_amount *row = statistics_v2; row->name != NULL && !is_total; row++)
		if (is_name(name, row->name)) {
			incident->amounts[row->amount] = counter_of(value);
			return true;
		}
	return false;
}

bool oom_amounts_groups(struct span text, struct oom_incident *incident)
{
	bool found = false;

	while (text.length > 0) {
		const char *colon = memchr(text.at, ':', text.length);
		struct span name;
		uint64_t value;

		if (colon == NULL)
			break;
		name = span_between(text.at, colon);
		text = span_from(text, colon + 1);
		if (!span_take_number(&text, &value) || !span_take_prefix(&text, "KB"))
			break;
		(void)span_take_prefix(&text, " ");
		value = times(value, 1024);
		if (is_name(name, "shmem"))
			add(&incident->amounts[OOM_SHMEM], value);
		for (const struct named_amount *row = statistics_v1; row->name != NULL; row++)
			if (is_name(name, row->name))
				add(&incident->amounts[row->amount], value);
		found = true;
	}
	return found;
}

/* "active_anon:1 inactive_anon:54762 isolated_anon:0"; the lines of nodes and zones repeat it in
 * kB. */
static bool read_machine(struct span text, struct oom_incident *incident)
{
	bool found = false;

	while (text.length > 0) {
		const char *colon = memchr(text.at, ':', text.length);
		struct span name;
		uint64_t value;

		if (colon == NULL)
			break;
		name = span_between(text.at, colon);
		text = span_from(text, colon + 1);
		if (!span_take_number(&text, &value) ||
			(text.length > 0 && !span_take_prefix(&text, " ")))
			break;
		for (const struct named_amount *row = machine; row->name != NULL; row++) {
			if (!is_name(name, row->name))
				continue;
			add(&incident->amounts[row->amount], value);
			found = true;
		}
	}
	return found;
}

/* "Node 0 hugepages_total=4 hugepages_free=2 hugepages_surp=0 hugepages_size=2048kB" */
static bool read_huge_pages(struct span text, struct oom_incident *incident)
{
	static const char *const keys[] = {
		"hugepages_total=", "hugepages_free=", "hugepages_size="
	};
	uint64_t values[3];

	for (int i = 0; i < 3; i++) {
		const char *at = span_find_first(text, keys[i]);

		if (at == NULL)
			return false;
		text = span_from(text, at + strlen(keys[i]));
		if (!span_take_number(&text, &values[i]))
			return false;
	}
	add(&incident->amounts[OOM_HUGE_PAGES], times(values[0], times(values[2], 1024)));
	add(&incident->amounts[OOM_HUGE_PAGES_FREE], times(values[1], times(values[2], 1024)));
	return true;
}

/* "240106 pages RAM", "Free swap  = 0kB" */
static bool read_total(struct span text, struct oom_incident *incident)
{
	struct span rest = text;
	uint64_t value;

	if (span_take_number(&rest, &value) && span_take_prefix(&rest, " pages ")) {
		if (is_name(rest, "RAM"))
			incident->amounts[OOM_RAM] = counter_of(value);
		else if (is_name(rest, "reserved"))
			incident->amounts[OOM_RESERVED] = counter_of(value);
		else
			return false;
		return true;
	}
	rest = text;
	if (span_take_prefix(&rest, "Free swap  = ") && span_take_number(&rest, &value)) {
		incident->amounts[OOM_SWAP_FREE] = counter_of(times(value, 1024));
		return true;
	}
	if (span_take_prefix(&rest, "Total swap = ") && span_take_number(&rest, &value)) {
		incident->amounts[OOM_SWAP_TOTAL] = counter_of(times(value, 1024));
		return true;
	}
	return false;
}

bool oom_amounts_read(struct span text, struct oom_incident *incident)
{
	struct span rest = text;

	while (span_take_prefix(&text, " ") || span_take_prefix(&text, "\t"))
		;
	rest = text;
	if (span_take_prefix(&rest, "Node "))
		return read_huge_pages(rest, incident);
	return read_total(text, incident) || read_statistic(text, incident) ||
	       read_machine(text, incident);
}

static bool is_of_group(const struct oom_incident *incident)
{
	return incident->scope == OOM_SCOPE_MEMCG || incident->scope == OOM_SCOPE_MEMCG_V1 ||
	       incident->scope == OOM_SCOPE_MEMCG_V2;
}

static struct counter less(struct counter counter, struct counter part)
{
	if (!counter.known || !part.known)
		return counter;
	return counter_of(counter.value > part.value ? counter.value - part.value : 0);
}

/* Kernels before 5.18 do not print the sum of a v2 group's kernel memory. */
static void sum_kernel(struct counter amounts[static OOM_AMOUNT_COUNT])
{
	static const enum oom_amount parts[] = { OOM_KERNEL_STACK, OOM_PAGE_TABLES, OOM_PER_CPU,
		OOM_SLAB };

	if (amounts[OOM_KERNEL].known || !amounts[OOM_SLAB].known)
		return;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (amounts[parts[i]].known)
			add(&amounts[OOM_KERNEL], amounts[parts[i]].value);
}

void oom_amounts_settle(struct oom_incident *incident)
{
	uint64_t page = incident->page_bytes != 0 ? incident->page_bytes : USUAL_PAGE_BYTES;
	struct counter *amounts = incident->amounts;

	if (is_of_group(incident)) {
		if (incident->scope == OOM_SCOPE_MEMCG && incident->is_v1_statistics)
			incident->scope = OOM_SCOPE_MEMCG_V1;
		if (incident->scope == OOM_SCOPE_MEMCG_V2)
			sum_kernel(amounts);
		return;
	}
	for (size_t i = 0; i < sizeof(in_pages) / sizeof(*in_pages); i++)
		amounts[in_pages[i]].value = times(amounts[in_pages[i]].value, page);
	amounts[OOM_ANON] = less(amounts[OOM_ANON], amounts[OOM_SHMEM]);
	if (amounts[OOM_FILE].known && amounts[OOM_SHMEM].known)
		add(&amounts[OOM_FILE], amounts[OOM_SHMEM].value);
}

struct counter oom_page_cache(const struct oom_incident *incident)
{
	const struct counter *amounts = incident->amounts;

	return amounts[OOM_SHMEM].known ? less(amounts[OOM_FILE], amounts[OOM_SHMEM])
					: (struct counter){ 0 };
}

struct counter oom_pages(const struct oom_incident *incident, struct counter pages)
{
	uint64_t page = incident->page_bytes != 0 ? incident->page_bytes : USUAL_PAGE_BYTES;

	return pages.known ? counter_of(times(pages.value, page)) : pages;
}

struct counter oom_usable_memory(const struct oom_incident *incident)
{
	return less(incident->amounts[OOM_RAM], incident->amounts[OOM_RESERVED]);
}
