/* SPDX-License-Identifier: MIT
 *
 * Several moments on one timer: the nearest one fires, each is due once.
 */
#include "watch/deadlines.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"

#define MS UINT64_C(1000)
#define FAR (3600 * 1000 * MS)

static bool fires_within(const struct deadlines *deadlines, int ms)
{
	struct pollfd timer = { .fd = deadlines->timer, .events = POLLIN };

	return poll(&timer, 1, ms) == 1;
}

static void test_nearest_fires(void **state)
{
	struct deadlines deadlines;
	uint64_t now = clock_us();

	(void)state;
	assert_int_equal(deadlines_open(&deadlines), 0);
	deadline_set(&deadlines, DEADLINE_WALL, now + FAR);
	deadline_set(&deadlines, DEADLINE_SAMPLE, now + 20 * MS);
	deadline_set(&deadlines, DEADLINE_CPU, now + 2 * FAR);
	deadlines_arm(&deadlines);
	assert_int_equal(deadlines.armed_us, now + 20 * MS);
	assert_true(fires_within(&deadlines, 5000));
	assert_true(clock_us() >= now + 20 * MS);
	assert_true(deadline_due(&deadlines, DEADLINE_SAMPLE, clock_us()));
	assert_false(deadline_due(&deadlines, DEADLINE_SAMPLE, clock_us())); /* once */
	assert_false(deadline_due(&deadlines, DEADLINE_WALL, clock_us()));
	deadlines_arm(&deadlines); /* forgets that it fired, and waits for the next */
	assert_int_equal(deadlines.armed_us, now + FAR);
	assert_false(fires_within(&deadlines, 0));
	deadlines_close(&deadlines);
	assert_int_equal(deadlines.timer, -1);
}

static void test_past_fires_at_once(void **state)
{
	struct deadlines deadlines;

	(void)state;
	assert_int_equal(deadlines_open(&deadlines), 0);
	deadline_set(&deadlines, DEADLINE_GRACE, 1);
	deadlines_arm(&deadlines);
	assert_true(fires_within(&deadlines, 1000));
	assert_true(deadline_due(&deadlines, DEADLINE_GRACE, clock_us()));
	deadlines_close(&deadlines);
}

static void test_none_never_fires(void **state)
{
	struct deadlines deadlines;
	uint64_t now = clock_us();

	(void)state;
	assert_int_equal(deadlines_open(&deadlines), 0);
	for (int i = 0; i < DEADLINE_COUNT; i++)
		assert_false(deadline_due(&deadlines, (enum deadline)i, UINT64_MAX));
	deadlines_arm(&deadlines);
	assert_int_equal(deadlines.armed_us, 0);
	assert_false(fires_within(&deadlines, 0));
	deadline_set(&deadlines, DEADLINE_STALL, now + 5 * MS);
	deadlines_arm(&deadlines);
	deadline_clear(&deadlines, DEADLINE_STALL);
	deadlines_arm(&deadlines); /* what is cleared disarms */
	assert_false(fires_within(&deadlines, 30));
	assert_false(deadline_due(&deadlines, DEADLINE_STALL, UINT64_MAX));
	deadlines_close(&deadlines);
}

static void test_moved(void **state)
{
	struct deadlines deadlines;
	uint64_t now = clock_us();

	(void)state;
	assert_int_equal(deadlines_open(&deadlines), 0);
	deadline_set(&deadlines, DEADLINE_EMPTY, now + FAR);
	deadline_set(&deadlines, DEADLINE_EMPTY, now + MS);
	assert_false(deadline_due(&deadlines, DEADLINE_EMPTY, now + MS - 1));
	assert_true(deadline_due(
		&deadlines, DEADLINE_EMPTY, now + MS)); /* at its moment, not behind it */
	deadlines_close(&deadlines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest_fires),
		cmocka_unit_test(test_past_fires_at_once),
		cmocka_unit_test(test_none_never_fires),
		cmocka_unit_test(test_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
