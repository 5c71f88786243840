/* SPDX-License-Identifier: MIT
 *
 * The timeline's bounds: any length of run, the same memory, still the whole of it.
 */
#include "watch/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#define HOUR_US UINT64_C(3600000000)

static void check_order(const struct timeline *timeline)
{
	assert_true(timeline->count <= TIMELINE_MAX);
	for (size_t i = 1; i < timeline->count; i++)
		assert_true(timeline->points[i].at_ms > timeline->points[i - 1].at_ms);
}

static void test_first_points(void **state)
{
	static struct timeline timeline;

	(void)state;
	timeline_start(&timeline);
	assert_int_equal(timeline.count, 0);
	timeline_add(&timeline, 0, 10);
	timeline_add(&timeline, TIMELINE_FIRST_INTERVAL_US - 1, 11); /* not due yet */
	timeline_add(&timeline, TIMELINE_FIRST_INTERVAL_US, 12);
	timeline_add(&timeline, 10 * TIMELINE_FIRST_INTERVAL_US, 13); /* late: once */
	assert_int_equal(timeline.count, 3);
	assert_int_equal(timeline.points[0].at_ms, 0);
	assert_int_equal(timeline.points[0].memory_bytes, 10);
	assert_int_equal(timeline.points[1].at_ms, TIMELINE_FIRST_INTERVAL_US / 1000);
	assert_int_equal(timeline.points[1].memory_bytes, 12);
	assert_int_equal(timeline.points[2].memory_bytes, 13);
	assert_int_equal(timeline.next_us, 11 * TIMELINE_FIRST_INTERVAL_US);
}

/* Exactly full, then one more. */
static void test_decimation(void **state)
{
	static struct timeline timeline;
	uint64_t now = 0;

	(void)state;
	timeline_start(&timeline);
	for (int i = 0; i < TIMELINE_MAX; i++, now += TIMELINE_FIRST_INTERVAL_US)
		timeline_add(&timeline, now, (uint64_t)i);
	assert_int_equal(timeline.count, TIMELINE_MAX);
	assert_int_equal(timeline.interval_us, TIMELINE_FIRST_INTERVAL_US);
	timeline_add(&timeline, now, TIMELINE_MAX);
	assert_int_equal(timeline.count, TIMELINE_MAX / 2 + 1);
	assert_int_equal(timeline.interval_us, 2 * TIMELINE_FIRST_INTERVAL_US);
	for (uint64_t i = 0; i < timeline.count;
		i++) /* every other one is left, the new one behind */
		assert_int_equal(timeline.points[i].memory_bytes, 2 * i);
	check_order(&timeline);
}

/* A day, sampled as the watcher does it: when the next point is due, give or take. */
static void test_long_run(void **state)
{
	static struct timeline timeline;
	uint64_t now = 0, samples = 0;

	(void)state;
	timeline_start(&timeline);
	while (now < 24 * HOUR_US) {
		timeline_add(&timeline, now, now);
		samples++;
		now = timeline.next_us + samples % 500;
	}
	check_order(&timeline);
	assert_true(timeline.count > TIMELINE_MAX / 2);
	assert_int_equal(timeline.points[0].at_ms, 0); /* the beginning is kept */
	assert_true(timeline.points[timeline.count - 1].at_ms > 23 * HOUR_US / 1000);
	assert_true(samples < 20 * TIMELINE_MAX); /* looking gets rarer too */
	for (size_t i = 0; i < timeline.count; i++)
		assert_int_equal(timeline.points[i].memory_bytes / 1000, timeline.points[i].at_ms);
}

/* However often it is asked, points come at the interval. */
static void test_asked_too_often(void **state)
{
	static struct timeline timeline;

	(void)state;
	timeline_start(&timeline);
	for (uint64_t now = 0; now < 1000000; now += 10)
		timeline_add(&timeline, now, 1);
	assert_int_equal(timeline.count, 1000000 / TIMELINE_FIRST_INTERVAL_US);
	check_order(&timeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_points),
		cmocka_unit_test(test_decimation),
		cmocka_unit_test(test_long_run),
		cmocka_unit_test(test_asked_too_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
