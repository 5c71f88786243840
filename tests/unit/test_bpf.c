/* SPDX-License-Identifier: MIT
 *
 * The witness in the kernel, outside of it: from events to refused allocations and victims, and
 * what it says where it cannot work.
 */
#include "witness/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cage/data_limit.h"
#include "prerequisite.h"
#include "witness/bpf_events.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define LIMIT (64 * MIB)
#define UNLIMITED UINT64_MAX

static const char *missing; /* what keeps some tests from running here */
static struct bpf_events *events;

static int begin(void **state)
{
	(void)state;
	events = calloc(1, sizeof(*events));
	return events == NULL ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	free(events);
	return 0;
}

/* A thread of the main process, its program, and a limit of which 1 MiB is used. */
static struct bpf_event call(uint32_t function, uint64_t size, int64_t result, uint64_t at_us)
{
	struct bpf_event event = { .kind = BPF_EVENT_CALL,
		.function = function,
		.boottime_ns = at_us * 1000,
		.runtime_ns = at_us * 1000,
		.result = result,
		.as_limit = UNLIMITED,
		.as_pages = 1000,
		.data_limit = data_limit_make(LIMIT, DATA_LIMIT_START),
		.data_pages = 256,
		.mappings = 20,
		.tid = 4711,
		.global_pid = 4711,
		.pid = 11,
		.thread_start_ns = 5,
		.program = 1,
		.flags = BPF_IS_MAIN,
		.command = "worker" };

	if (function == CALL_MMAP) {
		event.arguments[1] = size;
		event.arguments[2] = PROT_READ | PROT_WRITE;
		event.arguments[3] = MAP_PRIVATE | MAP_ANONYMOUS;
	} else if (function == CALL_BRK) {
		event.heap_before = 16 * MIB;
		event.arguments[0] = 16 * MIB + size;
		event.result = result < 0 ? 16 * (int64_t)MIB : (int64_t)(16 * MIB + size);
	} else {
		event.arguments[1] = size;
		event.arguments[2] = PROT_READ | PROT_WRITE;
	}
	return event;
}

static void take(struct bpf_event event)
{
	bpf_events_take(events, &event);
}

static struct refusals sum(bool with_library)
{
	const struct bpf_totals totals = { .processes = 3, .executed = 2 };
	struct refusals refusals;

	bpf_events_sum(events, &totals, with_library, &refusals);
	return refusals;
}

static void test_one_allocation(void **state)
{
	struct refusals seen;

	(void)state;
	take(call(CALL_MMAP, GIB, -ENOMEM, 100));
	take(call(CALL_BRK, GIB, -ENOMEM, 110));
	take(call(CALL_MMAP, GIB, -ENOMEM, 120));
	seen = sum(true);
	assert_int_equal(seen.hard, 1);
	assert_int_equal(seen.main_hard, 1);
	assert_int_equal(seen.by_cause[CAUSE_AT_LIMIT_FAIL], 1);
	assert_int_equal(seen.kernel_side, 1);
	assert_true(seen.hard_was_last);
	assert_int_equal(seen.covered, 3);
	assert_int_equal(seen.calls_by, CALLS_BY_BPF);
	assert_true(seen.watched && seen.calls_only);
	assert_string_equal(seen.first.command, "worker");
	assert_string_equal(seen.first.function, "mmap");
	assert_string_equal(seen.first.cause_detail, "RLIMIT_DATA 67108864, data 1048576");
	assert_int_equal(seen.first.pid, 11);
	assert_int_equal(seen.first.boottime_us, 100);
}

/* A busy host: the thread waited a second between two ways of one malloc, but did nothing. */
static void test_waited_between(void **state)
{
	struct bpf_event later = call(CALL_BRK, GIB, -ENOMEM, 1000100);

	(void)state;
	take(call(CALL_MMAP, GIB, -ENOMEM, 100));
	later.runtime_ns = 120000;
	take(later);
	assert_int_equal(sum(true).hard, 1);
	assert_int_equal(sum(true).first.boottime_us, 100);
}

/* The heap cannot grow, a mapping instead is granted. */
static void test_granted_another_way(void **state)
{
	(void)state;
	take(call(CALL_BRK, MIB, -ENOMEM, 100));
	take(call(CALL_MMAP, MIB, 4096, 110));
	assert_int_equal(sum(true).hard, 0);
	assert_int_equal(sum(true).retried, 1);
}

static void test_heap_granted_later(void **state)
{
	(void)state;
	take(call(CALL_BRK, MIB, -ENOMEM, 100));
	take(call(CALL_BRK, MIB, 0, 900000));
	assert_int_equal(sum(true).hard, 0);
	assert_int_equal(sum(true).retried, 1);
}

static void test_reservations_are_none(void **state)
{
	struct bpf_event event = call(CALL_MMAP, 128 * MIB, -ENOMEM, 100);

	(void)state;
	event.arguments[2] = PROT_NONE;
	for (int i = 0; i < 1000; i++)
		take(event);
	assert_int_equal(sum(true).hard, 0);
	assert_int_equal(sum(true).impossible, 0);
}

/* A pid that is used again, and one that executes another program, have nothing to settle. */
static void test_threads_are_told_apart(void **state)
{
	struct bpf_event granted = call(CALL_MMAP, GIB, 4096, 200);

	(void)state;
	take(call(CALL_MMAP, GIB, -ENOMEM, 100));
	granted.thread_start_ns++;
	take(granted);
	assert_int_equal(sum(true).hard, 1);
	granted.thread_start_ns--;
	granted.program++;
	take(granted);
	assert_int_equal(sum(true).hard, 1);
	assert_false(sum(true).hard_was_last);
}

