/* SPDX-License-Identifier: MIT */
#include "witness/preload/slots.h"

#include <sys/prctl.h>

#include "witness/preload/bytes.h"
#include "witness/preload/confine.h"
#include "witness/preload/kernel.h"
#include "witness/preload/python.h"
#include "witness/preload/snapshot.h"

/* What costs the most is done for the first ones of a process only. */
#define SOURCE_LINES_MAX 16
#define SNAPSHOTS_MAX 16

static uint32_t source_lines, snapshots;

bool slot_move_state(struct page_record *record, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(
		&record->state, &from, to, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

int32_t slot_claim(struct witness_page *page, uint64_t sequence)
{
	int32_t recent = PAGE_FIRST + (int32_t)(sequence % PAGE_RECENT);

	for (int32_t i = 0; i < PAGE_FIRST; i++)
		if (__atomic_load_n(&page->records[i].state, __ATOMIC_RELAXED) == RECORD_FREE &&
			slot_move_state(&page->records[i], RECORD_FREE, RECORD_BUSY))
			return i;
	if (slot_move_state(&page->records[recent], RECORD_FREE, RECORD_BUSY) ||
		slot_move_state(&page->records[recent], RECORD_HARD, RECORD_BUSY))
		return recent;
	return -1;
}

/* Programs that are refused and ask again use the same few records over and over. */
static void take_snapshot(struct page_file *file, const struct pending *refusal)
{
	if (refusal->record < PAGE_SNAPSHOTS &&
		__atomic_fetch_add(&snapshots, 1, __ATOMIC_RELAXED) < SNAPSHOTS_MAX)
		snapshot_take(&file->snapshots[refusal->record], refusal->sequence);
}

/* The process's name; where there is no /proc, that of the thread. */
static void name(struct page_record *record)
{
	char command[sizeof(record->command)] = "";
	long length = bytes_read_file("/proc/self/comm", command, sizeof(command));

	if (length <= 0)
		(void)kernel_call(SYS_prctl, PR_GET_NAME, (long)command, 0, 0, 0, 0);
	else if (command[length - 1] == '\n')
		command[length - 1] = '\0';
	bytes_copy(record->command, sizeof(record->command), command, sizeof(command));
}

/* Who asked, and where in the program that was. */
static void describe(struct page_file *file, const struct pending *refusal)
{
	struct page_record *record = &file->page.records[refusal->record];

	name(record);
	if (python_present() &&
		__atomic_fetch_add(&source_lines, 1, __ATOMIC_RELAXED) < SOURCE_LINES_MAX)
		python_source_line(record->source_line, sizeof(record->source_line));
	take_snapshot(file, refusal);
}

void slot_write(struct page_file *file, const struct pending *refusal, enum page_function function,
	const struct cause *cause)
{
	struct page_record *record = &file->page.records[refusal->record];

	record->outlived = 0;
	record->sequence = refusal->sequence;
	record->request_bytes = refusal->size;
	record->boottime_us = confine_is_on() ? 0 : kernel_boottime_us();
	record->limit = cause->limit;
	record->used = cause->used;
	record->cage_bytes = cause->cage_bytes;
	record->cause = refusal->cause;
	record->function = (uint32_t)function;
	record->pid = refusal->pid;
	record->overcommit_mode = cause->overcommit_mode;
	record->command[0] = '\0';
	record->source_line[0] = '\0';
	if (!confine_is_on())
		describe(file, refusal);
	__atomic_store_n(&record->state, RECORD_HARD, __ATOMIC_RELEASE);
}
