/* SPDX-License-Identifier: MIT
 *
 * operands.h - what stands behind the options, or before them; and the answer to them as JSON.
 */
#ifndef MEMCAGE_COMMANDS_OPERANDS_H
#define MEMCAGE_COMMANDS_OPERANDS_H

#include <jansson.h>
#include <stdio.h>

#include "spec/options.h"

/* `memcage explain FILE --json`: takes the operand in front of the options away and returns it;
 * NULL where there is none. */
const char *operand_in_front(int *argc, char ***argv);

/* The words of a command: a list of texts, a new reference; what is no UTF-8 in them becomes
 * U+FFFD. NULL without memory.
 */
json_t *operands_json(const struct options *options);

/* With blanks between them, and '?' for what could harm a terminal. */
void operands_print(const struct options *options, FILE *out);

/* Prints an answer on standard output, indented; json is taken over, NULL stands for no memory.
 * Returns 0, or an exit status when it was said that it could not be. */
int print_json_answer(json_t *json);

#endif
