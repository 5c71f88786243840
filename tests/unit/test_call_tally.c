/* SPDX-License-Identifier: MIT
 *
 * What one system call says, and which refused calls are one refused allocation.
 */
#include "witness/call_tally.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define KIB UINT64_C(1024)
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define WRITABLE (PROT_READ | PROT_WRITE)

static void test_calls(void **state)
{
	static const struct {
		const char *because;
		struct memory_call call;
		int64_t result;
		enum call_outcome outcome;
		uint64_t size;
	} rows[] = {
		{ "a mapping", { CALL_MMAP, { 0, MIB, WRITABLE, MAP_PRIVATE } }, 0x7f0000000000,
			OUTCOME_GRANTED, MIB },
		{ "over a reserved range",
			{ CALL_MMAP, { MIB, MIB, WRITABLE, MAP_PRIVATE | MAP_FIXED } }, -ENOMEM,
			OUTCOME_REFUSED, MIB },
		{ "a refused one", { CALL_MMAP, { 0, MIB, WRITABLE, MAP_PRIVATE } }, -ENOMEM,
			OUTCOME_REFUSED, MIB },
		{ "a wrong one", { CALL_MMAP, { 0, 0, WRITABLE, MAP_PRIVATE } }, -EINVAL,
			OUTCOME_NEITHER, 0 },
		{ "code is no room for data",
			{ CALL_MMAP, { 0, MIB, PROT_READ | PROT_EXEC, MAP_PRIVATE } }, 4096,
			OUTCOME_NEITHER, MIB },
		{ "a reservation", { CALL_MMAP, { 0, GIB, PROT_NONE, MAP_PRIVATE } }, -ENOMEM,
			OUTCOME_SOFT, GIB },
		{ "a granted reservation", { CALL_MMAP, { 0, GIB, PROT_NONE, MAP_PRIVATE } }, 4096,
			OUTCOME_NEITHER, GIB },
		{ "an arena", { CALL_MMAP, { 0, 128 * MIB, WRITABLE, MAP_NORESERVE } }, -ENOMEM,
			OUTCOME_SOFT, 128 * MIB },
		{ "not an arena's size", { CALL_MMAP, { 0, 96 * MIB, WRITABLE, MAP_NORESERVE } },
			-ENOMEM, OUTCOME_REFUSED, 96 * MIB },
		{ "the new size counts", { CALL_MREMAP, { 4096, MIB, 2 * MIB } }, -ENOMEM,
			OUTCOME_REFUSED, 2 * MIB },
		{ "granted", { CALL_MREMAP, { 4096, MIB, 2 * MIB } }, 8192, OUTCOME_GRANTED,
			2 * MIB },
		{ "a bad address", { CALL_MREMAP, { 4096, MIB, 2 * MIB } }, -EFAULT,
			OUTCOME_NEITHER, 2 * MIB },
		{ "writable from now on", { CALL_MPROTECT, { 4096, MIB, WRITABLE } }, -ENOMEM,
			OUTCOME_REFUSED, MIB },
		{ "read-only from now on", { CALL_MPROTECT, { 4096, MIB, PROT_READ } }, -ENOMEM,
			OUTCOME_NEITHER, MIB },
		{ "asking where the heap ends", { CALL_BRK, { 0 } }, (int64_t)(4 * MIB),
			OUTCOME_NEITHER, 0 },
		{ "the heap grows", { CALL_BRK, { 5 * MIB } }, (int64_t)(5 * MIB), OUTCOME_GRANTED,
			MIB },
		{ "it does not", { CALL_BRK, { 9 * MIB } }, (int64_t)(5 * MIB), OUTCOME_REFUSED,
			4 * MIB },
		{ "it shrinks", { CALL_BRK, { 4 * MIB } }, (int64_t)(4 * MIB), OUTCOME_NEITHER, 0 },
	};
	uint64_t heap_end = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct call_attempt attempt = call_attempt_of(
			&rows[i].call, rows[i].result, &heap_end);

		if (attempt.outcome != rows[i].outcome || attempt.size != rows[i].size ||
			attempt.way != (rows[i].call.arguments[3] & MAP_FIXED &&
							       rows[i].call.function == CALL_MMAP
						       ? CALL_MMAP_FIXED
						       : rows[i].call.function))
			fail_msg("%s: outcome %d, size %llu", rows[i].because, attempt.outcome,
				(unsigned long long)attempt.size);
	}
	assert_int_equal(heap_end, 4 * MIB);
}

/* ---- series ---- */

#define PID 4711

enum { REFUSED, GRANTED };

struct step {
	int kind;
	enum memory_function function;
	uint64_t size;
	uint64_t at_us;
};

static struct call_tally tally;

static void play(const struct step *steps, struct call_thread *thread, int pid, bool by_library)
{
	for (; steps->function != 0; steps++) {
		struct refusal refusal = { .request_bytes = steps->size,
			.cause = steps->size > (UINT64_C(1) << 47) ? CAUSE_IMPOSSIBLE_SIZE
								   : CAUSE_RLIMIT_DATA,
			.pid = pid,
			.boottime_us = steps->at_us };

		if (steps->kind == GRANTED)
			call_tally_granted(
				&tally, thread, pid, steps->function, steps->size, steps->at_us);
		else if (!call_tally_continues(thread, steps->function, steps->size, steps->at_us))
			call_tally_refused(&tally, thread, steps->function, &refusal, by_library,
				pid == PID, steps->at_us);
	}
}

