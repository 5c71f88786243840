/* SPDX-License-Identifier: MIT */
#include "witness/kernel_log_line.h"

#include <string.h>

#include "witness/printable.h"
#include "witness/span.h"

#define COMMAND_MAX 15 /* the kernel's TASK_COMM_LEN - 1 */

#define MEMCG_CONSTRAINT "CONSTRAINT_MEMCG"

static bool take_pid(struct span *text, int *ret_pid)
{
	uint64_t number;

	if (!span_take_number(text, &number) || number == 0 || number > INT32_MAX)
		return false;
	*ret_pid = (int)number;
	return true;
}

/* A path that does not fit is unknown: the start of a path is another group. */
static void store_path(char *to, size_t size, struct span path)
{
	to[0] = '\0';
	if (path.length < size)
		(void)printable_copy(to, size, path.at, path.length);
}

static bool is_path(struct span text)
{
	return text.length > 0 && text.at[0] == '/';
}

/* Whether path is the group or below it. */
static bool is_below(struct span path, struct span group)
{
	if (!is_path(path) || !is_path(group))
		return false;
	if (group.length == 1)
		return true;
	return path.length >= group.length && memcmp(path.at, group.at, group.length) == 0 &&
	       (path.length == group.length || path.at[group.length] == '/');
}

/* Counts the ways to read text as two paths with separator between, one below the other, and keeps
 * the last of them. */
static int split_paths(struct span text, const char *separator, bool limit_first,
	struct span *limit, struct span *task)
{
	size_t length = strlen(separator);
	int ways = 0;

	for (const char *at = span_find_first(text, separator); at != NULL;
		at = span_find_first(span_from(text, at + 1), separator)) {
		struct span first = span_between(text.at, at);
		struct span second = span_from(text, at + length);

		if (!is_below(limit_first ? second : first, limit_first ? first : second))
			continue;
		*limit = limit_first ? first : second;
		*task = limit_first ? second : first;
		ways++;
	}
	return ways;
}

/* text: everything between the constraint and ",task=". */
static void read_paths(struct span text, struct kernel_kill *kill)
{
	const char *key = kill->host_wide ? ",global_oom,task_memcg=" : ",oom_memcg=";
	struct span limit = { 0 }, task = { 0 };
	int ways = 0;

	for (const char *at = span_find_first(text, key); at != NULL;
		at = span_find_first(span_from(text, at + 1), key)) {
		struct span paths = span_from(text, at + strlen(key));

		if (!kill->host_wide) {
			ways += split_paths(paths, ",task_memcg=", true, &limit, &task);
		} else if (is_path(paths)) {
			task = paths;
			ways++;
		}
	}
	if (ways != 1) /* names were chosen so that it can be read in two ways: unknown */
		return;
	store_path(kill->oom_memcg, sizeof(kill->oom_memcg), limit);
	store_path(kill->task_memcg, sizeof(kill->task_memcg), task);
}

/* Where ",task=" stands, given all before ",pid=". A command name is short, and may hold the key
 * itself; without knowing it, the longest that the kernel would print is taken. */
static const char *find_task_key(struct span text, const char *command, size_t command_length)
{
	static const char key[] = ",task=";
	const size_t key_length = sizeof(key) - 1;

	if (command != NULL) {
		const char *at;

		if (text.length < command_length + key_length)
			return NULL;
		at = text.at + text.length - command_length - key_length;
		return memcmp(at, key, key_length) == 0 &&
				       memcmp(at + key_length, command, command_length) == 0
			       ? at
			       : NULL;
	}
	if (text.length > COMMAND_MAX + key_length)
		text = span_from(text, text.at + text.length - COMMAND_MAX - key_length);
	return span_find_first(text, key);
}

bool log_oom_kill_line(const char *line, size_t length, const char *command, size_t command_length,
	struct kernel_kill *ret_kill)
{
	struct span text = { line, length }, rest, name;
	struct kernel_kill kill = { 0 };
	const char *constraint_end, *task_key, *pid_key;
	uint64_t user;

	constraint_end = memchr(line, ',', length);
	pid_key = span_find_last(text, ",pid="); /* behind the command: nothing chosen follows */
	if (constraint_end == NULL || pid_key == NULL || pid_key < constraint_end)
		return false;
	rest = span_from(text, pid_key + strlen(",pid="));
	if (!take_pid(&rest, &kill.pid) || !span_take_prefix(&rest, ",uid=") ||
		!span_take_number(&rest, &user) || rest.length != 0)
		return false;
	task_key = find_task_key(span_between(constraint_end, pid_key), command, command_length);
	if (task_key == NULL)
		return false;
	name = span_between(task_key + strlen(",task="), pid_key);
	(void)printable_copy(kill.command, sizeof(kill.command), name.at, name.length);
	(void)printable_copy(
		kill.constraint, sizeof(kill.constraint), line, (size_t)(constraint_end - line));
	kill.host_wide = strcmp(kill.constraint, MEMCG_CONSTRAINT) != 0;
	read_paths(span_between(constraint_end, task_key), &kill);
	*ret_kill = kill;
	return true;
}

