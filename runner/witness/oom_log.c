/* SPDX-License-Identifier: MIT */
#include "witness/oom_log.h"

#include <string.h>

#include "witness/oom_sentence.h"
#include "witness/printable.h"

#define TEXT_MAX 8192 /* more than a record holds */

/* A machine that prints so many lines and not one that concerns an incident has done with it. */
#define SILENCE_LINES 20000

void oom_log_begin(struct oom_log *log,
	void (*found)(const struct oom_incident *incident, void *data), void *data)
{
	memset(log, 0, offsetof(struct oom_log, open));
	for (int i = 0; i < OOM_OPEN_MAX; i++)
		log->open[i].used = false; /* the rest is set when it is used */
	log->found = found;
	log->data = data;
	log->last_origin = LOG_UNMARKED;
}

static uint64_t mix(uint64_t hash, struct span text)
{
	for (size_t i = 0; i < text.length; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * 1099511628211u; /* FNV-1a */
	return hash * 31 + 1;
}

/* Whether the words are of a kind that begins an incident. Most lines of a log are not: this is
 * what makes a large log fast. */
static bool may_begin(struct span line)
{
	static const char *const words[] = { "oom", "OOM", "of memory", "kB, failcnt ", "killed",
		"Killed", "[  pid  ]", "[ pid ]", "Memory cgroup", "Tasks state",
		"callbacks suppressed" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_find_first(line, words[i]) != NULL)
			return true;
	return false;
}

/* "oom_kill_process: 5 callbacks suppressed" */
static bool count_suppressed(struct oom_log *log, struct span text)
{
	static const char *const functions[] = { "oom_kill_process: ", "dump_header: ",
		"out_of_memory: ", "oom_dump_tasks: ", "dump_tasks: " };
	uint64_t count;

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		struct span rest = text;

		if (!span_take_prefix(&rest, functions[i]) || !span_take_number(&rest, &count) ||
			!span_take_prefix(&rest, " callbacks suppressed"))
			continue;
		if (__builtin_add_overflow(log->suppressed, count, &log->suppressed))
			log->suppressed = UINT64_MAX;
		return true;
	}
	return false;
}

/* "oom_reaper: reaped process 4711 (name), now anon-rss:0kB, ..." comes when it comes. */
static bool note_reaped(struct oom_log *log, struct span text, const struct log_line *line)
{
	uint64_t pid;

	if (!span_take_prefix(&text, "oom_reaper: reaped process ") ||
		!span_take_number(&text, &pid))
		return false;
	for (int i = 0; i < OOM_OPEN_MAX; i++) {
		struct oom_incident *incident = &log->open[i].incident;

		for (int j = 0;
			log->open[i].used && j < incident->victim_count && j < OOM_VICTIMS_MAX; j++)
			if ((uint64_t)incident->victims[j].pid == pid) {
				incident->victims[j].reaped = true;
				oom_open_touch(log, &log->open[i], line);
				return true;
			}
	}
	return true;
}

static bool read_tasks(
	struct oom_log *log, struct span text, const struct log_line *line, uint64_t key)
{
	struct oom_open *open = oom_open_latest(log, key);
	struct oom_columns columns;
	int pid;

	if (oom_tasks_head(text, &columns)) {
		if (open == NULL || open->killed)
			open = oom_open_new(log, line, key);
		open->columns = columns;
		oom_open_touch(log, open, line);
		return true;
	}
	if (open == NULL || open->killed ||
		!oom_tasks_row(text, &open->columns, &open->incident, &pid))
		return false;
	if (open->pid_count < OOM_TASK_PIDS_MAX)
		open->pids[open->pid_count++] = pid;
	oom_open_touch(log, open, line);
	return true;
}

static void read_surroundings(
	struct oom_log *log, struct span text, const struct log_line *line, uint64_t key)
{
	struct oom_open *open = oom_open_latest(log, key);
	struct oom_incident incident = { 0 };
	bool opens;