static void test_series(void **state)
{
	static const struct {
		const char *because;
		struct step steps[8];
		uint64_t hard, retried, impossible;
		bool was_last;
	} rows[] = {
		{ "a large malloc tries three ways",
			{ { REFUSED, CALL_MMAP, GIB, 10 }, { REFUSED, CALL_BRK, GIB, 20 },
				{ REFUSED, CALL_MMAP, GIB, 30 } },
			1, 0, 0, true },
		{ "two of them",
			{ { REFUSED, CALL_MMAP, GIB, 10 }, { REFUSED, CALL_BRK, GIB, 20 },
				{ REFUSED, CALL_MMAP, GIB, 30 }, { REFUSED, CALL_MMAP, GIB, 40 },
				{ REFUSED, CALL_BRK, GIB, 50 }, { REFUSED, CALL_MMAP, GIB, 60 } },
			2, 0, 0, true },
		{ "a small one two",
			{ { REFUSED, CALL_BRK, 132 * KIB, 10 }, { REFUSED, CALL_MMAP, MIB, 20 } },
			1, 0, 0, true },
		{ "a realloc four",
			{ { REFUSED, CALL_MREMAP, GIB, 10 }, { REFUSED, CALL_MMAP, GIB, 20 },
				{ REFUSED, CALL_BRK, GIB, 30 }, { REFUSED, CALL_MMAP, GIB, 40 } },
			1, 0, 0, true },
		{ "the heap had no room, a mapping did",
			{ { REFUSED, CALL_BRK, 132 * KIB, 10 }, { GRANTED, CALL_MMAP, MIB, 20 } },
			0, 1, 0, false },
		{ "the heap grew by less, as there was room at its end",
			{ { REFUSED, CALL_MMAP, MIB + 4 * KIB, 10 },
				{ GRANTED, CALL_BRK, MIB, 20 } },
			0, 1, 0, false },
		{ "by much less is for something else",
			{ { REFUSED, CALL_MMAP, MIB + 4 * KIB, 10 },
				{ GRANTED, CALL_BRK, MIB / 2, 20 } },
			1, 0, 0, true },
		{ "a mapping has no such room",
			{ { REFUSED, CALL_BRK, MIB + 4 * KIB, 10 },
				{ GRANTED, CALL_MMAP, MIB, 20 } },
			1, 0, 0, true },
		{ "it did on a busy host",
			{ { REFUSED, CALL_BRK, 132 * KIB, 10 },
				{ GRANTED, CALL_MMAP, MIB, 40000 } },
			0, 1, 0, false },
		{ "what follows a fixed mapping is no other way of it",
			{ { REFUSED, CALL_MMAP_FIXED, 164 * KIB, 10 },
				{ GRANTED, CALL_MMAP, MIB, 20 } },
			1, 0, 0, false },
		{ "nor is a fixed mapping a way of what was refused before",
			{ { REFUSED, CALL_BRK, 132 * KIB, 10 },
				{ REFUSED, CALL_MMAP_FIXED, 164 * KIB, 20 },
				{ GRANTED, CALL_MMAP_FIXED, MIB, 30 } },
			2, 0, 0, false },
		{ "the same fixed mapping later",
			{ { REFUSED, CALL_MMAP_FIXED, 164 * KIB, 10 },
				{ GRANTED, CALL_MMAP_FIXED, 164 * KIB, 90000 } },
			0, 1, 0, false },
		{ "mappings are separate requests",
			{ { REFUSED, CALL_MMAP, MIB, 10 }, { REFUSED, CALL_MMAP, MIB, 20 },
				{ REFUSED, CALL_MMAP, MIB, 30 } },
			3, 0, 0, true },
		{ "long after it is another one",
			{ { REFUSED, CALL_MMAP, MIB, 10 }, { REFUSED, CALL_BRK, MIB, 500000 } }, 2,
			0, 0, true },
		{ "on a busy host it may take a while to the next way",
			{ { REFUSED, CALL_MMAP, MIB, 10 }, { REFUSED, CALL_BRK, MIB, 40000 },
				{ REFUSED, CALL_MMAP, MIB, 80000 } },
			1, 0, 0, true },
		{ "a grant then is another request",
			{ { REFUSED, CALL_MMAP, MIB, 10 }, { GRANTED, CALL_BRK, 2 * MIB, 40000 } },
			1, 0, 0, false },
		{ "much less is another one",
			{ { REFUSED, CALL_MMAP, GIB, 10 }, { REFUSED, CALL_BRK, MIB, 20 } }, 2, 0,
			0, true },
		{ "the same later, granted",
			{ { REFUSED, CALL_MMAP, MIB, 10 }, { GRANTED, CALL_MMAP, MIB, 90000 } }, 0,
			1, 0, false },
		{ "more later settles nothing, but it was not the end",
			{ { REFUSED, CALL_MMAP, MIB, 10 }, { GRANTED, CALL_MMAP, GIB, 90000 } }, 1,
			0, 0, false },
		{ "less later",
			{ { REFUSED, CALL_MMAP, MIB, 10 }, { GRANTED, CALL_MMAP, 4096, 90000 } }, 1,
			0, 0, true },
		{ "only the next attempt settles, and only one",
			{ { REFUSED, CALL_MMAP, MIB, 10 }, { REFUSED, CALL_MMAP, MIB, 20000 },
				{ GRANTED, CALL_MMAP, MIB, 90000 } },
			1, 1, 0, false },
		{ "of a growing heap the attempts between may have been granted what was freed",
			{ { REFUSED, CALL_BRK, MIB, 10 }, { REFUSED, CALL_MMAP, 2 * MIB, 20 },
				{ REFUSED, CALL_BRK, MIB, 20000 },
				{ REFUSED, CALL_MMAP, 2 * MIB, 20010 },
				{ GRANTED, CALL_BRK, MIB, 90000 } },
			0, 2, 0, false },
		{ "unless it never grows again",
			{ { REFUSED, CALL_BRK, MIB, 10 }, { REFUSED, CALL_BRK, MIB, 20000 },
				{ GRANTED, CALL_BRK, 4096, 90000 } },
			2, 0, 0, true },
		{ "what is too large for the heap is no growth of it",
			{ { REFUSED, CALL_BRK, GIB, 10 }, { REFUSED, CALL_BRK, GIB, 20000 },
				{ GRANTED, CALL_MMAP, GIB, 90000 } },
			1, 1, 0, false },
		{ "more than there can be", { { REFUSED, CALL_MMAP, UINT64_C(1) << 60, 10 } }, 0, 0,
			1, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct call_thread thread = { 0 };
		struct refusals sum;

		memset(&tally, 0, sizeof(tally));
		play(rows[i].steps, &thread, PID, false);
		call_tally_sum(&tally, false, &sum);
		if (sum.hard != rows[i].hard || sum.retried != rows[i].retried ||
			sum.impossible != rows[i].impossible ||
			sum.hard_was_last != rows[i].was_last ||
			sum.first_known != (rows[i].hard > 0) || sum.main_hard != sum.hard ||
			sum.kernel_side != sum.hard || sum.by_cause[CAUSE_RLIMIT_DATA] != sum.hard)
			fail_msg("%s: hard %llu, retried %llu, impossible %llu, last %d",
				rows[i].because, (unsigned long long)sum.hard,
				(unsigned long long)sum.retried, (unsigned long long)sum.impossible,
				sum.hard_was_last);
	}
}

/* More refusals than there are records: every one counts, the first and the last are known. */
static void test_many(void **state)
{
	struct call_thread thread = { 0 };
	struct refusals sum;

	(void)state;
	memset(&tally, 0, sizeof(tally));
	for (uint64_t i = 1; i <= 1000; i++) {
		struct step steps[] = { { REFUSED, CALL_MMAP, i * GIB, i * 20000 }, { 0 } };

		play(steps, &thread, PID, false);
	}
	call_tally_sum(&tally, false, &sum);
	assert_int_equal(sum.hard, 1000);
	assert_int_equal(sum.largest_bytes, 1000 * GIB);
	assert_int_equal(sum.first.request_bytes, GIB);
	assert_true(sum.hard_was_last);
	call_tally_granted(&tally, &thread, PID, CALL_MMAP, 2000 * GIB, UINT64_MAX);
	call_tally_sum(&tally, false, &sum);
	assert_false(sum.hard_was_last);
}

/* ---- with the library's word ---- */

static void test_library_counts_first(void **state)
{
	static const struct step refused[] = { { REFUSED, CALL_MMAP, GIB, 10 }, { 0 } };
	struct refusals seen = { .watched = true, .hard = 3, .main_hard = 3, .covered = 1 }, sum;
	struct call_thread mine = { 0 }, other = { 0 };

	(void)state;
	memset(&tally, 0, sizeof(tally));
	play(refused, &mine, PID, true);
	play(refused, &other, PID + 1, false);
	call_tally_sum(&tally, false, &sum);
	assert_int_equal(sum.hard, 1);
	assert_int_equal(sum.main_hard, 0);
	assert_int_equal(sum.first.pid, PID + 1);
	sum.covered = 5;
	refusals_add_calls(&seen, &sum);
	assert_int_equal(seen.hard, 4);
	assert_int_equal(seen.main_hard, 3);
	assert_int_equal(seen.kernel_side, 1);
	assert_int_equal(seen.covered, 5);
	assert_true(!seen.calls_only);

	/* its file was wiped: then what was seen as calls counts for all */
	call_tally_sum(&tally, true, &sum);
	assert_int_equal(sum.hard, 2);
	seen = (struct refusals){ 0 };
	refusals_add_calls(&seen, &sum);
	assert_int_equal(seen.hard, 2);
	assert_int_equal(seen.first.pid, PID);
	assert_true(seen.watched && seen.calls_only);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_series),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_library_counts_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
