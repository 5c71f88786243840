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

/* The process of a thread; the thread itself where it is already gone. */
static pid_t process_of(pid_t tid)
{
	char path[64], text[2048];
	const char *at;
	pid_t pid = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	if (file_read(AT_FDCWD, path, text, sizeof(text)) <= 0 ||
		(at = strstr(text, "\nTgid:\t")) == NULL)
		return tid;
	for (at += strlen("\nTgid:\t"); *at >= '0' && *at <= '9'; at++)
		pid = pid * 10 + (*at - '0');
	return pid;
}

static struct trace_process *process_get(struct trace_task *task, bool *ret_new)
{
	pid_t pid = process_of(task->tid);
	struct trace_task *leader = pid == task->tid ? NULL : *place_of(pid);
	struct trace_process *process = leader != NULL ? leader->process : NULL;

	/* A leader that ended before its threads is not in the table: they still share theirs. */
	for (int i = 0; process == NULL && pid != task->tid && i < BUCKETS; i++)
		for (struct trace_task *at = buckets[i]; at != NULL && process == NULL;
			at = at->next)
			if (at->process->pid == pid)
				process = at->process;
	*ret_new = process == NULL;
	if (process == NULL) {
		process = calloc(1, sizeof(*process));
		if (process != NULL)
			process->pid = pid;
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
