/* SPDX-License-Identifier: MIT
 *
 * last_words.h - --last-words: by which calls, and at which line, the memory was wanted that was
 * not there any more. A process of ours stops the threads that wait at the limit, keeps registers
 * and stack of one of them, and lets them go on to what the kernel had in store for them. The calls
 * are found from that later, when nobody waits any more.
 *
 * That process ends after HOLD_MS at the latest, with it the tracing, and with us, too: no thread
 * is ever left stopped. A thread that has another tracer is not asked.
 */
#ifndef MEMCAGE_WITNESS_LAST_WORDS_H
#define MEMCAGE_WITNESS_LAST_WORDS_H

#include <stdbool.h>
#include <sys/types.h>

#include "cage/group.h"
#include "witness/backtrace.h"

#define LAST_WORDS_THREADS 64

struct last_words {
	bool asked;
	bool known;            /* there are registers and a stack */
	uint64_t at_us;        /* CLOCK_BOOTTIME, when they were asked */
	uint64_t held_us;      /* so long the asking took */
	pid_t pid, thread;     /* as we see them */
	char command[16];      /* of the thread: the workload's bytes */
	char source_line[256]; /* of a Python program: "script.py:2"; "" not known */
	char why[96];          /* it is not known; "" */
	struct page_snapshot stack;
};

/* The threads of the group and the groups below it that wait for memory, else those that do not
 * wait for something else, those of the process pid in front, else all of that process. Fills at
 * most LAST_WORDS_THREADS of *ret_threads, the most likely first; returns how many.
 */
int last_words_find(const struct group *group, pid_t pid, pid_t *ret_threads);

/* Asks. let_go is called once, when the threads cannot go on any farther than to where they are
 * stopped: it lets those go on that wait in the kernel. Returns 0 or -errno; *ret_words says what
 * came of it. */
int last_words_take(const pid_t *threads, int count, void (*let_go)(void *data), void *data,
	struct last_words *ret_words);

#endif
