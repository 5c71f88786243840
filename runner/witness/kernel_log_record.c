/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "witness/kernel_log_line.h"
#include "witness/span.h"

static const struct {
	const char *text;
	bool host_wide, is_memcg;
} heads[] = {
	{ "Memory cgroup out of memory: ", false, true },
	{ "Out of memory: ", true, false },
	{ "Out of memory (oom_kill_allocating_task): ", true, false },
	{ "", false, false },
};

static const struct {
	const char *text;
	enum log_kind kind;
} bodies[] = {
	{ "Killed process ", LOG_KILLED },
	{ "Kill process ", LOG_SACRIFICE },
	{ "OOM victim ", LOG_EXITING },
	{ "oom-kill:constraint=", LOG_OOM_KILL },
	{ "Tasks in ", LOG_GROUP },
	{ "Task in ", LOG_TASK_IN },
};

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit = c != '\0' ? strchr(digits, c) : NULL;

	return digit != NULL ? (int)(digit - digits) : -1;
}

size_t log_undo_escapes(char *to, size_t size, const char *text, size_t length)
{
	size_t stored = 0;

	for (size_t at = 0; at < length && text[at] != '\n' && stored + 1 < size; stored++) {
		bool escape = at + 3 < length && text[at] == '\\' && text[at + 1] == 'x' &&
			      hex_digit(text[at + 2]) >= 0 && hex_digit(text[at + 3]) >= 0;

		to[stored] = escape ? (char)(unsigned char)(hex_digit(text[at + 2]) * 16 +
							    hex_digit(text[at + 3]))
				    : text[at];
		at += escape ? 4 : 1;
	}
	to[stored] = '\0';
	return stored;
}

void log_classify(struct span text, struct log_record *record)
{
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		struct span rest = text;

		if (!span_take_prefix(&rest, heads[i].text))
			continue;
		record->host_wide = heads[i].host_wide;
		record->is_memcg = heads[i].is_memcg;
		text = rest;
		break;
	}
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		if (!span_take_prefix(&text, bodies[i].text))
			continue;
		record->kind = bodies[i].kind;
		break;
	}
	record->text = text.at;
	record->length = text.length;
}

bool log_record_read(const char *text, size_t length, char buffer[static LOG_TEXT_MAX],
	struct log_record *ret_record)
{
	struct span rest = { text, length };
	const char *body = memchr(text, ';', length);
	uint64_t priority, sequence;
	struct log_record record = { 0 };

	if (body == NULL || !span_take_number(&rest, &priority) || priority >> 3 != 0)
		return false;
	if (!span_take_prefix(&rest, ",") || !span_take_number(&rest, &sequence) ||
		!span_take_prefix(&rest, ",") || !span_take_number(&rest, &record.time_us) ||
		!span_take_prefix(&rest, ","))
		return false;
	record.continues = rest.at[0] == 'c';
	body++;
	rest = span_from((struct span){ text, length }, body);
	rest = (struct span){ buffer,
		log_undo_escapes(buffer, LOG_TEXT_MAX, rest.at, rest.length) };
	if (record.continues) {
		record.text = rest.at;
		record.length = rest.length;
	} else {
		log_classify(rest, &record);
	}
	*ret_record = record;
	return true;
}
