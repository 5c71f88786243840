/* SPDX-License-Identifier: MIT
 *
 * sections.h - the members of the report, each made by one function, for json.c. Every function
 * returns a value that the caller owns, or NULL when memory ran out.
 */
#ifndef MEMCAGE_REPORT_SECTIONS_H
#define MEMCAGE_REPORT_SECTIONS_H

#include <jansson.h>

#include "judge/verdict.h"
#include "report/facts.h"

/* section_command.c: what was run and how it ended */
json_t *section_command(const struct report_facts *facts, const struct evidence *evidence);
json_t *section_start(const struct evidence *evidence);
json_t *section_exit(const struct evidence *evidence);
json_t *section_act(const struct evidence *evidence);
json_t *section_streams(const struct report_facts *facts);

/* section_limits.c: what was allowed, and by whom */
json_t *section_limits(const struct report_facts *facts, const struct evidence *evidence);
json_t *section_ancestors(const struct evidence *evidence);
json_t *section_limit_owner(const struct evidence *evidence, const struct judgement *judgement);
json_t *section_enforcement(const struct report_facts *facts);

/* section_memory.c: what was used and what the kernel counted */
json_t *section_memory(const struct report_facts *facts, const struct evidence *evidence);
json_t *section_events(const struct report_facts *facts);
json_t *section_rises(const struct evidence *evidence);
json_t *section_oom_kills(const struct evidence *evidence);
json_t *section_timeline(const struct report_facts *facts);

/* section_snapshot.c: who held it */
json_t *section_snapshot(const struct report_facts *facts);

/* section_last_words.c: and what it was doing */
json_t *section_last_words(const struct report_facts *facts);

/* section_refusals.c: allocations that were refused */
json_t *section_alloc_failures(const struct report_facts *facts, const struct evidence *evidence);
json_t *section_backtrace(const struct backtrace *backtrace); /* NULL: an empty list */
json_t *section_signature(const struct evidence *evidence);

/* section_host.c: where and when */
json_t *section_host(const struct report_facts *facts);
json_t *section_tool(void);
json_t *section_started_at(const struct report_facts *facts);
json_t *section_texts(const struct text_list *list);

#endif
