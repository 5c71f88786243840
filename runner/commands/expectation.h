/* SPDX-License-Identifier: MIT
 *
 * expectation.h - VERDICT or VERDICT/REASON, as --expect and a job's expect have it.
 */
#ifndef MEMCAGE_COMMANDS_EXPECTATION_H
#define MEMCAGE_COMMANDS_EXPECTATION_H

#include "memcage/memcage.h"

struct expectation {
	char verdict[64];
	const char *reason; /* borrowed from the text; NULL: any */
};

/* Returns 0, or -EINVAL with what such a text may be. text is borrowed. */
int expectation_parse(const char *text, struct expectation *ret_expectation,
	struct memcage_failure *reterr_failure);

bool expectation_met(const struct expectation *expectation, const struct memcage_result *result);

#endif
