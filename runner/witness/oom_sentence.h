/* SPDX-License-Identifier: MIT
 *
 * oom_sentence.h - what the kernel prints around a kill, from 4.19 to 6.18: who asked, the limits
 * and statistics of a group, the memory of the machine. The kill itself is kernel_log_line.h's.
 */
#ifndef MEMCAGE_WITNESS_OOM_SENTENCE_H
#define MEMCAGE_WITNESS_OOM_SENTENCE_H

#include "witness/oom_incident.h"

/* "NAME invoked oom-killer: gfp_mask=..., order=0, oom_score_adj=0". False, and nothing changed,
 * where it is not of the form. */
bool oom_header_read(struct span text, struct oom_incident *incident);

/* Any other sentence of the surroundings: fills what it tells. False where it is none of them.
 * *ret_opens: such a sentence is printed for OOM kills alone, so that an incident begins here when
 * the log's beginning is missing. */
bool oom_sentence_read(struct span text, struct oom_incident *incident, bool *ret_opens);

/* cpuset, mems_allowed and nodemask of an "oom-kill:constraint=" line; to is NUL-terminated. */
void oom_place_read(struct span line, struct oom_incident *incident);

/* Nothing more comes: pages become bytes, and what can be told apart is. Once per incident. */
void oom_incident_finish(struct oom_incident *incident);

#endif
