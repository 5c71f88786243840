/* SPDX-License-Identifier: MIT
 *
 * explain_parts.h - pieces of the text that explain_print() prints; each ends its own lines.
 */
#ifndef MEMCAGE_REPORT_EXPLAIN_PARTS_H
#define MEMCAGE_REPORT_EXPLAIN_PARTS_H

#include "report/explain.h"

/* It was the limit of a control group, whatever the version. */
bool explain_is_group(const struct oom_incident *incident);

/* "16 MiB", "none" for UINT64_MAX, "not known". */
void explain_print_size(struct counter bytes, FILE *out);

/* "python3 (pid 4711)"; the pid is left out where it is 0. */
void explain_print_process(const char *command, int pid, FILE *out);

/* What held the memory, and the largest tasks beside the victims; nothing where neither is known.
 */
void explain_print_memory(const struct oom_incident *incident, FILE *out);
void explain_print_tasks(const struct oom_incident *incident, FILE *out);

#endif
