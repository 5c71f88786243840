/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/text.h"
#include "spec/oci_profile.h"
#include "spec/policy_take.h"
#include "spec/system_names.h"
#include "spec/text_file.h"

#define PATH_SIZE 64

struct taking {
	const struct policy_source *source;
	struct seccomp_rules *rules;
	struct memcage_failure *failure;
};

/* "allow", "ignore" (it does nothing, and succeeds), "kill", "log", "trap", or the name of an error
 * number. */
static int take_action(const struct taking *taking, const char *path, const char *text,
	enum seccomp_action *ret_action, int *ret_error_number)
{
	static const struct {
		const char *name;
		enum seccomp_action action;
	} words[] = { { "allow", SECCOMP_ALLOW }, { "ignore", SECCOMP_ERRNO },
		{ "kill", SECCOMP_KILL }, { "log", SECCOMP_LOG }, { "trap", SECCOMP_TRAP } };
	char near[32];
	int number;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(words[i].name, text) == 0) {
			*ret_action = words[i].action;
			*ret_error_number = 0;
			return 0;
		}
	}
	number = error_number_of(text);
	if (number >= 0) {
		*ret_action = SECCOMP_ERRNO;
		*ret_error_number = number;
		return 0;
	}
	if (error_number_near(text, near, sizeof(near)))
		return yaml_places_complain(taking->source->places, path, taking->failure,
			"unknown action '%s'; did you mean '%s'?", text, near);
	return yaml_places_complain(taking->source->places, path, taking->failure,
		"unknown action '%s'; it is allow, ignore, kill, log, trap, or an error such as "
		"EPERM",
		text);
}

/* "10" or "0x5412". */
static int parse_word(const char *text, uint64_t *ret_number)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t number = 0;

	if (strncmp(text, "0x", 2) != 0)
		return parse_number(text, ret_number);
	text += 2;
	if (*text == '\0' || strlen(text) > 16)
		return -EINVAL;
	for (; *text != '\0'; text++) {
		const char *digit = strchr(digits, *text | 0x20);

		if (digit == NULL || (*text | 0x20) == '\0')
			return -EINVAL;
		number = number << 4 | (uint64_t)(digit - digits);
	}
	*ret_number = number;
	return 0;
}

/* "INDEX OPERATOR VALUE" or "INDEX & MASK == VALUE". */
static int parse_condition(const char *text, struct seccomp_argument *ret_argument)
{
	static const struct {
		const char *word;
		enum seccomp_operator operator;
	} operators[] = { { "!=", SECCOMP_NOT_EQUAL }, { "<", SECCOMP_LESS },
		{ "<=", SECCOMP_LESS_EQUAL }, { "==", SECCOMP_EQUAL },
		{ ">=", SECCOMP_GREATER_EQUAL }, { ">", SECCOMP_GREATER } };
	struct seccomp_argument argument = { 0 };
	char copy[96], *words[6] = { 0 }, *state;
	size_t count = 0, i = 0;
	uint64_t index;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	text_copy(copy, sizeof(copy), text);
	for (char *word = strtok_r(copy, " ", &state); word != NULL && count < 6;
		word = strtok_r(NULL, " ", &state))
		words[count++] = word;
	if ((count != 3 && count != 5) || parse_number(words[0], &index) < 0 || index > 5)
		return -EINVAL;
	argument.index = (unsigned)index;
	if (count == 5) {
		argument.operator= SECCOMP_MASKED_EQUAL;
		if (strcmp(words[1], "&") != 0 || strcmp(words[3], "==") != 0 ||
			parse_word(words[2], &argument.value) < 0 ||
			parse_word(words[4], &argument.value_two) < 0)
			return -EINVAL;
		*ret_argument = argument;
		/* Bits outside of the mask would never be equal. */
		return (argument.value_two & ~argument.value) != 0 ? -ERANGE : 0;
	}
	while (i < 6 && strcmp(operators[i].word, words[1]) != 0)
		i++;
	if (i == 6 || parse_word(words[2], &argument.value) < 0)
		return -EINVAL;
	argument.operator= operators[i].operator;
	*ret_argument = argument;
	return 0;
}

static int take_conditions(const struct taking *taking, const char *path,
	const struct policy_calls *calls, struct seccomp_rule *rule)
{
	bool used[6] = { 0 };
	char at[PATH_SIZE + 24];

	for (unsigned i = 0; i < calls->when_count; i++) {
		struct seccomp_argument argument;
		int result = parse_condition(calls->when[i], &argument);

		text_format(at, sizeof(at), "%s/when/%u", path, i);
		if (result == -ERANGE)
			return yaml_places_complain(taking->source->places, at, taking->failure,
				"'%s' can never be: the value has bits that the mask has not",
				calls->when[i]);
		if (result < 0)
			return yaml_places_complain(taking->source->places, at, taking->failure,
				"'%s' is no condition; say for example '0 == 16' or "
				"'1 & 0xffffffff == 0x5412' (argument 0 to 5)",
				calls->when[i]);
		if (used[argument.index])
			return yaml_places_complain(taking->source->places, at, taking->failure,
				"argument %u has a condition already; all must hold, so write two "
				"rules where one is enough",
				argument.index);
		used[argument.index] = true;
		rule->arguments[rule->argument_count++] = argument;
	}
	return 0;
}

