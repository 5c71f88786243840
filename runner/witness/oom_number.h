/* SPDX-License-Identifier: MIT
 *
 * oom_number.h - the small numbers with a sign in the kernel's sentences: oom_score_adj, order.
 */
#ifndef MEMCAGE_WITNESS_OOM_NUMBER_H
#define MEMCAGE_WITNESS_OOM_NUMBER_H

#include "witness/oom_incident.h"

/* What text starts with; not known where that is no number. */
static inline struct oom_number oom_number_of(struct span text)
{
	bool negative = span_take_prefix(&text, "-");
	uint64_t number;

	if (!span_take_number(&text, &number) || number > INT16_MAX)
		return (struct oom_number){ 0 };
	return (struct oom_number){ true, negative ? -(int)number : (int)number };
}

#endif
