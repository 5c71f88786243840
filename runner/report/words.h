/* SPDX-License-Identifier: MIT
 *
 * words.h - the words of templates: members of the report, each said with its unit.
 */
#ifndef MEMCAGE_REPORT_WORDS_H
#define MEMCAGE_REPORT_WORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Text that grows in a buffer of fixed size, cut at whole characters. */
struct sentence {
	char *buffer;
	size_t size, length;
	bool full; /* something did not fit: nothing more is added */
};

/* Adds text with every character that could harm a terminal as '?'. */
void sentence_add(struct sentence *sentence, const char *text);

/* Whether there is a word of that name. */
bool word_exists(const char *name);

/* Adds what the word says of this report; false where that is not known. */
bool word_say(const json_t *report, const char *name, struct sentence *sentence);

#endif
