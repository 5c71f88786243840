/* SPDX-License-Identifier: MIT */
#include "spec/policy_take.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/text.h"
#include "spec/system_names.h"

#define HOSTNAME_MAX 63
#define PATH_SIZE 64

static int take_id(const struct policy_source *source, const char *key, const char *text,
	uint32_t *to, struct memcage_failure *failure)
{
	char path[PATH_SIZE];
	uint64_t number;

	if (text == NULL)
		return 0;
	if (parse_number(text, &number) == 0 && number < UINT32_MAX) {
		*to = (uint32_t)number;
		return 0;
	}
	text_format(path, sizeof(path), "user/%s", key);
	return yaml_places_complain(source->places, path, failure,
		"%s %s: not an id; say a number, for example 1000", key, text);
}

static int take_user(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure)
{
	const struct policy_user *user = source->file->user;
	int result;

	if (user == NULL)
		return 0;
	result = take_id(source, "uid", user->uid, &policy->isolation.user_id, failure);
	policy->isolation.group_id = policy->isolation.user_id;
	if (result == 0)
		result = take_id(source, "gid", user->gid, &policy->isolation.group_id, failure);
	return result;
}

static int take_hostname(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure)
{
	const char *name = source->file->hostname;

	if (name == NULL)
		return 0;
	if (strlen(name) > HOSTNAME_MAX ||
		name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789.-")] != '\0')
		return yaml_places_complain(source->places, "hostname", failure,
			"hostname %s: it has at most 63 letters, digits, dots and dashes", name);
	policy->isolation.hostname = name;
	return 0;
}

static int take_capabilities(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure)
{
	const struct policy_capabilities *capabilities = source->file->capabilities;

	for (unsigned i = 0; capabilities != NULL && i < capabilities->keep_count; i++) {
		int number = capability_number(capabilities->keep[i]);
		char path[PATH_SIZE], near[32];

		if (number >= 0) {
			policy->isolation.kept_capabilities |= UINT64_C(1) << number;
			continue;
		}
		text_format(path, sizeof(path), "capabilities/keep/%u", i);
		if (capability_near(capabilities->keep[i], near, sizeof(near)))
			return yaml_places_complain(source->places, path, failure,
				"unknown capability '%s'; did you mean '%s'?",
				capabilities->keep[i], near);
		return yaml_places_complain(source->places, path, failure,
			"unknown capability '%s'; they are in capabilities(7), for example "
			"CAP_NET_BIND_SERVICE",
			capabilities->keep[i]);
	}
	return 0;
}

int policy_take_names(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure)
{
	int result = take_user(source, policy, failure);

	if (result == 0)
		result = take_hostname(source, policy, failure);
	if (result == 0)
		result = take_capabilities(source, policy, failure);
	return result;
}

/* A NULL-terminated list of the same strings, to free(). */
static char **list_of(char *const *items, unsigned count)
{
	char **list = calloc((size_t)count + 1, sizeof(*list));

	for (unsigned i = 0; list != NULL && i < count; i++)
		list[i] = items[i];
	return list;
}

static int check_variables(const struct policy_source *source, const char *key, char *const *items,
	unsigned count, bool with_value, struct memcage_failure *failure)
{
	for (unsigned i = 0; i < count; i++) {
		const char *equals = strchr(items[i], '=');
		char path[PATH_SIZE];

		if ((equals != NULL) == with_value && equals != items[i])
			continue;
		text_format(path, sizeof(path), "environment/%s/%u", key, i);
		return yaml_places_complain(source->places, path, failure,
			with_value ? "'%s' is not of the form NAME=VALUE"
				   : "'%s' is no name of a variable; a value goes to 'set'",
			items[i]);
	}
	return 0;
}

int policy_take_environment(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure)
{
	const struct policy_environment *environment = source->file->environment;
	int result;

	if (environment == NULL)
		return 0;
	result = check_variables(
		source, "keep", environment->keep, environment->keep_count, false, failure);
	if (result == 0)
		result = check_variables(
			source, "set", environment->set, environment->set_count, true, failure);
	if (result < 0)
		return result;
	policy->clear_environment = environment->clear != NULL && *environment->clear;
	policy->kept_environment = list_of(environment->keep, environment->keep_count);
	policy->set_environment = list_of(environment->set, environment->set_count);
	if (policy->kept_environment == NULL || policy->set_environment == NULL)
		return failure_set(failure, ENOMEM, "no memory for the policy's environment");
	return 0;
}
