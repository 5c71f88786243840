/* SPDX-License-Identifier: MIT */
#include "witness/preload/inject.h"

#include <errno.h>
#include <sys/prctl.h>

#include "witness/preload/attach.h"
#include "witness/preload/cause.h"
#include "witness/preload/kernel.h"
#include "witness/preload/record.h"
#include "witness/preload/resolve.h"
#include "witness/preload/tally.h"

static struct injection_plan plan;
static uint32_t rules;

/* A forked child counts on from its copy. */
static struct injection_count count;

bool inject_is_on(void)
{
	return rules != 0;
}

void inject_begin(struct witness_page *witness_page)
{
	char command[sizeof(plan.rules[0].command)] = "";

	if (witness_page->injection.count == 0)
		return;
	plan = witness_page->injection;
	(void)kernel_call(SYS_prctl, PR_GET_NAME, (long)command, 0, 0, 0, 0);
	rules = injection_rules_for(&plan, command);
	real.plain = rules == 0;
}

bool inject(enum page_function function, size_t size)
{
	struct page_file *file = __atomic_load_n(&attached_file, __ATOMIC_ACQUIRE);
	struct injection_count now;

	if (file == NULL || size == 0 || record_thread.busy || cause_is_impossible(size))
		return false;
	now.calls = __atomic_add_fetch(&count.calls, 1, __ATOMIC_RELAXED);
	now.bytes = __atomic_add_fetch(&count.bytes, size, __ATOMIC_RELAXED);
	tally_calls(&file->page, kernel_pid(), now.calls);
	if (!injection_refuses(&plan, rules, now, size))
		return false;
	record_injected(function, size);
	errno = ENOMEM;
	return true;
}
