/* SPDX-License-Identifier: MIT
 *
 * explain.h - OOM kills of a kept log or of a report, as data and in people's words.
 */
#ifndef MEMCAGE_REPORT_EXPLAIN_H
#define MEMCAGE_REPORT_EXPLAIN_H

#include <jansson.h>
#include <stdio.h>

#include "witness/oom_log.h"

#define EXPLAIN_SCHEMA "memcage.explain/1"

/* All that was found in one input. */
struct explanation {
	const char *name;      /* of the input, as messages name it */
	bool is_report;        /* a report of memcage's, not a log */
	bool has_policies;     /* this memcage has `run --policy` */
	const json_t *command; /* argv, where a report tells it; else NULL. Borrowed */
	const char *policy;    /* of the run that a report tells of, or NULL. Borrowed */
	uint64_t lines;
	uint64_t suppressed;
	struct oom_foreign foreign;

	size_t count;     /* sorted by their first lines */
	uint64_t omitted; /* found, but too many to be kept */
	struct oom_incident *incidents;
};

/* The object of include/memcage/explain.schema.json, owned by the caller; NULL when memory ran out.
 */
json_t *explain_json(const struct explanation *explanation);

/* The same in several lines for each. */
void explain_print(const struct explanation *explanation, FILE *out);

/* The OOM kills that a report lists, one incident each. Returns how many were stored. */
size_t explain_report(const json_t *report, struct oom_incident *incidents, size_t room);

#endif
