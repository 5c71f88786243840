/* SPDX-License-Identifier: MIT */
#include "witness/preload/record.h"

#include <errno.h>

#include "witness/preload/attach.h"
#include "witness/preload/cause.h"
#include "witness/preload/confine.h"
#include "witness/preload/kernel.h"
#include "witness/preload/slots.h"
#include "witness/preload/tally.h"

/* A refusal costs some microseconds to explain. A process that is refused this often is not
 * explained any further: its later ones count with a cause unknown. */
#define EXPLAINED_MAX 4096

_Thread_local struct thread_state record_thread __attribute__((tls_model("initial-exec")));
uint64_t record_watch = UINT64_MAX;

static uint64_t outlive_watch =
	UINT64_MAX; /* the smallest hard refusal that nothing has outlived */
static uint64_t pending_watch = UINT64_MAX; /* the smallest that a thread may still settle */
static uint32_t explained;

static void set_watch(void)
{
	uint64_t pending = __atomic_load_n(&pending_watch, __ATOMIC_RELAXED);
	uint64_t outlive = __atomic_load_n(&outlive_watch, __ATOMIC_RELAXED);

	__atomic_store_n(&record_watch, pending < outlive ? pending : outlive, __ATOMIC_RELAXED);
}

static int32_t own_pid(void)
{
	return confine_is_on() ? confine_pid() : kernel_pid();
}

/* ---- what this thread may still settle ---- */

static void forget(uint32_t index)
{
	struct thread_state *thread = &record_thread;

	thread->pending_count--;
	for (; index < thread->pending_count; index++)
		thread->pending[index] = thread->pending[index + 1];
}

/* Only the next attempt of a size can settle a refusal of it: another one refused ends its chance.
 */
static void remember(const struct pending *refusal)
{
	struct thread_state *thread = &record_thread;

	for (uint32_t i = 0; i < thread->pending_count; i++)
		if (thread->pending[i].size == refusal->size) {
			forget(i);
			break;
		}
	if (thread->pending_count == RECORD_PENDING)
		forget(0);
	thread->pending[thread->pending_count++] = *refusal;
	tally_lower(&pending_watch, refusal->size);
}

static void settle(struct witness_page *page, uint32_t index)
{
	struct pending refusal = record_thread.pending[index];

	forget(index);
	if (refusal.pid != own_pid()) /* our parent's, before it forked */
		return;
	tally_hard(page, &refusal, (uint64_t)-1);
	tally_add(&page->retried, 1);
	if (refusal.record < 0)
		return;
	/* The record may be another's by now. */
	if (slot_move_state(&page->records[refusal.record], RECORD_HARD, RECORD_BUSY)) {
		bool same = page->records[refusal.record].sequence == refusal.sequence;

		__atomic_store_n(&page->records[refusal.record].state,
			same ? RECORD_FREE : RECORD_HARD, __ATOMIC_RELEASE);
	}
}

/* This process got size bytes: its refusals of no more than that were not its end. */
static void outlive(struct witness_page *page, uint64_t size)
{
	int32_t pid = own_pid();
	uint64_t smallest = UINT64_MAX;

	for (int i = 0; i < PAGE_RECORDS; i++) {
		struct page_record *record = &page->records[i];

		if (__atomic_load_n(&record->state, __ATOMIC_ACQUIRE) != RECORD_HARD ||
			record->pid != pid || record->outlived != 0)
			continue;
		if (record->request_bytes <= size)
			record->outlived = 1;
		else if (record->request_bytes < smallest)
			smallest = record->request_bytes;
	}
	__atomic_store_n(&outlive_watch, smallest, __ATOMIC_RELAXED);
	set_watch();
}

void record_granted(uint64_t size)
{
	struct thread_state *thread = &record_thread;
	bool outlives = size >= __atomic_load_n(&outlive_watch, __ATOMIC_RELAXED);
	struct page_file *file;
	uint32_t settled = 0;

	while (settled < thread->pending_count && thread->pending[settled].size != size)
		settled++;
	if (thread->busy || (settled == thread->pending_count && !outlives))
		return;
	file = attach_look();
	if (file != NULL && settled < thread->pending_count)
		settle(&file->page, settled);
	if (file != NULL && outlives)
		outlive(&file->page, size);
}

/* ---- refusals ---- */

static void explain_and_count(
	struct page_file *file, enum page_function function, uint64_t size, bool on_purpose)
{
	struct witness_page *page = &file->page;
	struct pending refusal = { .size = size, .record = -1, .pid = own_pid() };
	struct cause cause = CAUSE_NONE;

	refusal.sequence = __atomic_add_fetch(&page->sequence, 1, __ATOMIC_RELAXED);
	if (on_purpose)
		cause.name = CAUSE_INJECTED;
	else if (__atomic_fetch_add(&explained, 1, __ATOMIC_RELAXED) < EXPLAINED_MAX)
		cause = cause_find(function, size);
	refusal.cause = (uint32_t)cause.name;
	/* Counted first: explaining may be the last that this process does. */
	tally_hard(page, &refusal, 1);
	tally_raise(&page->largest_bytes, size);
	refusal.record = slot_claim(page, refusal.sequence);
	if (refusal.record >= 0)
		slot_write(file, &refusal, function, &cause);
	/* Small requests of one size follow each other all the time: that the next one is granted
	 * says nothing of one that was refused for its number. */
	if (!on_purpose)
		remember(&refusal);
	tally_lower(&outlive_watch, size);
	set_watch();
}

void record_refused(enum page_function function, uint64_t size)
{
	struct thread_state *thread = &record_thread;
	struct page_file *file = thread->busy ? NULL : attach_look();
	int saved = errno;

	if (file == NULL)
		return;
	if (cause_is_impossible(size)) {
		tally_add(&file->page.impossible, 1);
		return;
	}
	thread->busy = true;
	explain_and_count(file, function, size, false);
	thread->busy = false;
	errno = saved;
}

void record_injected(enum page_function function, uint64_t size)
{
	struct page_file *file = attach_look();
	int saved = errno;

	if (file == NULL)
		return;
	record_thread.busy = true;
	tally_add(&file->page.injected, 1);
	explain_and_count(file, function, size, true);
	record_thread.busy = false;
	errno = saved;
}

void record_overflow(enum page_function function)
{
	struct page_file *file = attach_look();

	(void)function;
	if (file != NULL)
		tally_add(&file->page.impossible, 1);
}

void record_soft(void)
{
	struct page_file *file = attach_look();

	if (file != NULL)
		tally_add(&file->page.soft, 1);
}
