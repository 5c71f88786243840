/* SPDX-License-Identifier: MIT */
#include "report/lookup.h"

#include <string.h>

#include "base/text.h"

/* The first kill whose is_main is as wanted, or NULL. */
static const json_t *first_kill(const json_t *kills, bool is_main)
{
	for (size_t i = 0; i < json_array_size(kills); i++) {
		const json_t *kill = json_array_get(kills, i);

		if (json_is_true(json_object_get(kill, "is_main")) == is_main)
			return kill;
	}
	return NULL;
}

/* The kill that the verdict speaks of. The kernel's pids may be of another namespace than ours:
 * then no kill is known to be the main one, and a single kill is taken for it. */
static const json_t *verdict_kill(const json_t *report)
{
	const json_t *kills = json_object_get(report, "oom_kills"), *kill;
	const char *victim = report_text(report, "victim");

	if (victim == NULL || json_array_size(kills) == 0)
		return NULL;
	if (strcmp(victim, "descendant") == 0)
		return first_kill(kills, false);
	if (strcmp(victim, "main") != 0)
		return json_array_get(kills, 0);
	kill = first_kill(kills, true);
	return kill != NULL || json_array_size(kills) > 1 ? kill : json_array_get(kills, 0);
}

static const json_t *member(const json_t *json, const char *name)
{
	uint64_t index;

	if (json_is_array(json) && parse_number(name, &index) == 0 && index < SIZE_MAX)
		return json_array_get(json, (size_t)index);
	return json_object_get(json, name); /* NULL where json is no object */
}

const json_t *report_at(const json_t *report, const char *path)
{
	const json_t *json = report;

	while (json != NULL && *path != '\0') {
		size_t length = strcspn(path, ".");
		char name[64];

		text_copy(name, length < sizeof(name) ? length + 1 : sizeof(name), path);
		if (json == report && strcmp(name, "kill") == 0)
			json = verdict_kill(report);
		else
			json = member(json, name);
		path += length + (path[length] == '.');
	}
	return json;
}

const char *report_text(const json_t *report, const char *path)
{
	const char *text = json_string_value(report_at(report, path));

	return text != NULL && *text != '\0' ? text : NULL;
}

bool report_number(const json_t *report, const char *path, uint64_t *ret_number)
{
	const json_t *json = report_at(report, path);
	double number = json_number_value(json); /* 0 where it is no number */

	if (!json_is_number(json) || number < 0)
		return false;
	if (json_is_integer(json))
		*ret_number = (uint64_t)json_integer_value(json);
	else /* 2^64 and above do not fit */
		*ret_number = number < 18446744073709551616.0 ? (uint64_t)number : UINT64_MAX;
	return true;
}
