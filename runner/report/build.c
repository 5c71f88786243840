/* SPDX-License-Identifier: MIT */
#include "report/build.h"

#include <string.h>

#include "report/utf8.h"

struct builder build_object(void)
{
	json_t *json = json_object();

	return (struct builder){ .json = json, .failed = json == NULL };
}

struct builder build_list(void)
{
	json_t *json = json_array();

	return (struct builder){ .json = json, .failed = json == NULL };
}

json_t *build_end(struct builder *builder)
{
	json_t *json = builder->json;

	builder->json = NULL;
	if (!builder->failed)
		return json;
	json_decref(json);
	return NULL;
}

void put_value(struct builder *object, const char *key, json_t *value)
{
	if (json_object_set_new(object->json, key, value) < 0)
		object->failed = true;
}

void append_value(struct builder *list, json_t *value)
{
	if (json_array_append_new(list->json, value) < 0)
		list->failed = true;
}

void put_text(struct builder *object, const char *key, const char *text)
{
	if (text == NULL || *text == '\0')
		put_value(object, key, json_null());
	else
		put_value(object, key, utf8_json(text, strlen(text)));
}

void append_text(struct builder *list, const char *text)
{
	append_value(list, utf8_json(text, strlen(text)));
}

void put_number(struct builder *object, const char *key, uint64_t number)
{
	if (number <= INT64_MAX)
		put_value(object, key, json_integer((json_int_t)number));
	else
		put_value(object, key, json_real((double)number));
}

void put_counter(struct builder *object, const char *key, struct counter counter)
{
	if (counter.known)
		put_number(object, key, counter.value);
	else
		put_value(object, key, json_null());
}

void put_limit(struct builder *object, const char *key, uint64_t limit)
{
	if (limit != UINT64_MAX)
		put_number(object, key, limit);
	else
		put_value(object, key, json_null());
}

void put_limit_read(struct builder *object, const char *key, struct counter limit)
{
	if (limit.known)
		put_limit(object, key, limit.value);
}

void put_flag(struct builder *object, const char *key, bool flag)
{
	put_value(object, key, json_boolean(flag));
}
