/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "commands/sweep.h"
#include "report/build.h"
#include "report/shell_word.h"
#include "spec/injection.h"
#include "spec/option_table.h"

/* Hash tables that are shuffled anew in each process ask for memory at other places. */
static const char *const settled[] = { "PYTHONHASHSEED=0", "PERL_HASH_SEED=0" };

#define SETTLED_COUNT (sizeof(settled) / sizeof(*settled))

int sweep_settle_environment(struct options *options)
{
	size_t own = options->environment_count;
	const char **grown = reallocarray(
		options->environment, own + SETTLED_COUNT, sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	memmove(grown + SETTLED_COUNT, grown, own * sizeof(*grown));
	memcpy(grown, settled, sizeof(settled));
	options->environment = grown;
	options->environment_count = own + SETTLED_COUNT;
	return 0;
}

/* What the words are handed to, one by one. */
typedef void take_word(void *data, const char *word);

static void give_option(take_word *take, void *data, const char *name, const char *value)
{
	char option[64];

	(void)snprintf(option, sizeof(option), "--%s", name);
	take(data, option);
	if (value != NULL)
		take(data, value);
}

static void give_given(take_word *take, void *data, const struct options *options)
{
	for (size_t i = 0; i < options->use_count; i++) {
		const struct option_use *use = &options->uses[i];

		if ((use->row->commands & FOR_RUN) != 0 && strcmp(use->row->name, "quiet") != 0 &&
			strcmp(use->row->name, "wall-time") != 0)
			give_option(take, data, use->row->name, use->value);
	}
}

static void give_words(const struct sweep *sweep, uint64_t nth, take_word *take, void *data)
{
	char text[INJECTION_TEXT_SIZE];

	take(data, "memcage");
	take(data, "run");
	injection_nth_text(nth, sweep->command, text);
	give_option(take, data, "fail-alloc", text);
	(void)snprintf(text, sizeof(text), "%" PRIu64 "ms", sweep->wall_time_ms);
	give_option(take, data, "wall-time", text);
	for (size_t i = 0; i < SETTLED_COUNT; i++)
		give_option(take, data, "env", settled[i]);
	give_given(take, data, sweep->options);
	if (strcmp(sweep->options->spec.stdin_path, "/dev/null") == 0)
		give_option(take, data, "stdin", "/dev/null");
	take(data, "--");
	for (int i = 0; i < sweep->options->operand_count; i++)
		take(data, sweep->options->operands[i]);
}

static void append_word(void *data, const char *word)
{
	append_text(data, word);
}

json_t *sweep_replay(const struct sweep *sweep, uint64_t nth)
{
	struct builder words = build_list();

	give_words(sweep, nth, append_word, &words);
	return build_end(&words);
}

static void print_word(void *data, const char *word)
{
	if (ftell(data) > 0)
		(void)fputc(' ', data);
	shell_word_print(word, data);
}

char *sweep_replay_line(const struct sweep *sweep, uint64_t nth)
{
	char *line = NULL;
	size_t size;
	FILE *out = open_memstream(&line, &size);

	if (out == NULL)
		return NULL;
	give_words(sweep, nth, print_word, out);
	if (fclose(out) != 0) {
		free(line);
		line = NULL;
	}
	return line;
}
