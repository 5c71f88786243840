/* SPDX-License-Identifier: MIT
 *
 * oom_tasks.h - the list of tasks that the kernel prints when memory is short. Its columns changed
 * over the years; they are found by their names.
 */
#ifndef MEMCAGE_WITNESS_OOM_TASKS_H
#define MEMCAGE_WITNESS_OOM_TASKS_H

#include "witness/oom_incident.h"

#define OOM_COLUMNS_MAX 16

struct oom_columns {
	int count;                              /* 0: no head was seen */
	unsigned char columns[OOM_COLUMNS_MAX]; /* places in a table of oom_tasks.c */
};

/* "[  pid  ]   uid  tgid total_vm      rss ... name". False: not such a line. */
bool oom_tasks_head(struct span text, struct oom_columns *ret_columns);

/* "[   4711]     0  4711 ... name". False: not such a line. Of one known: it is counted, and kept
 * among the largest. */
bool oom_tasks_row(struct span text, const struct oom_columns *columns,
	struct oom_incident *incident, int *ret_pid);

#endif