/* Two threads share a place in the table: the older one's refusals stay, and are never settled by
 * the other's. */
static void test_places_are_shared(void **state)
{
	struct bpf_event other = call(CALL_MMAP, GIB, -ENOMEM, 200),
			 granted = call(CALL_MMAP, GIB, 4096, 150);

	(void)state;
	take(call(CALL_MMAP, GIB, -ENOMEM, 100));
	granted.tid += 2 * BPF_THREADS_MAX;
	take(granted); /* this one was refused nothing: it takes no place */
	take(call(CALL_BRK, GIB, -ENOMEM, 180));
	assert_int_equal(sum(true).hard, 1);
	other.tid += BPF_THREADS_MAX;
	take(other);
	other.result = 4096;
	take(other);
	assert_int_equal(sum(true).hard, 1);
	assert_int_equal(sum(true).retried, 1);
}

static void test_library_counts_better(void **state)
{
	struct bpf_event event = call(CALL_MMAP, GIB, -ENOMEM, 100);

	(void)state;
	event.flags |= BPF_HAS_LIBRARY;
	take(event);
	assert_int_equal(sum(false).hard, 0);
	assert_int_equal(sum(true).hard, 1);
}

static void test_causes(void **state)
{
	struct bpf_event own = call(CALL_MMAP, GIB, -ENOMEM, 100),
			 space = call(CALL_MMAP, GIB, -ENOMEM, 100000),
			 none = call(CALL_MPROTECT, 4096, -ENOMEM, 200000);

	(void)state;
	own.data_limit = LIMIT + 4096;
	take(own);
	space.as_limit = GIB;
	space.tid++;
	take(space);
	none.data_limit = UNLIMITED; /* it says ENOMEM where there is no mapping, too */
	none.tid += 2;
	take(none);
	take(call(CALL_MMAP, UINT64_C(1) << 60, -ENOMEM, 300000));
	assert_int_equal(sum(true).hard, 2);
	assert_int_equal(sum(true).by_cause[CAUSE_RLIMIT_DATA], 1);
	assert_int_equal(sum(true).by_cause[CAUSE_RLIMIT_AS], 1);
	assert_int_equal(sum(true).impossible, 1);
}

static void test_losses_are_told(void **state)
{
	const struct bpf_totals totals = {
		.processes = 3, .executed = 2, .lost = 7, .unwatched = 2
	};
	struct refusals refusals, all = { .watched = true, .covered = 1 };

	(void)state;
	bpf_events_sum(events, &totals, true, &refusals);
	refusals_add_calls(&all, &refusals);
	assert_int_equal(all.calls_lost, 7);
	assert_int_equal(all.calls_unwatched, 2);
	assert_int_equal(all.covered, 3);
	assert_int_equal(all.calls_by, CALLS_BY_BPF);
}

static void test_victims(void **state)
{
	struct bpf_event victim = {
		.kind = BPF_EVENT_VICTIM, .global_pid = 100, .pid = 10, .command = "bad\nname"
	};

	(void)state;
	take(victim);
	take(victim); /* marked again on its way out */
	for (int i = 1; i <= 2 * BPF_VICTIMS_MAX; i++) {
		victim.global_pid = 100 + i;
		victim.flags = BPF_IS_MAIN;
		take(victim);
	}
	assert_int_equal(events->victim_count, BPF_VICTIMS_MAX);
	assert_int_equal(events->victims[0].pid, 10);
	assert_false(events->victims[0].is_main);
	assert_null(strchr(events->victims[0].command, '\n'));
	assert_int_equal(events->victims[1].global_pid, 101);
	assert_true(events->victims[1].is_main);
}

/* ---- with the kernel ---- */

/* Aimed at a directory that no process is in: loaded, nobody executed anything, unloaded. */
static void test_nobody(void **state)
{
	struct bpf_witness witness = { 0 };
	struct memcage_failure failure;
	struct refusals refusals;
	const char *why, *remedy;
	int nobody = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(nobody >= 0);
	if (!bpf_possible(&why, &remedy)) {
		missing = why;
		(void)close(nobody);
		skip();
	}
	if (bpf_open(&witness, nobody, false, -1, &failure) < 0)
		fail_msg("%s", failure.detail);
	(void)close(nobody);
	assert_true(bpf_descriptor(&witness) >= 0);
	assert_false(bpf_read(&witness));
	assert_int_equal(bpf_collect(&witness, true, &refusals), -ENOEXEC);
	assert_false(refusals.watched);
	bpf_close(&witness);
	assert_int_equal(bpf_descriptor(&witness), -1);
	bpf_close(&witness); /* harmless */
}

static void test_says_what_it_needs(void **state)
{
	const char *why, *remedy;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(2);
		_exit(!bpf_possible(&why, &remedy) && why[0] != '\0' && remedy[0] != '\0' ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define WITH_EVENTS(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_EVENTS(test_one_allocation),
		WITH_EVENTS(test_waited_between),
		WITH_EVENTS(test_granted_another_way),
		WITH_EVENTS(test_heap_granted_later),
		WITH_EVENTS(test_reservations_are_none),
		WITH_EVENTS(test_threads_are_told_apart),
		WITH_EVENTS(test_places_are_shared),
		WITH_EVENTS(test_library_counts_better),
		WITH_EVENTS(test_causes),
		WITH_EVENTS(test_losses_are_told),
		WITH_EVENTS(test_victims),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_says_what_it_needs),
	};

	return tests_finish(cmocka_run_group_tests(tests, NULL, NULL), missing);
}
