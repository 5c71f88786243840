/* SPDX-License-Identifier: MIT */
#include "witness/preload/tally.h"

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

static void count_process(struct witness_page *page, int32_t pid, uint32_t change)
{
	for (int i = 0; i < PAGE_PROCESSES; i++) {
		struct page_process *process = &page->processes[i];
		int32_t owner = __atomic_load_n(&process->pid, __ATOMIC_RELAXED);

		if (owner == 0 && __atomic_compare_exchange_n(&process->pid, &owner, pid, false,
					  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			owner = pid;
		if (owner == pid) {
			(void)__atomic_fetch_add(&process->hard, change, __ATOMIC_RELAXED);
			return;
		}
	}
}

void tally_hard(struct witness_page *page, const struct pending *refusal, uint64_t change)
{
	tally_add(&page->hard, change);
	tally_add(&page->by_cause[refusal->cause], change);
	count_process(page, refusal->pid, (uint32_t)change);
}
