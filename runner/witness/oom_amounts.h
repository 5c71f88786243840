/* SPDX-License-Identifier: MIT
 *
 * oom_amounts.h - the kernel's lists of what holds memory: a group's statistics, and Mem-Info of
 * the machine.
 */
#ifndef MEMCAGE_WITNESS_OOM_AMOUNTS_H
#define MEMCAGE_WITNESS_OOM_AMOUNTS_H

#include "witness/oom_incident.h"

/* A line of either. False where it is none. */
bool oom_amounts_read(struct span text, struct oom_incident *incident);

/* "cache:24KB rss:1048552KB ...", of one group of several: they are added up. */
bool oom_amounts_groups(struct span text, struct oom_incident *incident);

/* Pages become bytes, and anonymous memory, page cache and shared memory are told apart: the
 * machine's lists count shared memory as anonymous, a group's as cache. */
void oom_amounts_settle(struct oom_incident *incident);

#endif
