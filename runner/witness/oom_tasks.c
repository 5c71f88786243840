/* SPDX-License-Identifier: MIT */
#include "witness/oom_tasks.h"

#include <string.h>

#include "witness/oom_number.h"
#include "witness/printable.h"

#define TASK(member) offsetof(struct oom_task, member)

enum { COLUMN_USER = 1, COLUMN_ADJUSTMENT = 10, COLUMN_NAME = 11 };

static const struct column {
	const char *name;
	size_t offset; /* of a struct counter; 0: not kept */
} columns_known[] = {
	{ "tgid", 0 },
	{ "uid", TASK(user) },
	{ "total_vm", TASK(total_vm_pages) },
	{ "rss", TASK(rss_pages) },
	{ "rss_anon", TASK(anon_pages) },
	{ "rss_file", TASK(file_pages) },
	{ "rss_shmem", TASK(shmem_pages) },
	{ "pgtables_bytes", TASK(page_table_bytes) },
	{ "swapents", TASK(swap_pages) },
	{ "nr_ptes", 0 },
	{ "oom_score_adj", 0 },
	{ "name", 0 },
	{ "nr_pmds", 0 },
};

#define COLUMN_COUNT (sizeof(columns_known) / sizeof(*columns_known))

static void skip_blanks(struct span *text)
{
	while (span_take_prefix(text, " "))
		;
}

static struct span take_word(struct span *text)
{
	const char *begin;

	skip_blanks(text);
	begin = text->at;
	while (text->length > 0 && *text->at != ' ')
		*text = span_from(*text, text->at + 1);
	return span_between(begin, text->at);
}

bool oom_tasks_head(struct span text, struct oom_columns *ret_columns)
{
	struct oom_columns columns = { 0 };

	if (!span_take_prefix(&text, "["))
		return false;
	skip_blanks(&text);
	if (!span_take_prefix(&text, "pid"))
		return false;
	skip_blanks(&text);
	if (!span_take_prefix(&text, "]"))
		return false;
	while (columns.count < OOM_COLUMNS_MAX) {
		struct span word = take_word(&text);
		size_t at = 0;

		if (word.length == 0)
			break;
		while (at < COLUMN_COUNT &&
			(word.length != strlen(columns_known[at].name) ||
				memcmp(word.at, columns_known[at].name, word.length) != 0))
			at++;
		columns.columns[columns.count++] = (unsigned char)
			at; /* COLUMN_COUNT: passed over */
		if (at == COLUMN_NAME)
			break;
	}
	if (columns.count < 3 || columns.columns[columns.count - 1] != COLUMN_NAME)
		return false;
	*ret_columns = columns;
	return true;
}

/* Keeps the list sorted, the largest first. */
static void keep(struct oom_incident *incident, const struct oom_task *task)
{
	int at = incident->task_kept;

	while (at > 0 && incident->tasks[at - 1].rss_pages.value < task->rss_pages.value)
		at--;
	if (at >= OOM_TASKS_MAX)
		return;
	if (incident->task_kept < OOM_TASKS_MAX)
		incident->task_kept++;
	memmove(&incident->tasks[at + 1], &incident->tasks[at],
		(size_t)(incident->task_kept - 1 - at) * sizeof(*task));
	incident->tasks[at] = *task;
}

/* Newer kernels print the parts of rss, and all of them its sum. */
static bool fill(struct oom_task *task, const struct oom_columns *columns, struct span text)
{
	for (int i = 0; i < columns->count; i++) {
		const size_t at = columns->columns[i];
		struct counter *counter;
		struct span word;
		uint64_t number;

		if (at == COLUMN_NAME) { /* the rest: a name may have blanks */
			skip_blanks(&text);
			(void)printable_copy(
				task->command, sizeof(task->command), text.at, text.length);
			return text.length > 0;
		}
		word = take_word(&text);
		if (at == COLUMN_ADJUSTMENT) {
			task->oom_score_adj = oom_number_of(word);
			if (!task->oom_score_adj.known)
				return false;
			continue;
		}
		if (!span_take_number(&word, &number) || word.length != 0)
			return false;
		if (at >= COLUMN_COUNT || columns_known[at].offset == 0)
			continue;
		counter = (struct counter *)(void *)((char *)task + columns_known[at].offset);
		*counter = counter_of(number);
	}
	return false;
}

bool oom_tasks_row(struct span text, const struct oom_columns *columns,
	struct oom_incident *incident, int *ret_pid)
{
	struct oom_task task = { 0 };
	uint64_t pid;

	if (columns->count == 0 || !span_take_prefix(&text, "["))
		return false;
	skip_blanks(&text);
	if (!span_take_number(&text, &pid) || pid == 0 || pid > INT32_MAX)
		return false;
	skip_blanks(&text);
	if (!span_take_prefix(&text, "]"))
		return false;
	task.pid = *ret_pid = (int)pid;
	if (!fill(&task, columns, text))
		return false;
	incident->task_count++;
	if (__builtin_add_overflow(
		    incident->tasks_rss_pages, task.rss_pages.value, &incident->tasks_rss_pages))
		incident->tasks_rss_pages = UINT64_MAX;
	keep(incident, &task);
	return true;
}
