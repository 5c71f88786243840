/* SPDX-License-Identifier: MIT
 *
 * What the page says, checked: the workload can write there what it likes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cage/data_limit.h"
#include "witness/preload.h"
#include "witness/preload/page.h"
#include "witness/printable.h"

#define COUNT_MAX (UINT64_C(1) << 40)
#define SIZE_LIMIT (UINT64_C(1) << 52) /* more than any machine has */

static const char *const functions[FUNCTION_COUNT] = {
	[FUNCTION_MALLOC] = "malloc",
	[FUNCTION_CALLOC] = "calloc",
	[FUNCTION_REALLOC] = "realloc",
	[FUNCTION_REALLOCARRAY] = "reallocarray",
	[FUNCTION_POSIX_MEMALIGN] = "posix_memalign",
	[FUNCTION_ALIGNED_ALLOC] = "aligned_alloc",
	[FUNCTION_MEMALIGN] = "memalign",
	[FUNCTION_VALLOC] = "valloc",
	[FUNCTION_PVALLOC] = "pvalloc",
	[FUNCTION_MMAP] = "mmap",
	[FUNCTION_MREMAP] = "mremap",
	[FUNCTION_PTHREAD_CREATE] = "pthread_create",
	[FUNCTION_MPROTECT] = "mprotect",
	[FUNCTION_BRK] = "brk",
	[FUNCTION_SBRK] = "sbrk",
};

static uint64_t at_most(uint64_t value, uint64_t limit)
{
	return value < limit ? value : limit;
}

static enum refusal_cause cause_of(const struct page_record *record)
{
	return record->cause < CAUSE_COUNT ? (enum refusal_cause)record->cause : CAUSE_UNKNOWN;
}

static void describe_cause(const struct page_record *record, struct refusal *refusal)
{
	char *text = refusal->cause_detail;
	const size_t size = sizeof(refusal->cause_detail);

	switch (refusal->cause) {
	case CAUSE_AT_LIMIT_FAIL:
	case CAUSE_RLIMIT_DATA:
		(void)snprintf(text, size, "RLIMIT_DATA %" PRIu64 ", data %" PRIu64,
			data_limit_bytes(record->limit), record->used);
		break;
	case CAUSE_RLIMIT_AS:
		(void)snprintf(text, size, "RLIMIT_AS %" PRIu64 ", address space %" PRIu64,
			record->limit, record->used);
		break;
	case CAUSE_OVERCOMMIT:
		if (record->overcommit_mode == 2)
			(void)snprintf(text, size,
				"vm.overcommit_memory 2, CommitLimit %" PRIu64
				", Committed_AS %" PRIu64,
				record->limit, record->used);
		else
			(void)snprintf(text, size,
				"vm.overcommit_memory 0, memory and swap of the host %" PRIu64,
				record->limit);
		break;
	case CAUSE_MAX_MAP_COUNT:
		(void)snprintf(text, size, "vm.max_map_count %" PRIu64 ", mappings %" PRIu64,
			record->limit, record->used);
		break;
	default:
		break;
	}
}

static struct refusal refusal_of(const struct page_record *record, const struct room *room)
{
	struct refusal refusal = {
		.request_bytes = record->request_bytes,
		.cause = cause_of(record),
		.pid = record->pid > 0 ? record->pid : 0,
		.boottime_us = record->boottime_us,
	};

	if (record->function < FUNCTION_COUNT)
		(void)printable_copy(refusal.function, sizeof(refusal.function),
			functions[record->function], strlen(functions[record->function]));
	(void)printable_copy(refusal.command, sizeof(refusal.command), record->command,
		strnlen(record->command, sizeof(record->command)));
	(void)printable_copy(refusal.source_line, sizeof(refusal.source_line), record->source_line,
		strnlen(record->source_line, sizeof(record->source_line)));
	describe_cause(record, &refusal);
	refusal_set_mechanism(&refusal, room, record->limit,
		record->cage_bytes <= SIZE_LIMIT ? counter_of(record->cage_bytes)
						 : (struct counter){ 0 });
	return refusal;
}

/* The first and the last refusal that stayed hard. */
static void collect_records(const struct witness_page *page, struct refusals *refusals)
{
	const struct page_record *first = NULL, *last = NULL;

	for (size_t i = 0; i < PAGE_RECORDS; i++) {
		const struct page_record *record = &page->records[i];

		if (record->state != RECORD_HARD)
			continue;
		if (first == NULL || record->sequence < first->sequence)
			first = record;
		if (last == NULL || record->sequence > last->sequence)
			last = record;
	}
	if (first == NULL || refusals->hard == 0)
		return;
	refusals->first_known = true;
	refusals->first = refusal_of(first, &page->room);
	refusals->first.sequence = first->sequence;
	refusals->first.record = (uint32_t)(first - page->records);
	refusals->hard_was_last = last->outlived == 0;
}

static void collect_causes(const struct witness_page *page, struct refusals *refusals)
{
	uint64_t left = refusals->hard;

	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		refusals->by_cause[i] = at_most(page->by_cause[i], left);
		left -= refusals->by_cause[i];
	}
	refusals->by_cause[CAUSE_UNKNOWN] += left;
}

static void deny_injections(struct witness_page *page, struct refusals *refusals)
{
	refusals->injected = 0;
	page->by_cause[CAUSE_INJECTED] = 0; /* what is left counts as unknown */
	for (size_t i = 0; i < PAGE_RECORDS; i++)
		if (page->records[i].cause == CAUSE_INJECTED)
			page->records[i].cause = CAUSE_UNKNOWN;
}

void preload_collect(
	const struct preload_witness *witness, int main_pid, struct refusals *ret_refusals)
{
	struct witness_page page;
	struct refusals refusals = { 0 };
	struct stat facts;

	*ret_refusals = refusals;
	/* Somebody removed it: who started after that found no file to write into. */
	if (witness->fd < 0 || fstat(witness->fd, &facts) < 0 || facts.st_nlink == 0)
		return;
	/* Read, not mapped: the file may have been cut, and then a mapping would be our end. */
	if (pread(witness->fd, &page, sizeof(page), 0) != (ssize_t)sizeof(page) ||
		page.magic != PAGE_MAGIC || page.size != sizeof(struct page_file))
		return;
	if (page.hard > COUNT_MAX || page.retried > COUNT_MAX || page.impossible > COUNT_MAX ||
		page.attached > COUNT_MAX)
		return; /* no program gets that far: somebody wrote nonsense into it */
	refusals.watched = true;
	refusals.covered = (uint32_t)at_most(page.attached, UINT32_MAX);
	refusals.hard = at_most(page.hard, INT64_MAX);
	refusals.retried = at_most(page.retried, INT64_MAX);
	refusals.impossible = at_most(page.impossible, INT64_MAX);
	refusals.injected = at_most(page.injected, COUNT_MAX);
	refusals.counted = witness->injects;
	refusals.largest_bytes = page.largest_bytes;
	for (size_t i = 0; i < PAGE_PROCESSES; i++) {
		const struct page_process *process = &page.processes[i];

		if (process->pid == main_pid && main_pid > 0)
			refusals.main_hard = at_most(process->hard, refusals.hard);
		if (process->pid > 0 && process->calls > 0)
			refusals_add_process(
				&refusals, process->pid, at_most(process->calls, COUNT_MAX));
	}
	if (!witness->injects) /* what it is that we did ourselves is not the workload's to say */
		deny_injections(&page, &refusals);
	collect_causes(&page, &refusals);
	collect_records(&page, &refusals);
	*ret_refusals = refusals;
}
