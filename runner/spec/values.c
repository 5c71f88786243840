/* SPDX-License-Identifier: MIT */
#include "spec/values.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/text.h"
#include "spec/injection.h"

static const struct {
	const char *name;
	uint32_t bit;
} witness_names[] = {
	{ "auto", MEMCAGE_WITNESS_AUTO },
	{ "none", MEMCAGE_WITNESS_NONE },
	{ "preload", MEMCAGE_WITNESS_PRELOAD },
	{ "trace", MEMCAGE_WITNESS_TRACE },
	{ "bpf", MEMCAGE_WITNESS_BPF },
	{ "runtime", MEMCAGE_WITNESS_RUNTIME },
	{ "signature", MEMCAGE_WITNESS_SIGNATURE },
	{ "kmsg", MEMCAGE_WITNESS_KMSG },
};

static int bad_value(const struct option_row *row, const char *text, const char *form,
	struct memcage_failure *failure)
{
	return failure_set(failure, EINVAL, "--%s %s: %s", row->name, text, form);
}

static int store_size(const struct option_row *row, const char *text, uint64_t *to,
	struct memcage_failure *failure)
{
	uint64_t bytes, page = (uint64_t)sysconf(_SC_PAGESIZE);
	int result = parse_size(text, &bytes);

	if (result == -ERANGE)
		return bad_value(row, text, "too large; 'max' means no limit", failure);
	if (result < 0)
		return bad_value(
			row, text, "not a size; say for example 64M, 1.5G or max", failure);
	if (row->kind == VALUE_LIMIT && bytes < page)
		return bad_value(
			row, text, "too small; a limit is at least one page (4096 bytes)", failure);
	if (row->kind == VALUE_CAP && bytes == 0) /* which would mean none */
		return bad_value(row, text, "must be greater than 0", failure);
	*to = bytes;
	return 0;
}

static int store_duration(const struct option_row *row, const char *text, uint64_t *to,
	struct memcage_failure *failure)
{
	uint64_t ms;
	int result;

	if (row->kind == VALUE_STALL && strcmp(text, "off") == 0) {
		*to = MEMCAGE_UNLIMITED;
		return 0;
	}
	result = parse_duration(text, &ms);
	if (result == -ERANGE || (result == 0 && ms > UINT64_MAX / 1000000))
		return bad_value(row, text, "too long", failure);
	if (result < 0)
		return bad_value(row, text,
			row->kind == VALUE_STALL ? "not a time; say for example 10s, or off"
						 : "not a time; say for example 500ms, 5s or 2m",
			failure);
	if (ms == 0 && strcmp(row->name, "grace") != 0)
		return bad_value(row, text, "must be longer than 0", failure);
	*to = ms;
	return 0;
}

static int store_choice(
	const struct option_row *row, const char *text, int *to, struct memcage_failure *failure)
{
	char known[160] = "";
	const char *near;

	for (int i = 0; row->choices[i] != NULL; i++) {
		if (strcmp(row->choices[i], text) == 0) {
			*to = i;
			return 0;
		}
		if (i > 0)
			(void)strncat(known, ", ", sizeof(known) - strlen(known) - 1);
		(void)strncat(known, row->choices[i], sizeof(known) - strlen(known) - 1);
	}
	near = nearest_word(text, row->choices);
	if (near != NULL)
		return failure_set(failure, EINVAL,
			"--%s %s: did you mean '%s'? It takes one of: %s", row->name, text, near,
			known);
	return failure_set(failure, EINVAL, "--%s %s: it takes one of: %s", row->name, text, known);
}

static int store_environment(const struct option_row *row, const char *text,
	struct options *options, struct memcage_failure *failure)
{
	size_t count = options->environment_count + 1;
	const char **grown;

	if (text[0] == '=' || strchr(text, '=') == NULL)
		return bad_value(row, text, "not of the form NAME=VALUE", failure);
	grown = reallocarray(options->environment, count, sizeof(*grown));
	if (grown == NULL)
		return failure_set(failure, ENOMEM, "no memory for --env");
	grown[count - 1] = text;
	options->environment = grown;
	options->environment_count = count;
	return 0;
}

/* An id is a number or a name; the name's own group is the default group. */
static bool find_user(const char *text, uint32_t *ret_user, uint32_t *ret_group)
{
	const struct passwd *entry;
	uint64_t number;

	if (parse_number(text, &number) == 0) {
		if (number >= UINT32_MAX)
			return false;
		entry = getpwuid((uid_t)number);
		*ret_user = (uint32_t)number;
		*ret_group = entry != NULL ? entry->pw_gid : (uint32_t)number;
		return true;
	}
	entry = getpwnam(text);
	if (entry == NULL)
		return false;
	*ret_user = entry->pw_uid;
	*ret_group = entry->pw_gid;
	return true;
}

