/* SPDX-License-Identifier: MIT */
#include "spec/oci_profile.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/text.h"
#include "spec/json_place.h"
#include "spec/oci_reading.h"

#define ERRNO_MAX 4095 /* the kernel's own */

static const struct {
	const char *name;
	enum seccomp_action action;
} actions[] = {
	{ "SCMP_ACT_ALLOW", SECCOMP_ALLOW },
	{ "SCMP_ACT_ERRNO", SECCOMP_ERRNO },
	{ "SCMP_ACT_KILL", SECCOMP_KILL },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_KILL },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_KILL },
	{ "SCMP_ACT_LOG", SECCOMP_LOG },
	{ "SCMP_ACT_TRAP", SECCOMP_TRAP },
};

static const struct {
	const char *name;
	enum seccomp_operator operator;
} operators[] = {
	{ "SCMP_CMP_NE", SECCOMP_NOT_EQUAL },
	{ "SCMP_CMP_LT", SECCOMP_LESS },
	{ "SCMP_CMP_LE", SECCOMP_LESS_EQUAL },
	{ "SCMP_CMP_EQ", SECCOMP_EQUAL },
	{ "SCMP_CMP_GE", SECCOMP_GREATER_EQUAL },
	{ "SCMP_CMP_GT", SECCOMP_GREATER },
	{ "SCMP_CMP_MASKED_EQ", SECCOMP_MASKED_EQUAL },
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

int oci_complain(const struct oci_reading *reading, const char *path, const char *format, ...)
{
	char message[600];
	size_t line, column;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	json_place(reading->text, path, &line, &column);
	(void)failure_set(
		reading->failure, EINVAL, "%s:%zu:%zu: %s", reading->name, line, column, message);
	text_to_one_line(reading->failure->detail);
	return -EINVAL;
}

int oci_check_members(const struct oci_reading *reading, const char *path, const json_t *object,
	const char *const *names)
{
	char at[OCI_PATH_SIZE + 64];
	const char *key, *near;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		const char *const *name = names;

		while (*name != NULL && strcmp(*name, key) != 0)
			name++;
		if (*name != NULL)
			continue;
		text_format(at, sizeof(at), "%s%s%s", path, *path != '\0' ? "/" : "", key);
		near = nearest_word(key, names);
		if (near != NULL)
			return oci_complain(reading, at,
				"unknown member \"%s\"; did you mean \"%s\"?", key, near);
		return oci_complain(reading, at,
			"unknown member \"%s\"; drop it, or what it asks for "
			"would be left out",
			key);
	}
	return 0;
}

/* An action by its name, with its error number beside. */
static int read_action(const struct oci_reading *reading, const char *path, const json_t *value,
	const char *number_path, const json_t *number, enum seccomp_action *ret_action,
	int *ret_error_number)
{
	const char *name = json_string_value(value);
	size_t i = 0;

	while (name != NULL && i < COUNT(actions) && strcmp(actions[i].name, name) != 0)
		i++;
	if (name == NULL || i == COUNT(actions))
		return oci_complain(reading, path,
			"no action that memcage can do; it is SCMP_ACT_ALLOW, _ERRNO, _KILL, "
			"_KILL_THREAD, _KILL_PROCESS, _LOG or _TRAP");
	*ret_action = actions[i].action;
	*ret_error_number = EPERM;
	if (number == NULL || json_is_null(number))
		return 0;
	if (!json_is_integer(number) || json_integer_value(number) < 0 ||
		json_integer_value(number) > ERRNO_MAX)
		return oci_complain(reading, number_path, "no error number; it is 0 to 4095");
	*ret_error_number = (int)json_integer_value(number);
	return 0;
}

static int read_argument(const struct oci_reading *reading, const char *path, const json_t *value,
	struct seccomp_argument *ret_argument)
{
	static const char *const members[] = { "index", "value", "valueTwo", "op", NULL };
	const json_t *index = json_object_get(value, "index"),
		     *first = json_object_get(value, "value"),
		     *second = json_object_get(value, "valueTwo");
	const char *name = json_string_value(json_object_get(value, "op"));
	size_t i = 0;

	if (!json_is_object(value))
		return oci_complain(reading, path, "an argument is an object of index, value, op");
	if (oci_check_members(reading, path, value, members) < 0)
		return -EINVAL;
	if (!json_is_integer(index) || json_integer_value(index) < 0 ||
		json_integer_value(index) > 5)
		return oci_complain(reading, path, "an argument's index is 0 to 5");
	while (name != NULL && i < COUNT(operators) && strcmp(operators[i].name, name) != 0)
		i++;
	if (name == NULL || i == COUNT(operators))
		return oci_complain(reading, path,
			"no comparison; op is SCMP_CMP_NE, _LT, _LE, _EQ, _GE, _GT or _MASKED_EQ");
	if (!json_is_integer(first) || (second != NULL && !json_is_integer(second)))
		return oci_complain(reading, path, "value and valueTwo are whole numbers");
	*ret_argument = (struct seccomp_argument){
		.index = (unsigned)json_integer_value(index),
		.operator= operators[i].operator,
		.value =(uint64_t) json_integer_value(first),
		.value_two = second != NULL ? (uint64_t)json_integer_value(second) : 0,
	};
	return 0;
}

