/* SPDX-License-Identifier: MIT
 *
 * json.h - the report: one JSON object of schema memcage.report/1
 * (include/memcage/report.schema.json).
 */
#ifndef MEMCAGE_REPORT_JSON_H
#define MEMCAGE_REPORT_JSON_H

#include <jansson.h>

#include "judge/verdict.h"
#include "report/facts.h"

#define REPORT_SCHEMA "memcage.report/1"

/* For json_dumps() and its kind: one line, and times as a person would write them (0.3, not
 * 0.29999999999999999). */
#define REPORT_DUMP_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))

/* The report of one run, owned by the caller; NULL only when memory ran out. Sizes are bytes, times
 * milliseconds; what is not known is null or absent; a limit that is null is none. */
json_t *report_json(const struct report_facts *facts, const struct evidence *evidence,
	const struct judgement *judgement);

#endif