bool log_task_in_line(const char *line, size_t length, struct kernel_kill *ret_kill)
{
	struct kernel_kill kill = { .constraint = MEMCG_CONSTRAINT };
	struct span limit, task;

	if (split_paths((struct span){ line, length }, " killed as a result of limit of ", false,
		    &limit, &task) != 1)
		return false;
	store_path(kill.oom_memcg, sizeof(kill.oom_memcg), limit);
	store_path(kill.task_memcg, sizeof(kill.task_memcg), task);
	*ret_kill = kill;
	return true;
}

bool log_group_line(const char *line, size_t length, char *ret_path, size_t size)
{
	static const char end[] = " are going to be killed due to memory.oom.group set";
	struct span text = { line, length };
	const char *at = span_find_last(text, end);

	if (at == NULL || at + sizeof(end) - 1 != line + length || !is_path(span_between(line, at)))
		return false;
	store_path(ret_path, size, span_between(line, at));
	return true;
}

static struct counter read_kilobytes(struct span text, const char *key)
{
	const char *at = span_find_first(text, key);
	uint64_t kilobytes;

	if (at == NULL)
		return (struct counter){ 0 };
	text = span_from(text, at + strlen(key));
	if (!span_take_number(&text, &kilobytes) || !span_take_prefix(&text, "kB") ||
		kilobytes > UINT64_MAX / 1024)
		return (struct counter){ 0 };
	return counter_of(kilobytes * 1024);
}

static struct counter read_user(struct span text)
{
	const char *at = span_find_first(text, " UID");
	uint64_t user;

	if (at == NULL)
		return (struct counter){ 0 };
	text = span_from(text, at + strlen(" UID"));
	if (!span_take_prefix(&text, ":") && !span_take_prefix(&text, " "))
		return (struct counter){ 0 };
	return span_take_number(&text, &user) ? counter_of(user) : (struct counter){ 0 };
}

bool log_killed_line(const struct log_record *record, struct log_victim *ret_victim)
{
	struct span text = { record->text, record->length };
	struct log_victim victim = { .kill.host_wide = record->host_wide };
	const char *end, *at;

	if (!take_pid(&text, &victim.kill.pid) || !span_take_prefix(&text, " ("))
		return false;
	end = span_find_last(text, ") total-vm:"); /* the last: the command may hold it too */
	if (end == NULL) /* as some distributions' kernels before 5.3 say it */
		end = span_find_last(text, "), UID ");
	if (end == NULL)
		return false;
	victim.command = text.at;
	victim.command_length = (size_t)(end - text.at);
	(void)printable_copy(victim.kill.command, sizeof(victim.kill.command), victim.command,
		victim.command_length);
	if (record->is_memcg)
		(void)printable_copy(victim.kill.constraint, sizeof(victim.kill.constraint),
			MEMCG_CONSTRAINT, strlen(MEMCG_CONSTRAINT));
	text = span_from(text, end);
	victim.kill.anon_bytes = read_kilobytes(text, ", anon-rss:");
	victim.kill.file_bytes = read_kilobytes(text, ", file-rss:");
	victim.kill.shmem_bytes = read_kilobytes(text, ", shmem-rss:");
	victim.total_vm_bytes = read_kilobytes(text, " total-vm:");
	victim.page_table_bytes = read_kilobytes(text, " pgtables:");
	victim.user = read_user(text);
	if ((at = span_find_first(text, " oom_score_adj:")) != NULL)
		victim.oom_score_adj = span_from(text, at + strlen(" oom_score_adj:"));
	*ret_victim = victim;
	return true;
}

int log_exiting_pid(const struct log_record *record)
{
	struct span text = { record->text, record->length };
	int pid;

	return take_pid(&text, &pid) ? pid : 0;
}

void log_merge(struct kernel_kill *kill, const struct kernel_kill *story)
{
	memcpy(kill->oom_memcg, story->oom_memcg, sizeof(kill->oom_memcg));
	memcpy(kill->task_memcg, story->task_memcg, sizeof(kill->task_memcg));
	if (story->constraint[0] != '\0')
		memcpy(kill->constraint, story->constraint, sizeof(kill->constraint));
	kill->host_wide = kill->host_wide || story->host_wide;
	kill->by_group = story->by_group;
}
