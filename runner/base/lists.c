/* SPDX-License-Identifier: MIT */
#include "base/lists.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

void text_list_add(struct text_list *list, const char *format, ...)
{
	va_list arguments;

	if (list->count == TEXT_LIST_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(list->items[list->count++], TEXT_LIST_SIZE, format, arguments);
	va_end(arguments);
}

void text_list_copy(struct text_list *to, const struct text_list *from)
{
	to->count = from->count;
	memcpy(to->items, from->items, (size_t)from->count * TEXT_LIST_SIZE);
}

void raw_counters_add(struct raw_counters *list, const char *name, struct counter value)
{
	if (list->count == RAW_COUNTERS_MAX)
		return;
	text_copy(list->items[list->count].name, sizeof(list->items->name), name);
	list->items[list->count++].value = value;
}
