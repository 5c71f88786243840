/* SPDX-License-Identifier: MIT
 *
 * explain_log.h - a log as a text in memory, into an explanation.
 */
#ifndef MEMCAGE_TESTS_EXPLAIN_LOG_H
#define MEMCAGE_TESTS_EXPLAIN_LOG_H

#include <stdlib.h>
#include <string.h>

#include "report/explain.h"

#define EXPLAINED_MAX 64

struct explained {
	struct explanation explanation;
	struct oom_incident incidents[EXPLAINED_MAX];
	struct oom_log log;
};

static inline void explained_keep(const struct oom_incident *incident, void *data)
{
	struct explained *explained = data;

	assert_true(explained->explanation.count < EXPLAINED_MAX);
	explained->incidents[explained->explanation.count++] = *incident;
}

static inline int explained_order(const void *a, const void *b)
{
	const struct oom_incident *first = a, *second = b;

	return (first->first_line > second->first_line) - (first->first_line < second->first_line);
}

/* The caller frees it. */
static inline struct explained *explain_text_of(const char *name, const char *text)
{
	struct explained *explained = calloc(1, sizeof(*explained));

	assert_non_null(explained);
	explained->explanation.name = name;
	explained->explanation.incidents = explained->incidents;
	oom_log_begin(&explained->log, explained_keep, explained);
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		oom_log_feed(&explained->log, text, length);
		text += length + (text[length] == '\n');
	}
	oom_log_end(&explained->log);
	qsort(explained->incidents, explained->explanation.count, sizeof(*explained->incidents),
		explained_order);
	explained->explanation.lines = explained->log.line_number;
	explained->explanation.suppressed = explained->log.suppressed;
	explained->explanation.foreign = explained->log.foreign;
	return explained;
}

#endif
