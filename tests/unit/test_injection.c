/* SPDX-License-Identifier: MIT
 *
 * Which requests --fail-alloc refuses: the question that the library inside a program and the
 * tracer outside ask alike.
 */
#include "witness/injection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "spec/injection.h"

#define CALLS 100000

static struct injection_plan plan_of(const char *first, const char *second)
{
	struct injection_plan plan = { .count = second != NULL ? 2 : 1 };

	assert_null(injection_parse(first, &plan.rules[0]));
	if (second != NULL)
		assert_null(injection_parse(second, &plan.rules[1]));
	return plan;
}

/* How many of calls 1 to CALLS of 100 bytes are refused, and which was the first. */
static uint64_t refused(const struct injection_plan *plan, uint64_t *ret_first)
{
	uint32_t rules = injection_rules_for(plan, "program");
	uint64_t count = 0;

	*ret_first = 0;
	for (uint64_t call = 1; call <= CALLS; call++) {
		struct injection_count now = { call, call * 100 };

		if (!injection_refuses(plan, rules, now, 100))
			continue;
		*ret_first = *ret_first == 0 ? call : *ret_first;
		count++;
	}
	return count;
}

static void test_counts(void **state)
{
	static const struct {
		const char *first, *second;
		uint64_t count, at;
	} rows[] = {
		{ "nth=0", NULL, 0, 0 },
		{ "nth=1", NULL, 1, 1 },
		{ "nth=77", NULL, 1, 77 },
		{ "nth=77", "nth=5", 2, 5 },
		{ "size>=100", NULL, CALLS, 1 },
		{ "size>=101", NULL, 0, 0 },
		{ "after=1000", NULL, CALLS - 10, 11 },
		{ "random=1", NULL, CALLS, 1 },
		{ "nth=9,comm=program", NULL, 1, 9 },
		{ "nth=9,comm=prog", NULL, 0, 0 },
		{ "nth=9,comm=programs", NULL, 0, 0 },
		{ "nth=9,comm=other", "nth=11", 1, 11 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct injection_plan plan = plan_of(rows[i].first, rows[i].second);
		uint64_t first, count = refused(&plan, &first);

		if (count != rows[i].count || first != rows[i].at)
			fail_msg("%s: %llu, first %llu", rows[i].first, (unsigned long long)count,
				(unsigned long long)first);
	}
}

/* By chance means: about as many, the same ones for the same seed, others for another one. */
static void test_random(void **state)
{
	struct injection_plan plan = plan_of("random=0.01,seed=1", NULL), same = plan,
			      other = plan_of("random=0.01,seed=2", NULL);
	uint64_t both = 0;

	(void)state;
	for (int seed = 0; seed < 20; seed++) {
		uint64_t first, count;

		plan.rules[0].seed = (uint64_t)seed;
		count = refused(&plan, &first);
		assert_in_range(count, CALLS / 100 * 8 / 10, CALLS / 100 * 12 / 10);
	}
	plan = same;
	for (uint64_t call = 1; call <= CALLS; call++) {
		struct injection_count now = { call, 0 };
		bool hit = injection_refuses(&plan, 1, now, 1);

		assert_true(hit == injection_refuses(&same, 1, now, 1));
		both += hit && injection_refuses(&other, 1, now, 1);
	}
	assert_in_range(both, 0, 40); /* by chance about ten */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