static int take_calls(const struct taking *taking, const char *path,
	const struct policy_calls *calls, struct seccomp_rule *rule)
{
	char at[PATH_SIZE + 24], near[48];

	if (calls->calls_count == 0)
		return yaml_places_complain(taking->source->places, path, taking->failure,
			"a rule without 'calls', the list of system calls that it is about");
	rule->names = calloc(calls->calls_count, sizeof(*rule->names));
	if (rule->names == NULL)
		return failure_set(taking->failure, ENOMEM, "no memory for the policy's rules");
	for (; rule->name_count < calls->calls_count; rule->name_count++) {
		const char *name = calls->calls[rule->name_count];

		text_format(at, sizeof(at), "%s/calls/%zu", path, rule->name_count);
		if (!system_call_is_known(name) && system_call_near(name, near, sizeof(near)))
			return yaml_places_complain(taking->source->places, at, taking->failure,
				"unknown system call '%s'; did you mean '%s'?", name, near);
		if (!system_call_is_known(name))
			return yaml_places_complain(taking->source->places, at, taking->failure,
				"unknown system call '%s'; they are in syscalls(2)", name);
		rule->names[rule->name_count] = strdup(name);
		if (rule->names[rule->name_count] == NULL)
			return failure_set(
				taking->failure, ENOMEM, "no memory for the policy's rules");
	}
	return 0;
}

static int take_rule(const struct taking *taking, const char *list, unsigned index,
	const struct policy_calls *calls, bool allows)
{
	/* Counted from the start, so that whatever fails is freed with the rest. */
	struct seccomp_rule *rule = &taking->rules->rules[taking->rules->rule_count++];
	char path[PATH_SIZE], at[PATH_SIZE + 8];
	int result;

	text_format(path, sizeof(path), "seccomp/%s/%u", list, index);
	text_format(at, sizeof(at), "%s/action", path);
	rule->action = allows ? SECCOMP_ALLOW : SECCOMP_ERRNO;
	rule->error_number = EPERM;
	result = take_calls(taking, path, calls, rule);
	if (result == 0)
		result = take_conditions(taking, path, calls, rule);
	if (result < 0 || calls->action == NULL)
		return result;
	if (allows)
		return yaml_places_complain(taking->source->places, at, taking->failure,
			"'allow' has one action only; drop it");
	result = take_action(taking, at, calls->action, &rule->action, &rule->error_number);
	if (result == 0 && (rule->action == SECCOMP_ALLOW || rule->action == SECCOMP_LOG))
		result = yaml_places_complain(taking->source->places, at, taking->failure,
			"'%s' does not deny; put the rule under 'allow'", calls->action);
	return result;
}

static int take_profile(const struct taking *taking, struct memcage_policy *policy)
{
	const char *path = taking->source->file->seccomp->profile;
	struct oci_host host;
	char release[72], *text;
	size_t length;
	struct memcage_failure why;
	int result = text_file_read(path, &text, &length, &why);

	if (result < 0)
		return yaml_places_complain(taking->source->places, "seccomp/profile",
			taking->failure, "%s", why.detail);
	oci_host_here(policy->isolation.kept_capabilities, release, &host);
	result = oci_profile_parse(path, text, length, &host, taking->rules, taking->failure);
	free(text);
	return result;
}

static int take_lists(const struct taking *taking, const struct policy_seccomp *seccomp)
{
	size_t count = (size_t)seccomp->deny_count + seccomp->allow_count;
	int result = 0;

	taking->rules->default_error_number = EPERM;
	if (seccomp->default_action != NULL)
		result = take_action(taking, "seccomp/default", seccomp->default_action,
			&taking->rules->default_action, &taking->rules->default_error_number);
	if (result == 0 && taking->rules->default_action == SECCOMP_ERRNO &&
		taking->rules->default_error_number == 0)
		result = yaml_places_complain(taking->source->places, "seccomp/default",
			taking->failure, "'ignore' is for calls that are named");
	if (result < 0)
		return result;
	taking->rules->rules = calloc(count + 1, sizeof(*taking->rules->rules));
	if (taking->rules->rules == NULL)
		return failure_set(taking->failure, ENOMEM, "no memory for the policy's rules");
	for (unsigned i = 0; i < seccomp->deny_count && result == 0; i++)
		result = take_rule(taking, "deny", i, &seccomp->deny[i], false);
	for (unsigned i = 0; i < seccomp->allow_count && result == 0; i++)
		result = take_rule(taking, "allow", i, &seccomp->allow[i], true);
	return result;
}

int policy_take_seccomp(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure)
{
	const struct policy_seccomp *seccomp = source->file->seccomp;
	const struct taking taking = {
		.source = source, .rules = &policy->isolation.seccomp, .failure = failure
	};

	if (seccomp == NULL)
		return 0;
	if (seccomp->profile == NULL)
		return take_lists(&taking, seccomp);
	if (seccomp->deny_count + seccomp->allow_count > 0 || seccomp->default_action != NULL)
		return yaml_places_complain(source->places, "seccomp/profile", failure,
			"a profile stands alone; drop default, deny and allow, or the profile");
	return take_profile(&taking, policy);
}
