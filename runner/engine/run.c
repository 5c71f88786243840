/* SPDX-License-Identifier: MIT
 *
 * run.c - the life of one run, as memcage.h promises it.
 *
 *     memcage_start   check -> cage -> guard -> baseline -> witnesses -> streams -> spawn -> watch
 *                     (start.c)
 *     memcage_step    watch, until the cage is empty; then
 *     conclude        last reading -> evidence -> verdict -> remove the cage -> report
 */
#include "engine/run.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/failure.h"
#include "base/text.h"
#include "cage/guard.h"
#include "spec/check.h"

int run_read_before(struct memcage_run *run)
{
	struct counter_source source = cage_counters(&run->cage);
	struct ancestors above;

	counters_of_new(&source, &run->before);
	above.count = 0; /* most of it is room, and not touched */
	above.paths_size = 0;
	above.all_visible = false;
	if (run->cage.home != NULL)
		ancestors_read(&run->cage.home->hierarchies, run->cage.leaf, &above);
	run->above = ancestors_keep(&above);
	return run->above == NULL ? -ENOMEM : 0;
}

static void read_after(struct memcage_run *run)
{
	struct counter_source source = cage_counters(&run->cage);

	counters_read(&source, &run->after.counters, &run->after.raw);
	raw_counters_of_new(&run->before, &run->after.raw, &run->before_raw);
	if (run->cage.home != NULL)
		ancestors_read_again(&run->cage.home->hierarchies, run->cage.leaf, run->above,
			&run->after.above);
}

void run_let_guard_go(struct memcage_run *run)
{
	if (run->holds_guard)
		guard_let_go();
	run->holds_guard = false;
}

void run_close_cage(struct memcage_run *run)
{
	run_let_guard_go(run);
	cage_remove(&run->cage); /* while the guard ends */
	guard_reap();            /* on v2 it may live in a group that goes with the place */
	cage_close(&run->cage);
}

void run_release(struct memcage_run *run)
{
	free((void *)run->above);
	free(run->environment);
	(void)munmap(run, sizeof(*run));
}

int memcage_run_fd(const struct memcage_run *run)
{
	return run->watch.epoll;
}

/* The workload's user may be allowed to change our files: its limit was then not the one we set. */
static void warn_of_changed_limit(struct memcage_run *run)
{
	struct counter limit = group_counter(&run->cage.memory,
		run->cage.kind == CAGE_V2 ? "memory.max" : "memory.limit_in_bytes", NULL);

	if (spec_has_limit(&run->spec) && limit.known && limit.value != run->cage.limit_bytes.value)
		text_list_add(&run->cage.warnings, "somebody changed the cage's limit during the "
						   "run: the verdict speaks of one that did "
						   "not hold to the end");
}

/* The cage is empty: the last reading, before anything is removed. */
static void read_last(struct memcage_run *run)
{
	struct counter_source source = cage_counters(&run->cage);
	struct memory_split left;

	pressure_sample(&run->watch, clock_us());
	read_after(run);
	if (run->cage.kind == CAGE_RLIMIT)
		return;
	run->group_removed = !cage_is_there(&run->cage);
	warn_of_changed_limit(run);
	memory_split_read(&source, &left);
	run->residual_bytes = left.shmem_bytes;
	/* v1 only asks: a quarter of the limit in page cache makes a touched limit say little. */
	run->file_cache_was_large = run->cage.limit_bytes.value != UINT64_MAX &&
				    (!left.file_bytes.known ||
					    left.file_bytes.value >
						    run->cage.limit_bytes.value / 4 ||
					    run->watch.seen.highest_split.file_bytes.value >
						    run->cage.limit_bytes.value / 4);
}

static void conclude(struct memcage_run *run)
{
	struct evidence evidence;
	struct report_facts facts;
	struct borrowed borrowed;
	uint64_t ended_us = run->watch.seen.ended_us;

	read_last(run);
	evidence_collect(run, &evidence);
	witnesses_tell(&run->witnesses, &evidence);
	guard_remove(&run->cage);
	run_let_guard_go(run);
	facts_describe(run, &evidence, 0, &facts, &borrowed);
	run_close_cage(run);
	facts.teardown_ms = ended_us == 0 ? 0 : (double)(clock_us() - ended_us) / 1000;
	run->result = result_make(&facts, &evidence);
	witnesses_close(&run->witnesses);
	free(borrowed.tails[0]);
	free(borrowed.tails[1]);
}

int memcage_step(struct memcage_run *run)
{
	if (run->result != NULL)
		return 0;
	if (watch_step(&run->watch))
		return 1;
	conclude(run);
	return 0;
}

void memcage_interrupt(struct memcage_run *run, int signal_number, bool on_terminal)
{
	if (run->result == NULL)
		watch_interrupt(&run->watch, signal_number, on_terminal);
}

void memcage_run_progress(const struct memcage_run *run, struct memcage_progress *ret_progress)
{
	struct counter_source source = cage_counters(&run->cage);
	struct counter current = { 0 };

	if (run->cage.kind != CAGE_RLIMIT && group_exists(&run->cage.memory))
		current = memory_current(&source);
	*ret_progress = (struct memcage_progress){
		.elapsed_ms = (clock_us() - run->watch.seen.started_us) / 1000,
		.memory_bytes = current.known ? current.value : UINT64_MAX,
		.limit_bytes = run->cage.limit_bytes.value,
	};
}

bool memcage_run_contains(const struct memcage_run *run, int pid)
{
	return pid == run->watch.seen.main_pid || cage_holds(&run->cage, pid);
}

int memcage_take_result(struct memcage_run *run, struct memcage_result **ret_result)
{
	if (run->result == NULL)
		return -EAGAIN;
	*ret_result = run->result;
	run->result = NULL;
	return 0;
}

struct memcage_run *memcage_run_free(struct memcage_run *run)
{
	if (run == NULL)
		return NULL;
	if (run->cage.home != NULL)
		guard_remove(&run->cage);
	run_close_cage(run);
	watch_end(&run->watch);
	witnesses_close(&run->witnesses);
	memcage_result_free(run->result);
	run_release(run);
	return NULL;
}

int memcage_run(const struct memcage_spec *spec, struct memcage_result **ret_result,
	struct memcage_failure *reterr_failure)
{
	struct memcage_run *run;
	int result = memcage_start(spec, &run, reterr_failure);

	if (result < 0)
		return result;
	while (memcage_step(run) == 1) {
		struct pollfd ready = { .fd = memcage_run_fd(run), .events = POLLIN };

		(void)poll(&ready, 1, -1); /* EINTR: the step finds nothing to do */
	}
	result = memcage_take_result(run, ret_result);
	(void)memcage_run_free(run);
	return result;
}
