/* SPDX-License-Identifier: MIT
 *
 * oci_rules.c - the growing list of rules.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "spec/oci_reading.h"

/* The names of a rule into one more rule. */
static int copy_names(const struct oci_reading *reading, const char *path, const json_t *names,
	struct seccomp_rule *rule)
{
	size_t count = json_array_size(names);

	rule->names = calloc(count + 1, sizeof(*rule->names));
	if (rule->names == NULL)
		return failure_set(reading->failure, ENOMEM, "no memory for %s", reading->name);
	for (; rule->name_count < count; rule->name_count++) {
		const char *name = json_string_value(json_array_get(names, rule->name_count));

		if (name == NULL)
			return oci_complain(reading, path, "names takes names of system calls");
		rule->names[rule->name_count] = strdup(name);
		if (rule->names[rule->name_count] == NULL)
			return failure_set(
				reading->failure, ENOMEM, "no memory for %s", reading->name);
	}
	return 0;
}

/* Grows the list by a rule like the pattern, with names of its own. */
static int add_rule(const struct oci_reading *reading, const char *path, const json_t *names,
	const struct seccomp_rule *pattern)
{
	struct seccomp_rules *rules = reading->rules;
	struct seccomp_rule *grown = reallocarray(
		rules->rules, rules->rule_count + 1, sizeof(*grown));

	if (grown == NULL)
		return failure_set(reading->failure, ENOMEM, "no memory for %s", reading->name);
	rules->rules = grown;
	grown[rules->rule_count] = *pattern;
	return copy_names(reading, path, names, &grown[rules->rule_count++]);
}

int oci_add_rules(const struct oci_reading *reading, const char *path, const json_t *names,
	struct seccomp_rule *pattern)
{
	bool used[6] = { 0 }, twice = false;
	struct seccomp_rule single = *pattern;
	int result = 0;

	for (size_t i = 0; i < pattern->argument_count; i++) {
		twice |= used[pattern->arguments[i].index];
		used[pattern->arguments[i].index] = true;
	}
	if (!twice)
		return add_rule(reading, path, names, pattern);
	single.argument_count = 1;
	for (size_t i = 0; i < pattern->argument_count && result == 0; i++) {
		single.arguments[0] = pattern->arguments[i];
		result = add_rule(reading, path, names, &single);
	}
	return result;
}

void seccomp_rules_free(struct seccomp_rules *rules)
{
	for (size_t i = 0; i < rules->rule_count; i++) {
		for (size_t name = 0; name < rules->rules[i].name_count; name++)
			free(rules->rules[i].names[name]);
		free(rules->rules[i].names);
	}
	free(rules->rules);
	*rules = (struct seccomp_rules){ 0 };
}
