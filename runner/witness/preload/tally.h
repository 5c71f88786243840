/* SPDX-License-Identifier: MIT
 *
 * tally.h - the counters of the shared page: every process of a run adds to them at once.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_TALLY_H
#define MEMCAGE_WITNESS_PRELOAD_TALLY_H

#include <stdint.h>

#include "witness/preload/page.h"
#include "witness/preload/record.h"

void tally_add(uint64_t *counter, uint64_t number);

/* Both move a mark and leave it where it is beyond value already. */
void tally_lower(uint64_t *minimum, uint64_t value);
void tally_raise(uint64_t *maximum, uint64_t value);

/* Counts a refusal as hard: change is 1, or its negation to take one back. */
void tally_hard(struct witness_page *page, const struct pending *refusal, uint64_t change);

/* Process pid has made so many requests. */
void tally_calls(struct witness_page *page, int32_t pid, uint64_t calls);

#endif
