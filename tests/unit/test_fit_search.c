/* SPDX-License-Identifier: MIT
 *
 * The search of memcage fit against programs whose need is known.
 */
#include "commands/fit_search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define KIB UINT64_C(1024)
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)
#define PAGE 4096

struct program {
	uint64_t need;
	uint64_t hole_from, hole_to; /* limits under which it fails although need is met */
	bool by_chance;              /* passes every other time */
	size_t runs;
};

struct search {
	struct fit_point points[FIT_POINTS_MAX];
	size_t count;
	enum fit_step step;
};

static bool passes(struct program *program, uint64_t limit)
{
	program->runs++;
	if (program->by_chance)
		return program->runs % 2 == 1;
	return limit >= program->need && !(limit >= program->hole_from && limit < program->hole_to);
}

static struct search search_for(struct program *program, const struct fit_bounds *bounds)
{
	struct search search = { .count = 0 };
	uint64_t limit;

	while ((search.step = fit_search_next(search.points, search.count, bounds, &limit)) ==
		FIT_TRY) {
		assert_true(search.count < FIT_POINTS_MAX);
		assert_true(limit >= bounds->page && limit <= bounds->most);
		for (size_t i = 0; i < search.count; i++)
			assert_true(search.points[i].limit != limit);
		search.points[search.count++] = (struct fit_point){ limit, passes(program, limit) };
	}
	return search;
}

static struct fit_bounds up_to(uint64_t upper)
{
	return (struct fit_bounds){ .upper = upper, .most = upper, .page = PAGE };
}

/* Whatever is needed, it is found as close as is said, and with few tries. */
static void test_finds_every_need(void **state)
{
	(void)state;
	for (uint64_t need = 3 * MIB; need < 60 * GIB; need = need / 3 * 4 + 12345) {
		struct fit_bounds bounds = up_to(64 * GIB);
		struct program program = { .need = need };
		struct search search = search_for(&program, &bounds);
		uint64_t smallest, fails, precision;

		assert_int_equal(search.step, FIT_FOUND);
		assert_true(fit_search_smallest(search.points, search.count, &smallest, &fails));
		precision = smallest / 50 > MIB ? smallest / 50 : MIB;
		assert_true(smallest >= need && fails < need);
		assert_true(smallest - fails <= precision);
		assert_true(search.count <= 40);
		assert_false(
			fit_search_contradiction(search.points, search.count, &smallest, &fails));
	}
}

static void test_keeps_to_the_precision(void **state)
{
	struct fit_bounds bounds = up_to(GIB);
	struct program program = { .need = 100 * MIB + 1 };
	struct search search;
	uint64_t smallest, fails;

	(void)state;
	bounds.precision = PAGE;
	search = search_for(&program, &bounds);
	assert_true(fit_search_smallest(search.points, search.count, &smallest, &fails));
	assert_int_equal(smallest, 100 * MIB + PAGE);
	assert_int_equal(fails, 100 * MIB);
}

/* The map has both sides: an eighth below, and what is above. */
static void test_surveys_both_sides(void **state)
{
	struct fit_bounds bounds = up_to(200 * MIB);
	struct program program = { .need = 100 * MIB };
	struct search search = search_for(&program, &bounds);
	bool low = false, high = false;

	(void)state;
	for (size_t i = 0; i < search.count; i++) {
		low |= search.points[i].limit <= 14 * MIB;
		high |= search.points[i].limit > 115 * MIB && search.points[i].limit < 140 * MIB;
	}
	assert_true(low && high);
}

static void test_never(void **state)
{
	struct fit_bounds bounds = up_to(64 * MIB);
	struct program program = { .need = 65 * MIB };
	struct search search = search_for(&program, &bounds);
	uint64_t smallest, fails;

	(void)state;
	assert_int_equal(search.step, FIT_NEVER);
	assert_int_equal(search.count, 1);
	assert_false(fit_search_smallest(search.points, search.count, &smallest, &fails));
	assert_int_equal(fails, 64 * MIB);
}

/* An upper bound that was only guessed is doubled, and no further than it may be. */
static void test_doubles(void **state)
{
	struct fit_bounds bounds = { .upper = 10 * MIB, .most = 90 * MIB, .page = PAGE };
	struct program program = { .need = 85 * MIB };
	struct search search = search_for(&program, &bounds);
	uint64_t smallest, fails;

	(void)state;
	assert_int_equal(search.step, FIT_FOUND);
	assert_int_equal(search.points[1].limit, 20 * MIB);
	assert_true(fit_search_smallest(search.points, search.count, &smallest, &fails));
	assert_in_range(smallest, 85 * MIB, 87 * MIB);
	program.need = 91 * MIB;
	search = search_for(&program, &bounds);
	assert_int_equal(search.step, FIT_NEVER);
	assert_int_equal(search.points[search.count - 1].limit, 90 * MIB);
}

static void test_everything_passes(void **state)
{
	struct fit_bounds bounds = up_to(64 * MIB);
	struct program program = { .need = 0 };
	struct search search = search_for(&program, &bounds);
	uint64_t smallest, fails;

	(void)state;
	assert_int_equal(search.step, FIT_FOUND);
	assert_true(fit_search_smallest(search.points, search.count, &smallest, &fails));
	assert_int_equal(fails, 0);
	assert_in_range(smallest, PAGE, MIB);
}

/* Passes from 40 MiB on but for a hole that halving does not meet: the survey does, the answer is
 * above the hole, and that both were seen is told. */
static void test_hole_above(void **state)
{
	struct fit_bounds bounds = up_to(160 * MIB);
	struct program program = { .need = 39 * MIB, .hole_from = 45 * MIB, .hole_to = 55 * MIB };
	struct search search = search_for(&program, &bounds);
	uint64_t smallest, fails;

	(void)state;
	assert_int_equal(search.step, FIT_FOUND);
	assert_true(fit_search_smallest(search.points, search.count, &smallest, &fails));
	assert_in_range(smallest, 55 * MIB, 57 * MIB);
	assert_in_range(fails, 45 * MIB, 55 * MIB);
	assert_true(fit_search_contradiction(search.points, search.count, &smallest, &fails));
	assert_in_range(smallest, 39 * MIB, 45 * MIB);
	assert_in_range(fails, 45 * MIB, 55 * MIB);
}

/* What passes by chance is no reason to go on for ever. */
static void test_by_chance(void **state)
{
	struct fit_bounds bounds = up_to(4 * GIB);
	struct program program = { .by_chance = true };
	struct search search = search_for(&program, &bounds);
	uint64_t smallest, fails;

	(void)state;
	assert_int_equal(search.step, FIT_FOUND);
	assert_true(fit_search_contradiction(search.points, search.count, &smallest, &fails));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_every_need),
		cmocka_unit_test(test_keeps_to_the_precision),
		cmocka_unit_test(test_surveys_both_sides),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_everything_passes),
		cmocka_unit_test(test_hole_above),
		cmocka_unit_test(test_by_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
