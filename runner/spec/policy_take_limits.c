/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/failure.h"
#include "base/text.h"
#include "spec/policy_take.h"
#include "spec/values.h"

static const struct option_row *row_of(const char *name)
{
	for (size_t i = 0; i < option_row_count; i++)
		if (strcmp(option_rows[i].name, name) == 0)
			return &option_rows[i];
	return NULL;
}

/* The options know how each value is written, and where in the specification it goes. */
static int take_limit(const struct policy_source *source, const char *key, const char *text,
	struct options *options, struct memcage_failure *failure)
{
	const struct option_row *row = row_of(key);
	struct memcage_failure why;
	char path[64] = "limits/";

	if (row == NULL)
		return failure_set(failure, EINVAL, "%s is no option of run", key);
	if (value_store(row, text, options, &why) == 0)
		return 0;
	(void)strncat(path, key, sizeof(path) - strlen(path) - 1);
	/* What the options say of it, without the dashes. */
	return yaml_places_complain(source->places, path, failure, "%s", why.detail + 2);
}

int policy_take_limits(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure)
{
	const char *limits = (const char *)source->file->limits;
	struct options options = { 0 };
	int result = 0;

	for (const cyaml_schema_field_t *field = policy_limit_fields;
		limits != NULL && field->key != NULL && result == 0; field++) {
		const void *value = *(void *const *)(limits + field->data_offset);

		if (value == NULL)
			continue;
		if (field->value.type != CYAML_BOOL)
			result = take_limit(source, field->key, value, &options, failure);
		else if (*(const bool *)value)
			result = take_limit(source, field->key, NULL, &options, failure);
	}
	if (result == 0)
		policy->limits = options.spec;
	return result;
}

/* "1024", "8M", "1024:4096" (soft:hard), "max". */
static int take_pair(const char *text, struct isolation_rlimit *ret_limit)
{
	const char *colon = strchr(text, ':');
	char soft[TEXT_NUMBER_SIZE];
	uint64_t low, high;

	text_copy(soft, sizeof(soft), text);
	soft[strcspn(soft, ":")] = '\0';
	if (parse_size(soft, &low) < 0 || parse_size(colon != NULL ? colon + 1 : text, &high) < 0)
		return -EINVAL;
	ret_limit->soft = low;
	ret_limit->hard = high;
	return low > high ? -ERANGE : 0;
}

int policy_take_rlimits(const struct policy_source *source, struct memcage_policy *policy,
	struct memcage_failure *failure)
{
	const struct policy_rlimits *rlimits = source->file->rlimits;
	struct isolation *isolation = &policy->isolation;

	for (int i = 0; rlimits != NULL && i < POLICY_RLIMITS; i++) {
		struct isolation_rlimit limit = { .resource = policy_rlimit_resources[i] };
		char path[64] = "rlimits/";
		int result;

		if (rlimits->values[i] == NULL)
			continue;
		(void)strncat(path, policy_rlimit_fields[i].key, sizeof(path) - strlen(path) - 1);
		result = take_pair(rlimits->values[i], &limit);
		if (result == -ERANGE)
			return yaml_places_complain(source->places, path, failure,
				"%s %s: the soft limit is above the hard one; write SOFT:HARD",
				policy_rlimit_fields[i].key, rlimits->values[i]);
		if (result < 0)
			return yaml_places_complain(source->places, path, failure,
				"%s %s: not a limit; say for example 64, 8M, 1024:4096 or max",
				policy_rlimit_fields[i].key, rlimits->values[i]);
		isolation->rlimits[isolation->rlimit_count++] = limit;
	}
	return 0;
}
