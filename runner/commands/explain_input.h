/* SPDX-License-Identifier: MIT
 *
 * explain_input.h - what `memcage explain` reads: a log, as long as it may be, or a report. Which
 * of the two it is, its first bytes tell.
 */
#ifndef MEMCAGE_COMMANDS_EXPLAIN_INPUT_H
#define MEMCAGE_COMMANDS_EXPLAIN_INPUT_H

#include "memcage/memcage.h"
#include "report/explain.h"

#define EXPLAIN_INCIDENTS_MAX 1000

struct explain_input {
	struct explanation explanation;
	size_t room;       /* of explanation.incidents */
	char *report_text; /* of a report, in people's words; else NULL */
	json_t *report;    /* what explanation borrows from; or NULL */
	bool out_of_memory;
};

/* path: a file, or "-" for standard input. Returns 0, or -errno with one line that says what is
 * wrong and where. A log is not held in memory; of its incidents the first EXPLAIN_INCIDENTS_MAX
 * are. */
int explain_input_read(
	struct explain_input *input, const char *path, struct memcage_failure *reterr_failure);
void explain_input_done(struct explain_input *input);

#endif
