/* SPDX-License-Identifier: MIT
 *
 * witness_last_words.c - --last-words in one run: who is asked at the limit, and what they said.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/witnesses.h"

struct going {
	void (*let_go)(struct watch *);
	struct watch *watch;
};

static void go(void *data)
{
	const struct going *going = data;

	going->let_go(going->watch);
}

static void ask(void *data, void (*let_go)(struct watch *), struct watch *watch)
{
	const struct snapshot *snapshot = watch->near_limit.snapshot;
	struct going going = { let_go, watch };
	struct witnesses *witnesses = data;
	pid_t threads[LAST_WORDS_THREADS];
	int count = last_words_find(&watch->cage->memory,
		snapshot != NULL ? snapshot->processes[0].pid : watch->seen.main_pid, threads);

	(void)last_words_take(threads, count, go, &going, witnesses->last_words);
}

int witness_last_words_join(
	struct witnesses *witnesses, const struct memcage_spec *spec, struct watch *watch)
{
	int result;

	if (!spec->last_words)
		return 0;
	witnesses->last_words = calloc(1, sizeof(*witnesses->last_words));
	if (witnesses->last_words == NULL)
		return -ENOMEM;
	result = near_limit_ask_at_limit(watch, ask, witnesses);
	if (result == 0 || !spec->allow_degraded)
		return result;
	text_list_add(&watch->cage->degraded, "--last-words: %s", strerrordesc_np(-result));
	return 0;
}

void witness_last_words_tell(struct witnesses *witnesses)
{
	struct last_words *words = witnesses->last_words;

	if (words == NULL || !words->known)
		return;
	witnesses->last_calls = calloc(1, sizeof(*witnesses->last_calls));
	if (witnesses->last_calls != NULL && backtrace_of(&words->stack, witnesses->last_calls) < 0)
		witnesses->last_calls->count = 0;
	if (words->source_line[0] == '\0' && witnesses->last_calls != NULL)
		text_copy(words->source_line, sizeof(words->source_line),
			backtrace_source_line(witnesses->last_calls));
}

void witness_last_words_close(struct witnesses *witnesses)
{
	free(witnesses->last_words);
	free(witnesses->last_calls);
	witnesses->last_words = NULL;
	witnesses->last_calls = NULL;
}
