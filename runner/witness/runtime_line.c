/* SPDX-License-Identifier: MIT */
#include "witness/runtime_line.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "witness/printable.h"
#include "witness/runtime_table.h"

struct cursor {
	const char *at, *end;
};

static bool take(struct cursor *cursor, const char *text)
{
	size_t length = strlen(text);

	if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, text, length) != 0)
		return false;
	cursor->at += length;
	return true;
}

static void skip(struct cursor *cursor, char byte)
{
	while (cursor->at < cursor->end && *cursor->at == byte)
		cursor->at++;
}

static bool take_number(struct cursor *cursor, uint64_t *ret_number)
{
	const char *start = cursor->at;
	uint64_t number = 0;

	while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9' &&
		number < UINT32_MAX)
		number = number * 10 + (uint64_t)(*cursor->at++ - '0');
	*ret_number = number;
	return cursor->at > start && number <= INT32_MAX;
}

/* "   6061)" or "-------)" */
static bool take_process(struct cursor *cursor, pid_t *ret_process)
{
	uint64_t process = 0;

	skip(cursor, ' ');
	if (take(cursor, "-"))
		skip(cursor, '-');
	else if (!take_number(cursor, &process))
		return false;
	*ret_process = (pid_t)process;
	return take(cursor, ")");
}

/* The kernel writes "<...>" where it has forgotten. */
static void take_command(struct cursor *cursor, struct runtime_line *line)
{
	const char *command = cursor->at, *end = cursor->at + RUNTIME_COMMAND_WIDTH;

	while (command < end && *command == ' ')
		command++;
	if (end - command != 5 || memcmp(command, "<...>", 5) != 0)
		(void)printable_copy(
			line->command, sizeof(line->command), command, (size_t)(end - command));
	cursor->at = end;
}

/* "  python3-6061    (   6061) [001] DBZff 11777.605970: " */
static bool take_head(struct cursor *cursor, struct runtime_line *line)
{
	uint64_t number;

	if (cursor->end - cursor->at <= RUNTIME_COMMAND_WIDTH)
		return false;
	take_command(cursor, line);
	if (!take(cursor, "-") || !take_number(cursor, &number))
		return false;
	line->thread = (pid_t)number;
	skip(cursor, ' ');
	if (!take(cursor, "(") || !take_process(cursor, &line->process) || !take(cursor, " ["))
		return false;
	if (!take_number(cursor, &number) || !take(cursor, "] "))
		return false;
	while (cursor->at < cursor->end && *cursor->at != ' ')
		cursor->at++; /* flags */
	skip(cursor, ' ');
	return take_number(cursor, &number) && take(cursor, ".") && take_number(cursor, &number) &&
	       take(cursor, ": ");
}

/* "e0: (0x66ddd0) row=1 text=\"Java heap space\" first=0x0 second=0x0" */
static bool take_hit(struct cursor *cursor, struct runtime_line *line)
{
	static const char mark[] = " text=\"";
	uint64_t batch, row;
	const char *text, *end;

	if (!take(cursor, "e") || !take_number(cursor, &batch) || !take(cursor, ": (0x"))
		return false;
	while (cursor->at < cursor->end && isxdigit((unsigned char)*cursor->at))
		cursor->at++;
	if (!take(cursor, ") row=") || !take_number(cursor, &row) || row >= runtime_probe_count)
		return false;
	line->row = (size_t)row;
	text = memmem(cursor->at, (size_t)(cursor->end - cursor->at), mark, strlen(mark));
	if (text == NULL)
		return true;
	text += strlen(mark);
	end = memrchr(text, '"', (size_t)(cursor->end - text));
	if (end != NULL)
		(void)printable_copy(line->text, sizeof(line->text), text, (size_t)(end - text));
	return true;
}

void runtime_line_read(const char *line, size_t length, struct runtime_line *ret_line)
{
	struct cursor cursor = { line, line + length };

	*ret_line = (struct runtime_line){ .kind = RUNTIME_LINE_OTHER };
	/* "CPU:1 [LOST 23 EVENTS]" */
	if (take(&cursor, "CPU:")) {
		if (memmem(line, length, " [LOST ", 7) != NULL)
			ret_line->kind = RUNTIME_LINE_LOST;
		return;
	}
	if (!take_head(&cursor, ret_line))
		return;
	if (take(&cursor, "sched_process_exec: "))
		ret_line->kind = RUNTIME_LINE_EXEC;
	else if (take_hit(&cursor, ret_line))
		ret_line->kind = RUNTIME_LINE_HIT;
}
