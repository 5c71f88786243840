/* SPDX-License-Identifier: MIT
 *
 * last_words_child.h - what the process that stops threads does.
 */
#ifndef MEMCAGE_WITNESS_LAST_WORDS_CHILD_H
#define MEMCAGE_WITNESS_LAST_WORDS_CHILD_H

#include "witness/last_words.h"

/* Tells the threads to stop, writes a byte to fd, waits for the first of them that does, fills
 * *words (shared with parent) and writes another byte. The end of this process lets all go on. */
void last_words_child(
	const pid_t *threads, int count, pid_t parent, int fd, struct last_words *words);

#endif