	if (oom_header_read(text, &incident)) {
		open = oom_open_new(log, line, key);
		(void)oom_header_read(text, &open->incident);
		return;
	}
	if (open != NULL && !open->killed) {
		if (oom_sentence_read(text, &open->incident, &opens))
			oom_open_touch(log, open, line);
		return;
	}
	if (oom_sentence_read(text, &incident, &opens) && opens) {
		open = oom_open_new(log, line, key);
		(void)oom_sentence_read(text, &open->incident, &opens);
	}
}

static void read_kernel(
	struct oom_log *log, struct span text, const struct log_line *line, uint64_t key)
{
	struct log_record record = { 0 };

	log_classify(text, &record);
	if (record.kind == LOG_OTHER) { /* without what a head took away */
		record.text = text.at;
		record.length = text.length;
	}
	if (oom_log_kill(log, line, key, &record) || count_suppressed(log, text) ||
		note_reaped(log, text, line) || read_tasks(log, text, line, key))
		return;
	read_surroundings(log, text, line, key);
}

/* What somebody else wrote in the kernel's words: told, not believed. */
static void note_foreign(struct oom_log *log, const struct log_line *line)
{
	struct log_record record = { 0 };
	struct oom_incident ignored = { 0 };

	log_classify(line->text, &record);
	if (record.kind != LOG_KILLED && record.kind != LOG_OOM_KILL &&
		record.kind != LOG_SACRIFICE && !oom_header_read(line->text, &ignored))
		return;
	if (log->foreign.count++ > 0)
		return;
	log->foreign.first_line = log->line_number;
	(void)printable_copy(log->foreign.writer, sizeof(log->foreign.writer), line->writer.at,
		line->writer.length);
}

static void close_silent(struct oom_log *log)
{
	for (int i = 0; i < OOM_OPEN_MAX; i++)
		if (log->open[i].used && log->line_number - log->open[i].touched > SILENCE_LINES)
			oom_open_close(log, &log->open[i]);
}

/* A line without a prefix goes with the line before: journalctl and dmesg set it in by blanks. One
 * that is not set in, among lines that name their writer, is nobody's. */
static void settle_origin(struct oom_log *log, struct log_line *line, uint64_t *key)
{
	bool is_set_in = line->text.length > 0 &&
			 (line->text.at[0] == ' ' || line->text.at[0] == '\t');

	if (!line->bare) {
		log->marked = log->marked || line->origin != LOG_UNMARKED;
		log->last_origin = line->origin;
		log->last_key = *key;
	} else if (is_set_in) {
		line->origin = log->last_origin;
		*key = log->last_key;
	} else if (log->marked) {
		line->origin = LOG_FOREIGN;
	}
}

/* Of /dev/kmsg: a record may have several lines, and escapes. Sentences with a name in them are one
 * line whatever the name holds. */
static void read_escaped(struct oom_log *log, const struct log_line *line, uint64_t key)
{
	char buffer[TEXT_MAX];
	size_t length = log_undo_escapes(buffer, sizeof(buffer), line->text.at, line->text.length);
	struct log_record record = { 0 };
	struct span text = { buffer, length };

	log_classify(text, &record);
	while (record.kind == LOG_OTHER && text.length > 0) {
		const char *newline = memchr(text.at, '\n', text.length);

		if (newline == NULL)
			break;
		read_kernel(log, span_between(text.at, newline), line, key);
		text = span_from(text, newline + 1);
	}
	read_kernel(log, text, line, key);
}

void oom_log_feed(struct oom_log *log, const char *text, size_t length)
{
	struct log_line line;
	uint64_t key;

	log->line_number++;
	if (log->line_number % 4096 == 0)
		close_silent(log);
	log_prefix_read(text, length, &line);
	key = mix(mix(14695981039346656037u, line.host), line.caller);
	settle_origin(log, &line, &key);
	if (log->open_count == 0 && !may_begin(line.text))
		return;
	if (line.origin == LOG_FOREIGN)
		note_foreign(log, &line);
	else if (line.escaped)
		read_escaped(log, &line, key);
	else
		read_kernel(log, line.text, &line, key);
}

void oom_log_end(struct oom_log *log)
{
	for (int i = 0; i < OOM_OPEN_MAX; i++)
		if (log->open[i].used)
			oom_open_close(log, &log->open[i]);
}
