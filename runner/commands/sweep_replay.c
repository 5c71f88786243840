/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "commands/sweep.h"
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

static void add(json_t *words, const char *name, const char *value)
{
	char option[64];

	(void)snprintf(option, sizeof(option), "--%s", name);
	(void)json_array_append_new(words, json_string(option));
	if (value != NULL) /* of what is no UTF-8 nothing is added */
		(void)json_array_append_new(words, json_string(value));
}

static void add_given(json_t *words, const struct options *options)
{
	for (size_t i = 0; i < options->use_count; i++) {
		const struct option_use *use = &options->uses[i];

		if ((use->row->commands & FOR_RUN) != 0 && strcmp(use->row->name, "quiet") != 0 &&
			strcmp(use->row->name, "wall-time") != 0)
			add(words, use->row->name, use->value);
	}
}

json_t *sweep_replay(const struct sweep *sweep, uint64_t nth)
{
	char text[INJECTION_TEXT_SIZE];
	json_t *words = json_pack("[ss]", "memcage", "run");

	if (words == NULL)
		return NULL;
	injection_nth_text(nth, sweep->command, text);
	add(words, "fail-alloc", text);
	(void)snprintf(text, sizeof(text), "%" PRIu64 "ms", sweep->wall_time_ms);
	add(words, "wall-time", text);
	for (size_t i = 0; i < SETTLED_COUNT; i++)
		add(words, "env", settled[i]);
	add_given(words, sweep->options);
	if (strcmp(sweep->options->spec.stdin_path, "/dev/null") == 0)
		add(words, "stdin", "/dev/null");
	(void)json_array_append_new(words, json_string("--"));
	for (int i = 0; i < sweep->options->operand_count; i++)
		(void)json_array_append_new(words, json_string(sweep->options->operands[i]));
	return words;
}

/* As a word of a shell's command line. */
static void print_word(FILE *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-./:=,+@%";

	if (word[0] != '\0' && strspn(word, plain) == strlen(word)) {
		(void)fputs(word, out);
		return;
	}
	(void)fputc('\'', out);
	for (; *word != '\0'; word++)
		if (*word == '\'')
			(void)fputs("'\\''", out);
		else
			(void)fputc(*word, out);
	(void)fputc('\'', out);
}

char *sweep_replay_line(const struct sweep *sweep, uint64_t nth)
{
	json_t *words = sweep_replay(sweep, nth), *word;
	char *line = NULL;
	size_t i, size;
	FILE *out = words == NULL ? NULL : open_memstream(&line, &size);

	if (out != NULL) {
		json_array_foreach(words, i, word)
		{
			if (i > 0)
				(void)fputc(' ', out);
			print_word(out, json_string_value(word));
		}
		if (fclose(out) != 0) {
			free(line);
			line = NULL;
		}
	}
	json_decref(words);
	return line;
}
