/* SPDX-License-Identifier: MIT */
#include "commands/fit_search.h"

#define MIB (UINT64_C(1) << 20)
#define PART 50       /* of the limit: the default precision */
#define STEPS 4       /* limits are multiples of a power of two, so many to the precision */
#define SIXTEENTHS 16 /* of the smallest limit: the unit of the survey */
#define NEAR 8        /* a limit within this part of another says nothing new to the map */

/* Where the map is looked at when the smallest limit is known. */
static const uint64_t survey[] = { 1, 2, 4, 8, 12, 20, 24, 32 };

static uint64_t precision_at(const struct fit_bounds *bounds, uint64_t limit)
{
	if (bounds->precision != 0)
		return bounds->precision;
	return limit / PART > MIB ? limit / PART : MIB;
}

static uint64_t round_down(const struct fit_bounds *bounds, uint64_t limit, uint64_t precision)
{
	uint64_t step = bounds->page;

	while (step * 2 <= precision / STEPS)
		step *= 2;
	return limit - limit % step;
}

static bool is_surveyed(const struct fit_point *points, size_t count, uint64_t limit)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t apart = points[i].limit > limit ? points[i].limit - limit
							 : limit - points[i].limit;

		if (apart <= limit / NEAR)
			return true;
	}
	return false;
}

bool fit_search_smallest(
	const struct fit_point *points, size_t count, uint64_t *ret_passes, uint64_t *ret_fails)
{
	uint64_t fails = 0, passes = UINT64_MAX;

	for (size_t i = 0; i < count; i++)
		if (!points[i].passes && points[i].limit > fails)
			fails = points[i].limit;
	for (size_t i = 0; i < count; i++)
		if (points[i].passes && points[i].limit > fails && points[i].limit < passes)
			passes = points[i].limit;
	*ret_passes = passes;
	*ret_fails = fails;
	return passes != UINT64_MAX;
}

bool fit_search_contradiction(
	const struct fit_point *points, size_t count, uint64_t *ret_passes, uint64_t *ret_fails)
{
	uint64_t passes = UINT64_MAX, fails = 0;

	for (size_t i = 0; i < count; i++) {
		if (points[i].passes && points[i].limit < passes)
			passes = points[i].limit;
		if (!points[i].passes && points[i].limit > fails)
			fails = points[i].limit;
	}
	*ret_passes = passes;
	*ret_fails = fails;
	return passes < fails;
}

enum fit_step fit_search_next(const struct fit_point *points, size_t count,
	const struct fit_bounds *bounds, uint64_t *ret_limit)
{
	uint64_t passes, fails, highest = 0, precision, limit;

	*ret_limit = bounds->upper;
	if (count == 0)
		return FIT_TRY;
	for (size_t i = 0; i < count; i++)
		if (points[i].limit > highest)
			highest = points[i].limit;
	if (!fit_search_smallest(points, count, &passes, &fails)) {
		if (highest >= bounds->most || count >= FIT_POINTS_MAX)
			return FIT_NEVER;
		*ret_limit = highest < bounds->most / 2 ? highest * 2 : bounds->most;
		return FIT_TRY;
	}
	if (count >= FIT_POINTS_MAX)
		return FIT_FOUND;
	precision = precision_at(bounds, passes);
	if (passes - fails > precision) {
		limit = round_down(bounds, fails + (passes - fails) / 2, precision);
		if (limit > fails && limit >= bounds->page) {
			*ret_limit = limit;
			return FIT_TRY;
		}
	}
	for (size_t i = 0; i < sizeof(survey) / sizeof(*survey); i++) {
		limit = round_down(bounds, passes / SIXTEENTHS * survey[i], precision);
		if (limit < bounds->page || limit > highest || is_surveyed(points, count, limit))
			continue;
		*ret_limit = limit;
		return FIT_TRY;
	}
	return FIT_FOUND;
}