static int read_arguments(const struct oci_reading *reading, const char *path, const json_t *list,
	struct seccomp_rule *rule)
{
	size_t count = json_array_size(list);
	char at[OCI_PATH_SIZE];
	int result = 0;

	if ((list != NULL && !json_is_array(list) && !json_is_null(list)) ||
		count > COUNT(rule->arguments))
		return oci_complain(reading, path, "args takes a list of at most 6 comparisons");
	for (size_t i = 0; i < count && result == 0; i++) {
		text_format(at, sizeof(at), "%s/args/%zu", path, i);
		result = read_argument(reading, at, json_array_get(list, i), &rule->arguments[i]);
		rule->argument_count++;
	}
	return result;
}

static int read_rule(const struct oci_reading *reading, const char *path, const json_t *value)
{
	static const char *const members[] = { "names", "name", "action", "errnoRet", "errno",
		"args", "comment", "includes", "excludes", NULL };
	json_t *names = json_object_get(value, "names"), *name = json_object_get(value, "name"),
	       *single = NULL;
	struct seccomp_rule rule = { 0 };
	char action[OCI_PATH_SIZE], number[OCI_PATH_SIZE], at[OCI_PATH_SIZE];
	bool applies;
	int result;

	if (!json_is_object(value))
		return oci_complain(reading, path, "a rule is an object of names, action, args");
	text_format(action, sizeof(action), "%s/action", path);
	text_format(number, sizeof(number), "%s/errnoRet", path);
	text_format(at, sizeof(at), "%s/names", path);
	if (oci_check_members(reading, path, value, members) < 0)
		return -EINVAL;
	if ((json_array_size(names) == 0) == !json_is_string(name))
		return oci_complain(
			reading, path, "a rule has either names, a list, or the older name");
	result = read_action(reading, action, json_object_get(value, "action"), number,
		json_object_get(value, "errnoRet"), &rule.action, &rule.error_number);
	if (result == 0)
		result = read_arguments(reading, path, json_object_get(value, "args"), &rule);
	if (result == 0)
		result = oci_rule_applies(reading, path, value, &applies);
	if (result < 0 || !applies)
		return result;
	if (json_is_string(name)) {
		names = single = json_array();
		if (single == NULL || json_array_append(single, name) < 0)
			result = failure_set(
				reading->failure, ENOMEM, "no memory for %s", reading->name);
	}
	if (result == 0)
		result = oci_add_rules(reading, at, names, &rule);
	json_decref(single);
	return result;
}

static int read_profile(const struct oci_reading *reading, const json_t *profile)
{
	/* Machines, and what they run besides, are no matter of choice here: our own ABI only. */
	static const char *const members[] = { "defaultAction", "defaultErrnoRet", "defaultErrno",
		"archMap", "architectures", "syscalls", "flags", "comment", NULL };
	const json_t *list = json_object_get(profile, "syscalls");
	char path[OCI_PATH_SIZE];
	int result;

	if (!json_is_object(profile))
		return oci_complain(reading, "", "no seccomp profile: it is no object");
	result = oci_check_members(reading, "", profile, members);
	if (result == 0)
		result = read_action(reading, "defaultAction",
			json_object_get(profile, "defaultAction"), "defaultErrnoRet",
			json_object_get(profile, "defaultErrnoRet"),
			&reading->rules->default_action, &reading->rules->default_error_number);
	if (result == 0 && list != NULL && !json_is_array(list) && !json_is_null(list))
		result = oci_complain(reading, "syscalls", "syscalls takes a list of rules");
	for (size_t i = 0; i < json_array_size(list) && result == 0; i++) {
		text_format(path, sizeof(path), "syscalls/%zu", i);
		result = read_rule(reading, path, json_array_get(list, i));
	}
	return result;
}

int oci_profile_parse(const char *name, const char *text, size_t length,
	const struct oci_host *host, struct seccomp_rules *ret_rules,
	struct memcage_failure *reterr_failure)
{
	struct seccomp_rules rules = { 0 };
	const struct oci_reading reading = {
		.name = name, .text = text, .host = host, .rules = &rules, .failure = reterr_failure
	};
	json_error_t error;
	json_t *profile = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	int result;

	if (profile == NULL) {
		(void)failure_set(reterr_failure, EINVAL, "%s:%d:%d: not JSON: %s", name,
			error.line > 0 ? error.line : 1, error.column > 0 ? error.column : 1,
			error.text);
		text_to_one_line(reterr_failure->detail);
		return -EINVAL;
	}
	result = read_profile(&reading, profile);
	json_decref(profile);
	if (result < 0) {
		seccomp_rules_free(&rules);
		return result;
	}
	*ret_rules = rules;
	return 0;
}
