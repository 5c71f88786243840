/* SPDX-License-Identifier: MIT */
#include "report/phrases.h"

#include <string.h>

#include "base/text.h"
#include "report/words.h"

#define NAME_SIZE 64
#define ANSWER_SIZE 128
#define DEPTH_MAX 8 /* phrases within phrases: against a phrase that names itself */

static bool expand(const json_t *report, const char **template, char end, struct sentence *sentence,
	int depth);

/* Adds the first template of the phrase that fits. */
static bool say(const json_t *report, const char *name, struct sentence *sentence, int depth)
{
	for (const struct phrase *phrase = phrases; phrase->name != NULL; phrase++) {
		struct sentence before = *sentence;
		const char *template = phrase->template;

		if (strcmp(phrase->name, name) != 0)
			continue;
		if (depth < DEPTH_MAX && expand(report, &template, '\0', sentence, depth + 1))
			return true;
		*sentence = before;
		sentence->buffer[sentence->length] = '\0';
	}
	return false;
}

/* {name} or {?name=answer}; *template stands behind the brace. */
static bool expand_word(
	const json_t *report, const char **template, struct sentence *sentence, int depth)
{
	char name[NAME_SIZE], said[ANSWER_SIZE] = "";
	struct sentence answer = { .buffer = said, .size = sizeof(said) };
	size_t length = strcspn(*template, "}");
	char *equals;

	text_copy(name, length < sizeof(name) ? length + 1 : sizeof(name), *template);
	*template += length + ((*template)[length] == '}');
	if (*name != '?')
		return word_exists(name) ? word_say(report, name, sentence)
					 : say(report, name, sentence, depth);
	equals = strchr(name, '=');
	if (equals == NULL)
		return word_say(report, name + 1, &answer);
	*equals = '\0';
	return word_say(report, name + 1, &answer) && strcmp(said, equals + 1) == 0;
}

/* Expands up to end; *template stands behind it afterwards, whether it fits or not. */
static bool expand(
	const json_t *report, const char **template, char end, struct sentence *sentence, int depth)
{
	bool fits = true;

	while (**template != end && **template != '\0') {
		size_t plain = strcspn(*template, "{[]");
		char text[NAME_SIZE];

		if (**template == '{') {
			(*template)++;
			fits = expand_word(report, template, sentence, depth) && fits;
		} else if (**template == '[') {
			struct sentence before = *sentence;

			(*template)++;
			if (!expand(report, template, ']', sentence, depth)) {
				*sentence = before;
				sentence->buffer[sentence->length] = '\0';
			}
		} else {
			if (plain >= sizeof(text))
				plain = sizeof(text) - 1;
			plain += plain == 0; /* a lone ']' says itself */
			text_copy(text, plain + 1, *template);
			sentence_add(sentence, text);
			*template += plain;
		}
	}
	*template += **template != '\0';
	return fits;
}

bool phrase_expand(const json_t *report, const char *template, char *buffer, size_t size)
{
	struct sentence sentence = { .buffer = buffer, .size = size };
	bool fits;

	buffer[0] = '\0';
	fits = expand(report, &template, '\0', &sentence, 0);
	if (!fits)
		buffer[0] = '\0';
	return fits;
}

bool phrase_say(const json_t *report, const char *name, char *buffer, size_t size)
{
	struct sentence sentence = { .buffer = buffer, .size = size };

	buffer[0] = '\0';
	return say(report, name, &sentence, 0);
}
