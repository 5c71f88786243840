/* SPDX-License-Identifier: MIT */
#include "witness/preload/tally.h"

#include <stddef.h>

void tally_add(uint64_t *counter, uint64_t number)
{
	(void)__atomic_fetch_add(counter, number, __ATOMIC_RELAXED);
}

void tally_lower(uint64_t *minimum, uint64_t value)
{
	uint64_t now = __atomic_load_n(minimum, __ATOMIC_RELAXED);

	while (value < now && !__atomic_compare_exchange_n(minimum, &now, value, true,
				      __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

void tally_raise(uint64_t *maximum, uint64_t value)
{
	uint64_t now = __atomic_load_n(maximum, __ATOMIC_RELAXED);

	while (value > now && !__atomic_compare_exchange_n(maximum, &now, value, true,
				      __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* Its own among the processes; NULL where there is no more room. */
static struct page_process *process_of(struct witness_page *page, int32_t pid)
{
	for (int i = 0; i < PAGE_PROCESSES; i++) {
		struct page_process *process = &page->processes[i];
		int32_t owner = __atomic_load_n(&process->pid, __ATOMIC_RELAXED);

		if (owner == 0 && __atomic_compare_exchange_n(&process->pid, &owner, pid, false,
					  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			owner = pid;
		if (owner == pid)
			return process;
	}
	return NULL;
}

void tally_calls(struct witness_page *page, int32_t pid, uint64_t calls)
{
	struct page_process *process = process_of(page, pid);

	if (process != NULL)
		tally_raise(&process->calls, calls);
}

void tally_hard(struct witness_page *page, const struct pending *refusal, uint64_t change)
{
	struct page_process *process = process_of(page, refusal->pid);

	tally_add(&page->hard, change);
	tally_add(&page->by_cause[refusal->cause], change);
	if (process != NULL)
		(void)__atomic_fetch_add(&process->hard, (uint32_t)change, __ATOMIC_RELAXED);
}