static bool find_group(const char *text, uint32_t *ret_group)
{
	const struct group *entry;
	uint64_t number;

	if (parse_number(text, &number) == 0) {
		*ret_group = (uint32_t)number;
		return number < UINT32_MAX;
	}
	entry = getgrnam(text);
	if (entry != NULL)
		*ret_group = entry->gr_gid;
	return entry != NULL;
}

static int store_user(const struct option_row *row, const char *text, struct memcage_spec *spec,
	struct memcage_failure *failure)
{
	const char *colon = strchr(text, ':');
	char name[64];

	text_copy(name, sizeof(name), text);
	name[strcspn(name, ":")] = '\0';
	if (!find_user(name, &spec->user_id, &spec->group_id))
		return bad_value(
			row, text, "no such user; say a number or a name, as UID[:GID]", failure);
	if (colon != NULL && !find_group(colon + 1, &spec->group_id))
		return bad_value(
			row, text, "no such group; say a number or a name, as UID[:GID]", failure);
	spec->set_user = true;
	return 0;
}

static int store_witnesses(const struct option_row *row, const char *text, uint32_t *to,
	struct memcage_failure *failure)
{
	uint32_t set = 0;
	const char *word = text;
	size_t length;
	size_t words = 0;

	for (;; word += length + 1) {
		size_t i = 0, count = sizeof(witness_names) / sizeof(*witness_names);

		length = strcspn(word, ",");
		while (i < count && (strlen(witness_names[i].name) != length ||
					    strncmp(witness_names[i].name, word, length) != 0))
			i++;
		if (i == count)
			return bad_value(row, text,
				"it takes auto, none, or a list of: "
				"preload,trace,bpf,runtime,signature,kmsg",
				failure);
		set |= witness_names[i].bit;
		words++;
		if (i < 2 && (words > 1 || word[length] == ','))
			return bad_value(row, text, "auto and none stand alone", failure);
		if (word[length] == '\0')
			break;
	}
	*to = set;
	return 0;
}

static int store_injection(const struct option_row *row, const char *text, struct options *options,
	struct memcage_failure *failure)
{
	size_t count = options->spec.injection_count;
	struct memcage_injection injection, *grown;
	const char *wrong = injection_parse(text, &injection);

	if (wrong != NULL)
		return bad_value(row, text, wrong, failure);
	if (count == MEMCAGE_INJECTIONS_MAX)
		return bad_value(row, text, "too many; there may be eight of them", failure);
	grown = reallocarray(options->injections, count + 1, sizeof(*grown));
	if (grown == NULL)
		return failure_set(failure, ENOMEM, "no memory for --%s", row->name);
	grown[count] = injection;
	options->spec.injections = options->injections = grown;
	options->spec.injection_count = count + 1;
	return 0;
}

int value_store(const struct option_row *row, const char *text, struct options *options,
	struct memcage_failure *reterr_failure)
{
	void *to = (char *)options + row->offset;

	if (text != NULL && *text == '\0')
		return failure_set(reterr_failure, EINVAL, "--%s: the value is empty", row->name);
	switch (row->kind) {
	case VALUE_FLAG:
		*(bool *)to = true;
		return 0;
	case VALUE_COUNT:
		++*(int *)to;
		return 0;
	case VALUE_SIZE:
	case VALUE_LIMIT:
	case VALUE_CAP:
		return store_size(row, text, to, reterr_failure);
	case VALUE_DURATION:
	case VALUE_STALL:
		return store_duration(row, text, to, reterr_failure);
	case VALUE_NUMBER:
		if (parse_number(text, to) < 0 || *(uint64_t *)to == 0)
			return bad_value(row, text, "not a number greater than 0", reterr_failure);
		return 0;
	case VALUE_TEXT:
		*(const char **)to = text;
		return 0;
	case VALUE_CHOICE:
		return store_choice(row, text, to, reterr_failure);
	case VALUE_ENVIRONMENT:
		return store_environment(row, text, options, reterr_failure);
	case VALUE_USER:
		return store_user(row, text, &options->spec, reterr_failure);
	case VALUE_INJECTION:
		return store_injection(row, text, options, reterr_failure);
	case VALUE_WITNESSES:
		return store_witnesses(row, text, to, reterr_failure);
	}
	return -EINVAL;
}
