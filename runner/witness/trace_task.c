/* SPDX-License-Identifier: MIT */
#include "witness/trace_task.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

#define BUCKETS 1024

/* Of the tracer process, which has one thread and one run. */
static struct trace_task *buckets[BUCKETS];

static struct trace_task **place_of(pid_t tid)
{
	struct trace_task **at = &buckets[(unsigned)tid % BUCKETS];

	while (*at != NULL && (*at)->tid != tid)
		at = &(*at)->next;
	return at;
}

static pid_t pid_behind(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	pid_t pid = 0;

	for (at = at == NULL ? "" : at + strlen(key); *at >= '0' && *at <= '9'; at++)
		pid = pid * 10 + (*at - '0');
	return pid;
}

/* The process of a thread; the thread itself where it is already gone. *ret_parent: 0 then. */
static pid_t process_of(pid_t tid, pid_t *ret_parent)
{
	char path[64], text[2048];
	pid_t pid;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	if (file_read(AT_FDCWD, path, text, sizeof(text)) <= 0)
		text[0] = '\0';
	*ret_parent = pid_behind(text, "\nPPid:\t");
	pid = pid_behind(text, "\nTgid:\t");
	return pid > 0 ? pid : tid;
}

/* A leader that ended before its threads is not in the table: they still share theirs. */
static struct trace_process *find_process(pid_t pid)
{
	struct trace_task *leader = *place_of(pid);

	if (leader != NULL)
		return leader->process;
	for (int i = 0; i < BUCKETS; i++)
		for (struct trace_task *at = buckets[i]; at != NULL; at = at->next)
			if (at->process->pid == pid)
				return at->process;
	return NULL;
}

/* A forked child counts on from where its parent stands, which is stopped or has just been. */
static void inherit(struct trace_process *process, const struct trace_process *parent)
{
	if (parent == NULL)
		return;
	process->rules = parent->rules;
	process->count = parent->count;
}

static struct trace_process *process_get(struct trace_task *task, bool *ret_new)
{
	pid_t parent, pid = process_of(task->tid, &parent);
	struct trace_process *process = pid == task->tid ? NULL : find_process(pid);

	*ret_new = process == NULL;
	if (process == NULL) {
		process = calloc(1, sizeof(*process));
		if (process != NULL) {
			process->pid = pid;
			inherit(process, parent > 0 ? find_process(parent) : NULL);
		}
	}
	if (process != NULL)
		process->references++;
	return process;
}

struct trace_task *trace_task_get(pid_t tid, bool *ret_new_process)
{
	struct trace_task **place = place_of(tid), *task = *place;

	*ret_new_process = false;
	if (task != NULL)
		return task;
	task = calloc(1, sizeof(*task));
	if (task == NULL)
		return NULL;
	task->tid = tid;
	task->process = process_get(task, ret_new_process);
	if (task->process == NULL) {
		free(task);
		return NULL;
	}
	*place = task;
	return task;
}

void trace_task_remove(pid_t tid)
{
	struct trace_task **place = place_of(tid), *task = *place;

	if (task == NULL)
		return;
	*place = task->next;
	if (--task->process->references == 0)
		free(task->process);
	free(task);
}
