/* SPDX-License-Identifier: MIT
 *
 * lookup.h - reading a report that anybody may have made: what is missing or of another type is not
 * known, and never an error.
 *
 * A path names members from the top, numbers index lists: "oom_kills.0.command". A first part of
 * "kill" is the OOM kill that the verdict speaks of.
 */
#ifndef MEMCAGE_REPORT_LOOKUP_H
#define MEMCAGE_REPORT_LOOKUP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* All results are borrowed from report. NULL where there is no such member. */
const json_t *report_at(const json_t *report, const char *path);

/* NULL where it is no text, or empty. */
const char *report_text(const json_t *report, const char *path);

/* false where it is no number, or a negative one. Fractions are cut. */
bool report_number(const json_t *report, const char *path, uint64_t *ret_number);

#endif
