/* SPDX-License-Identifier: MIT
 *
 * build.h - JSON objects and lists under construction. A failed step (out of memory) is remembered
 * until the end, so that builders read as lists of members and no member is ever lost silently.
 */
#ifndef MEMCAGE_REPORT_BUILD_H
#define MEMCAGE_REPORT_BUILD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counter.h"

struct builder {
	json_t *json;
	bool failed;
};

struct builder build_object(void);
struct builder build_list(void);

/* The finished value, owned by the caller; NULL when memory ran out on the way. */
json_t *build_end(struct builder *builder);

/* Both take over value; NULL stands for "out of memory". */
void put_value(struct builder *object, const char *key, json_t *value);
void append_value(struct builder *list, json_t *value);

/* NULL and "" become null. Bytes that are not UTF-8 become U+FFFD here and in append_text(). */
void put_text(struct builder *object, const char *key, const char *text);
void append_text(struct builder *list, const char *text);

/* A number that is known. Above INT64_MAX, where JSON readers (this one too) have no integers, the
 * nearest floating-point number. */
void put_number(struct builder *object, const char *key, uint64_t number);

/* Unknown is null. */
void put_counter(struct builder *object, const char *key, struct counter counter);

/* UINT64_MAX, "no limit", is null. */
void put_limit(struct builder *object, const char *key, uint64_t limit);

/* The same for a limit that was read: where it could not be, the member is absent. */
void put_limit_read(struct builder *object, const char *key, struct counter limit);

void put_flag(struct builder *object, const char *key, bool flag);

#endif
