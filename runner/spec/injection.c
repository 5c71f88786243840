/* SPDX-License-Identifier: MIT */
#include "spec/injection.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define BILLION 1000000000
#define BILLION_DIGITS 9

#define FORM                                                                                       \
	"not a rule; say nth=N, 'size>=SIZE' (quoted: > is the shell's), after=TOTAL or "          \
	"random=P,seed=K, and ,comm=NAME behind it"

/* "0.25" as parts of a billion, at most all of them. */
static bool parse_probability(const char *text, uint64_t *ret_parts)
{
	uint64_t parts = 0;
	int digits = -1; /* behind the point; -1: not there yet */

	for (; *text != '\0'; text++) {
		if (*text == '.' && digits < 0) {
			digits = 0;
			continue;
		}
		if (*text < '0' || *text > '9' || digits == BILLION_DIGITS || parts > BILLION)
			return false;
		parts = parts * 10 + (uint64_t)(*text - '0');
		digits += digits >= 0;
	}
	for (digits = digits < 0 ? 0 : digits; digits < BILLION_DIGITS; digits++)
		parts *= 10;
	*ret_parts = parts;
	return parts > 0 && parts <= BILLION;
}

static const char *store_command(const char *value, struct memcage_injection *rule)
{
	if (*value == '\0')
		return "comm= needs the name of a program";
	/* the kernel keeps no more of a name */
	text_copy(rule->command, sizeof(rule->command), value);
	return NULL;
}

static const char *store_seed(const char *value, struct memcage_injection *rule)
{
	if (rule->kind != MEMCAGE_INJECT_RANDOM)
		return "seed= belongs to random=";
	return parse_number(value, &rule->seed) < 0 ? "seed= takes a whole number" : NULL;
}

static const char *store_nth(const char *value, struct memcage_injection *rule)
{
	return parse_number(value, &rule->number) < 0 ? "nth= takes a whole number" : NULL;
}

static const char *store_size(const char *value, struct memcage_injection *rule)
{
	return parse_size(value, &rule->number) < 0 || rule->number == MEMCAGE_UNLIMITED
		       ? "not a size; say for example 64K or 1.5M"
		       : NULL;
}

static const char *store_probability(const char *value, struct memcage_injection *rule)
{
	return parse_probability(value, &rule->number)
		       ? NULL
		       : "random= takes a probability above 0 and up to 1, say 0.01";
}

static const struct word {
	const char *name;
	enum memcage_injection_kind kind; /* 0: it only adds to a rule */
	const char *(*store)(const char *value, struct memcage_injection *rule);
} words[] = {
	{ "nth=", MEMCAGE_INJECT_NTH, store_nth },
	{ "size>=", MEMCAGE_INJECT_SIZE, store_size },
	{ "after=", MEMCAGE_INJECT_AFTER, store_size },
	{ "random=", MEMCAGE_INJECT_RANDOM, store_probability },
	{ "seed=", 0, store_seed },
	{ "comm=", 0, store_command },
};

static const struct word *word_of(const char *part)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strncmp(part, words[i].name, strlen(words[i].name)) == 0)
			return &words[i];
	return NULL;
}

const char *injection_parse(const char *text, struct memcage_injection *ret_injection)
{
	struct memcage_injection rule = { 0 };
	char part[128];

	for (;; text++) {
		size_t length = strcspn(text, ",");
		const struct word *word;
		const char *wrong;

		if (length >= sizeof(part))
			return FORM;
		memcpy(part, text, length);
		part[length] = '\0';
		word = word_of(part);
		if (word == NULL || (word->kind != 0) != (rule.kind == 0))
			return FORM; /* what is refused comes first, and once */
		if (word->kind != 0)
			rule.kind = word->kind;
		wrong = word->store(part + strlen(word->name), &rule);
		if (wrong != NULL)
			return wrong;
		text += length;
		if (*text == '\0')
			break;
	}
	*ret_injection = rule;
	return NULL;
}

void injection_nth_text(uint64_t number, const char *command, char text[INJECTION_TEXT_SIZE])
{
	(void)snprintf(text, INJECTION_TEXT_SIZE, "nth=%" PRIu64 "%s%s", number,
		command[0] != '\0' ? ",comm=" : "", command);
}
