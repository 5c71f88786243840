/* SPDX-License-Identifier: MIT
 *
 * lists.h - short lists that never allocate: texts, counters by their kernel names, samples.
 */
#ifndef MEMCAGE_BASE_LISTS_H
#define MEMCAGE_BASE_LISTS_H

#include "base/counter.h"

#define TEXT_LIST_MAX 40
#define TEXT_LIST_SIZE 320

/* A short list of short texts. */
struct text_list {
	int count;
	char items[TEXT_LIST_MAX][TEXT_LIST_SIZE];
};

/* Appends; what does not fit is cut, and a full list takes no more. */
void text_list_add(struct text_list *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Its items are as long as their count says: a copy takes no others along. */
void text_list_copy(struct text_list *to, const struct text_list *from);

/* A raw kernel counter by its own name: "memory.events oom_kill". */
#define RAW_COUNTER_NAME 48

struct raw_counter {
	char name[RAW_COUNTER_NAME];
	struct counter value;
};

#define RAW_COUNTERS_MAX 40

struct raw_counters {
	int count;
	struct raw_counter items[RAW_COUNTERS_MAX];
};

void raw_counters_add(struct raw_counters *list, const char *name, struct counter value);

/* So many first and last bytes of a stream are kept. */
#define STREAM_EDGE_BYTES 8192

/* One sample of memory use. */
struct timeline_point {
	uint64_t at_ms; /* since the start of the run */
	uint64_t memory_bytes;
};

#endif
