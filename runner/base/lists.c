/* SPDX-License-Identifier: MIT */
#include "base/lists.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

void text_list_add(struct text_list *list, const char *format, ...)
{
	char *text = list->texts + list->used;
	va_list arguments;

	if (list->count == TEXT_LIST_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(text, TEXT_LIST_SIZE, format, arguments);
	va_end(arguments);
	list->used += strlen(text) + 1;
	list->count++;
}

const char *text_list_next(const struct text_list *list, const char *text)
{
	text = text == NULL ? list->texts : text + strlen(text) + 1;
	return text < list->texts + list->used ? text : NULL;
}

void text_list_clear(struct text_list *list)
{
	if (list->count != 0)
		list->count = 0;
	if (list->used != 0)
		list->used = 0;
}

void text_list_copy(struct text_list *to, const struct text_list *from)
{
	to->count = from->count;
	to->used = from->used;
	memcpy(to->texts, from->texts, from->used);
}

void name_list_add(struct name_list *list, const char *name)
{
	if (list->count < NAME_LIST_MAX)
		list->names[list->count++] = name;
}

bool name_list_has(const struct name_list *list, const char *name)
{
	for (int i = 0; i < list->count; i++)
		if (strcmp(list->names[i], name) == 0)
			return true;
	return false;
}

void raw_counters_add(struct raw_counters *list, const char *name, struct counter value)
{
	if (list->count == RAW_COUNTERS_MAX)
		return;
	text_copy(list->items[list->count].name, sizeof(list->items->name), name);
	list->items[list->count++].value = value;
}
