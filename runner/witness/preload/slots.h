/* SPDX-License-Identifier: MIT
 *
 * slots.h - the records of the shared page: who may write one, and what is written.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_SLOTS_H
#define MEMCAGE_WITNESS_PRELOAD_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "witness/preload/cause.h"
#include "witness/preload/page.h"
#include "witness/preload/record.h"

/* Whether the record was in state from, and is in state to now. */
bool slot_move_state(struct page_record *record, uint32_t from, uint32_t to);

/* The index of a record to write, busy now, or -1 where another thread is just writing it. */
int32_t slot_claim(struct witness_page *page, uint64_t sequence);

/* Fills the record that was claimed for the refusal and lets it go. */
void slot_write(struct page_file *file, const struct pending *refusal, enum page_function function,
	const struct cause *cause);

#endif
