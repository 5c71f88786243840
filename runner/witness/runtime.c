/* SPDX-License-Identifier: MIT */
#include "witness/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failure.h"
#include "base/fd.h"
#include "base/text.h"
#include "witness/runtime_table.h"

#define FIRST_PID_NAMESPACE 0xEFFFFFFCu /* a fixed inode number */
#define READS_MAX 4096                  /* who fails without end must not keep us here */

/* What an instance needs to be set before it is any use, in this order. */
static const struct {
	const char *file, *text;
} settings[] = {
	{ "buffer_percent", "0" },      /* poll at the first event */
	{ "options/event-fork", "1" },  /* children are followed */
	{ "options/record-tgid", "1" }, /* lines tell process and thread */
	{ "events/sched/sched_process_exec/enable", "1" },
};

static int set_pid(const struct tracing *tracing, const char *file)
{
	char text[TEXT_NUMBER_SIZE];

	(void)snprintf(text, sizeof(text), "%d", (int)gettid());
	return file_write(tracing->directory, file, text);
}

/* The kernel's filter counts in the first pid namespace. */
static bool in_first_pid_namespace(void)
{
	struct stat facts;

	return stat("/proc/self/ns/pid", &facts) == 0 && facts.st_ino == FIRST_PID_NAMESPACE;
}

int runtime_possible(struct memcage_failure *reterr_failure)
{
	if (!in_first_pid_namespace())
		return failure_set(reterr_failure, EPERM,
			"probes in runtimes need the first pid namespace: start memcage outside of "
			"the container, or the container with --pid=host");
	return tracing_possible(reterr_failure);
}

int runtime_open(struct runtime_witness *ret_witness, const struct memcage_spec *spec,
	struct memcage_failure *reterr_failure)
{
	struct tracing *tracing = &ret_witness->tracing;
	int result = runtime_possible(reterr_failure);

	*ret_witness = RUNTIME_NONE;
	if (result == 0)
		result = tracing_open(tracing, reterr_failure);
	if (result < 0)
		return result;
	/* Until the command starts, nobody is watched. */
	for (size_t i = 0; result == 0 && i < sizeof(settings) / sizeof(*settings); i++) {
		if (i == sizeof(settings) / sizeof(*settings) - 1)
			result = set_pid(tracing, "set_event_pid");
		if (result == 0)
			result = file_write(tracing->directory, settings[i].file, settings[i].text);
	}
	if (result == 0) {
		ret_witness->pipe = openat(
			tracing->directory, "trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		result = ret_witness->pipe < 0 ? -errno : 0;
	}
	if (result < 0) {
		runtime_close(ret_witness);
		return failure_errno(reterr_failure, -result, "set up probes in runtimes");
	}
	runtime_images_begin(&ret_witness->images, tracing, spec);
	return 0;
}

void runtime_started(struct runtime_witness *witness)
{
	if (witness->pipe >= 0 && set_pid(&witness->tracing, "set_event_notrace_pid") < 0)
		witness->lost = true; /* what is seen may be another run's */
}

/* ---- what the kernel tells ---- */

/* *ret_is_thread: it has ended, and which process it was of cannot be known any more. */
static pid_t process_of(const struct runtime_line *line, bool *ret_is_thread)
{
	char path[64], text[2048];
	uint64_t process;

	*ret_is_thread = false;
	if (line->process != 0)
		return line->process;
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)line->thread);
	if (file_read(AT_FDCWD, path, text, sizeof(text)) > 0) {
		char *number = strstr(text, "\nTgid:\t");

		if (number == NULL)
			return line->thread;
		number += strlen("\nTgid:\t");
		number[strcspn(number, "\n")] = '\0';
		if (parse_number(number, &process) == 0 && process > 0 && process <= INT32_MAX)
			return (pid_t)process;
	}
	*ret_is_thread = true;
	return line->thread;
}

/* The entry of a process, at the end of the list: it failed last. With the list full the one that
 * failed first goes. */
static struct runtime_failure *entry_of(struct runtime_witness *witness, pid_t pid)
{
	struct runtime_failure *list = witness->failures, entry = { .pid = (int)pid };
	size_t at = 0;

	while (at < witness->failure_count && list[at].pid != (int)pid)
		at++;
	if (at < witness->failure_count)
		entry = list[at];
	else if (at < RUNTIME_PROCESSES_MAX)
		witness->failure_count++;
	else
		at = 0;
	memmove(list + at, list + at + 1, (witness->failure_count - at - 1) * sizeof(*list));
	list[witness->failure_count - 1] = entry;
	return &list[witness->failure_count - 1];
}

static void note_hit(struct runtime_witness *witness, const struct runtime_line *line)
{
	const struct runtime_probe *probe = &runtime_probes[line->row];
	bool is_thread;
	pid_t pid = process_of(line, &is_thread);
	struct runtime_failure *failure = entry_of(witness, pid);

	witness->hits++;
	failure->hits++;
	failure->is_thread = is_thread;
	failure->is_heap_cap = probe->is_heap_cap;
	failure->boottime_us = clock_us();
	text_copy(failure->runtime, sizeof(failure->runtime), probe->runtime);
	text_copy(failure->text, sizeof(failure->text),
		probe->words != NULL ? probe->words : line->text);
	text_copy(failure->command, sizeof(failure->command), line->command);
}

static void take_line(struct runtime_witness *witness, const char *text, size_t length)
{
	struct runtime_line line;

	runtime_line_read(text, length, &line);
	switch (line.kind) {
	case RUNTIME_LINE_HIT:
		note_hit(witness, &line);
		break;
	case RUNTIME_LINE_EXEC:
		runtime_images_executed(&witness->images, &witness->tracing, line.thread);
		break;
	case RUNTIME_LINE_LOST:
	case RUNTIME_LINE_OTHER:
		witness->lost = true;
		break;
	}
}

/* A line longer than there is room for is none of ours, but for what a process puts into it. */
static void take_bytes(struct runtime_witness *witness, const char *data, size_t size)
{
	while (size > 0) {
		const char *newline = memchr(data, '\n', size);
		size_t length = newline != NULL ? (size_t)(newline - data) : size;
		size_t room = sizeof(witness->line) - witness->line_length;

		memcpy(witness->line + witness->line_length, data, length < room ? length : room);
		witness->line_length += length < room ? length : room;
		if (newline == NULL)
			return;
		data += length + 1;
		size -= length + 1;
		if (witness->line_length < RUNTIME_COMMAND_WIDTH) {
			/* The process's own name, with a newline in it. */
			witness->line[witness->line_length++] = '\n';
			continue;
		}
		take_line(witness, witness->line, witness->line_length);
		witness->line_length = 0;
	}
}

void runtime_read(struct runtime_witness *witness)
{
	char data[4096];
	ssize_t got;

	for (int i = 0; witness->pipe >= 0 && i < READS_MAX; i++) {
		got = read(witness->pipe, data, sizeof(data));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return;
		take_bytes(witness, data, (size_t)got);
	}
}

void runtime_look_at(struct runtime_witness *witness, const struct processes *processes)
{
	for (int i = 0; witness->pipe >= 0 && i < processes->count; i++)
		if (!processes->list[i].is_past)
			runtime_images_mapped(
				&witness->images, &witness->tracing, processes->list[i].pid);
}

void runtime_close(struct runtime_witness *witness)
{
	fd_close(&witness->pipe);
	tracing_close(&witness->tracing);
}
