/* SPDX-License-Identifier: MIT */
#include "base/process_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"

#define FORK_NO_EXEC 0x40 /* PF_FORKNOEXEC of the kernel's task flags */

/* Fields by their numbers in proc(5). */
enum field { FIELD_STATE = 3, FIELD_PARENT = 4, FIELD_FLAGS = 9, FIELD_START = 22 };

/* The text of a field, counted from the state on; NULL where there are fewer. */
static const char *field_of(const char *state, enum field field)
{
	for (int i = FIELD_STATE; i < (int)field && state != NULL; i++) {
		state = strchr(state, ' ');
		state = state != NULL ? state + 1 : NULL;
	}
	return state;
}

static bool number_of(const char *state, enum field field, uint64_t *ret_number)
{
	const char *text = field_of(state, field);
	char digits[TEXT_NUMBER_SIZE];

	if (text == NULL)
		return false;
	text_copy(digits, sizeof(digits), text);
	digits[strcspn(digits, " \n")] = '\0';
	return parse_number(digits, ret_number) == 0;
}

int process_stat_parse(const char *text, struct process_stat *ret_stat)
{
	/* "pid (comm) S ppid ...": comm may hold anything, so to the last parenthesis */
	const char *name = strchr(text, '('), *end = strrchr(text, ')');
	struct process_stat stat = { 0 };
	uint64_t parent, flags;
	size_t length;

	if (name == NULL || end == NULL || end < name || end[1] != ' ' || end[2] == '\0')
		return -EIO;
	if (!number_of(end + 2, FIELD_PARENT, &parent) ||
		!number_of(end + 2, FIELD_FLAGS, &flags) ||
		!number_of(end + 2, FIELD_START, &stat.start_ticks))
		return -EIO;
	length = (size_t)(end - name - 1);
	if (length >= sizeof(stat.command))
		length = sizeof(stat.command) - 1;
	memcpy(stat.command, name + 1, length);
	stat.is_zombie = end[2] == 'Z' || end[2] == 'X';
	stat.is_fork = (flags & FORK_NO_EXEC) != 0;
	stat.parent = (pid_t)parent;
	*ret_stat = stat;
	return 0;
}

int process_stat_read(pid_t pid, struct process_stat *ret_stat)
{
	char path[64], text[1024];
	ssize_t length;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	length = file_read(AT_FDCWD, path, text, sizeof(text));
	return length < 0 ? (int)length : process_stat_parse(text, ret_stat);
}

struct counter process_status_bytes(const char *status, const char *key)
{
	char digits[TEXT_NUMBER_SIZE];
	uint64_t kilobytes;

	for (const char *line = status; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		line += strlen(key);
		line += strspn(line, " \t");
		text_copy(digits, sizeof(digits), line);
		digits[strcspn(digits, " \n")] = '\0';
		return parse_number(digits, &kilobytes) == 0 ? counter_of(kilobytes * 1024)
							     : (struct counter){ 0 };
	}
	return (struct counter){ 0 };
}

uint64_t process_data_bytes(pid_t pid)
{
	char path[64], text[4096];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (file_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	return process_status_bytes(text, "VmData:").value;
}

uint64_t thread_run_ns(pid_t tid)
{
	char path[64], text[128];
	uint64_t nanoseconds;

	(void)snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)tid);
	if (file_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	text[strcspn(text, " \n")] = '\0';
	return parse_number(text, &nanoseconds) == 0 ? nanoseconds : 0;
}
