/* SPDX-License-Identifier: MIT
 *
 * option_table.h - the shape of a row of the option list, shared by the parser and the printers.
 */
#ifndef MEMCAGE_SPEC_OPTION_TABLE_H
#define MEMCAGE_SPEC_OPTION_TABLE_H

#include "spec/options.h"

/* A kind of value says how its text is read and where it goes. */
enum value_kind {
	VALUE_FLAG,     /* bool */
	VALUE_COUNT,    /* int, one more each time */
	VALUE_SIZE,     /* uint64_t bytes */
	VALUE_LIMIT,    /* uint64_t bytes, at least one page */
	VALUE_CAP,      /* uint64_t bytes, greater than 0 */
	VALUE_DURATION, /* uint64_t ms, greater than 0 */
	VALUE_STALL,    /* uint64_t ms, or "off" */
	VALUE_NUMBER,   /* uint64_t, greater than 0 */
	VALUE_TEXT,     /* const char * */
	VALUE_CHOICE,   /* int: the place in choices */
	VALUE_ENVIRONMENT,
	VALUE_USER,
	VALUE_WITNESSES,
	VALUE_INJECTION,
};

struct option_row {
	const char *group; /* heading, in the first row of each group */
	char letter;       /* 0: none */
	const char *name;
	const char *argument; /* as shown: "SIZE"; NULL for flags */
	enum value_kind kind;
	size_t offset; /* of the member in struct options */
	const char *const *choices;
	unsigned commands; /* set of enum option_command */
	const char *help;
};

extern const struct option_row option_rows[];
extern const size_t option_row_count;

#endif
