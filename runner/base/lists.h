/* SPDX-License-Identifier: MIT
 *
 * lists.h - short lists that never allocate: texts, counters by their kernel names, samples.
 */
#ifndef MEMCAGE_BASE_LISTS_H
#define MEMCAGE_BASE_LISTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/counter.h"

#define TEXT_LIST_MAX 40
#define TEXT_LIST_SIZE 320

/* A short list of short texts. They lie side by side: what the list does not hold is not touched.
 */
struct text_list {
	int count;
	size_t used;
	char texts[TEXT_LIST_MAX * TEXT_LIST_SIZE]; /* each ended by a NUL */
};

/* Appends; what does not fit is cut, and a full list takes no more. */
void text_list_add(struct text_list *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The text behind another one; NULL starts, NULL ends. */
const char *text_list_next(const struct text_list *list, const char *text);

/* Makes it empty. One that is empty already is not written to: of what is all zero no memory is
 * taken. */
void text_list_clear(struct text_list *list);

/* A copy takes no more along than there is. */
void text_list_copy(struct text_list *to, const struct text_list *from);

#define NAME_LIST_MAX 40

/* A short list of names that live as long as the program. */
struct name_list {
	int count;
	const char *names[NAME_LIST_MAX];
};

/* Appends; a full list takes no more. */
void name_list_add(struct name_list *list, const char *name);

bool name_list_has(const struct name_list *list, const char *name);

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
