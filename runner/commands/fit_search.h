/* SPDX-License-Identifier: MIT
 *
 * fit_search.h - which limit is tried next: a pure function of what was tried. Sizes are bytes.
 */
#ifndef MEMCAGE_COMMANDS_FIT_SEARCH_H
#define MEMCAGE_COMMANDS_FIT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A program that passes and fails by chance would be searched for ever. */
#define FIT_POINTS_MAX 96

struct fit_point {
	uint64_t limit;
	bool passes;
};

struct fit_bounds {
	uint64_t upper;     /* tried first */
	uint64_t most;      /* while the upper one fails it is doubled up to this */
	uint64_t precision; /* how far apart failing and passing may stay; 0: a fiftieth of the
			       limit, and at least 1 MiB */
	uint64_t page;      /* no limit is smaller */
};

enum fit_step {
	FIT_TRY,   /* *ret_limit */
	FIT_FOUND, /* everything that is to be known is */
	FIT_NEVER, /* it fails at the most */
};

/* First an upper bound that passes, then halves between the largest limit that fails and the
 * smallest above it that passes, then some below and above for the map. One of those above that
 * fails makes it halve again. Points in any order, no limit twice. */
enum fit_step fit_search_next(const struct fit_point *points, size_t count,
	const struct fit_bounds *bounds, uint64_t *ret_limit);

/* *ret_passes: the smallest limit from which on all that was tried passes; *ret_fails: the largest
 * that fails, 0 when none does. false: the largest limit tried fails, or nothing was tried. */
bool fit_search_smallest(
	const struct fit_point *points, size_t count, uint64_t *ret_passes, uint64_t *ret_fails);

/* Whether a limit fails above one that passes: *ret_passes is the smallest that passes, *ret_fails
 * the largest that fails. */
bool fit_search_contradiction(
	const struct fit_point *points, size_t count, uint64_t *ret_passes, uint64_t *ret_fails);

#endif
