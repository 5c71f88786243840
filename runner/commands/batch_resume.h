/* SPDX-License-Identifier: MIT
 *
 * batch_resume.h - what an earlier batch wrote: which jobs need not run again.
 */
#ifndef MEMCAGE_COMMANDS_BATCH_RESUME_H
#define MEMCAGE_COMMANDS_BATCH_RESUME_H

#include "commands/batch_ids.h"
#include "memcage/memcage.h"

/* Marks the ids of the reports in a file as ID_DONE. Not done are jobs that were interrupted, those
 * that were an error, and a last line that is torn. Where output (a descriptor) appends to the same
 * file, a torn line is cut off; warnings go to standard error. Returns 0 or -errno with a failure.
 */
int batch_resume(
	const char *path, int output, struct id_set *ids, struct memcage_failure *reterr_failure);

#endif
