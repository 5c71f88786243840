/* SPDX-License-Identifier: MIT
 *
 * values.h - one option's text becomes one member's value.
 */
#ifndef MEMCAGE_SPEC_VALUES_H
#define MEMCAGE_SPEC_VALUES_H

#include "spec/option_table.h"

/* Returns 0, or -EINVAL naming the option, the text and the form that would be right. text is NULL
 * for flags; strings are kept by reference. */
int value_store(const struct option_row *row, const char *text, struct options *options,
	struct memcage_failure *reterr_failure);

#endif
