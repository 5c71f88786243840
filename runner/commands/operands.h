/* SPDX-License-Identifier: MIT
 *
 * operands.h - the words of the command of a sweep or a fit, as it is told of.
 */
#ifndef MEMCAGE_COMMANDS_OPERANDS_H
#define MEMCAGE_COMMANDS_OPERANDS_H

#include <jansson.h>
#include <stdio.h>

#include "spec/options.h"

/* A list of texts, a new reference; what is no UTF-8 in them becomes U+FFFD. NULL without memory.
 */
json_t *operands_json(const struct options *options);

/* With blanks between them, and '?' for what could harm a terminal. */
void operands_print(const struct options *options, FILE *out);

#endif
