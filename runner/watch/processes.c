/* SPDX-License-Identifier: MIT */
#include "watch/processes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/process_stat.h"
#include "base/text.h"
#include "watch/timeline.h"

#define LOOK_MAX_INTERVAL_US 5000000
#define LOOK_MIN_GROWTH_BYTES (1u << 20)
#define MAPS_MAX (1u << 20) /* of bytes: a program can have very many mappings */
#define SETTLED_LOOKS 2     /* then a program has loaded what it starts with */

/* False where the process is gone, or may not be looked at. */
static bool executable_read(const char *pid, char ret_path[static PROCESS_PATH_SIZE])
{
	char link[64];
	ssize_t length;

	(void)snprintf(link, sizeof(link), "/proc/%s/exe", pid);
	length = readlink(link, ret_path, PROCESS_PATH_SIZE);
	if (length < 0)
		return false;
	ret_path[length < PROCESS_PATH_SIZE ? length : 0] = '\0'; /* never a cut one */
	return true;
}

/* ---- images ---- */

const char *process_image_next(const struct process *process, const char *image)
{
	const char *end = process->images + process->images_length;

	image = image == NULL ? process->images : image + strlen(image) + 1;
	return image < end ? image : NULL;
}

bool process_maps(const struct process *process, const char *image)
{
	const char *each = NULL;

	while ((each = process_image_next(process, each)) != NULL)
		if (strcmp(each, image) == 0)
			return true;
	return false;
}

static void add_image(struct process *process, const char *name)
{
	size_t size = strlen(name) + 1;

	if (size == 1 || process_maps(process, name))
		return;
	if (size > sizeof(process->images) - process->images_length) {
		process->images_cut = true;
		return;
	}
	memcpy(process->images + process->images_length, name, size);
	process->images_length += size;
}

/* "55d0c0a00000-55d0c0a21000 r-xp 00002000 fe:00 1234    /usr/bin/node" */
static void add_line(struct process *process, const char *line, size_t length)
{
	const char *flags = memchr(line, ' ', length), *end = line + length, *path;
	char name[PROCESS_PATH_SIZE];

	if (flags == NULL || end - flags < 5 || flags[3] != 'x')
		return;
	path = memchr(line, '/', length);
	if (path == NULL)
		return; /* no file: [heap], [vdso], code made at run time */
	path = (const char *)memrchr(path, '/', (size_t)(end - path)) + 1;
	if ((size_t)(end - path) >= sizeof(name)) {
		process->images_cut = true;
		return;
	}
	memcpy(name, path, (size_t)(end - path));
	name[end - path] = '\0';
	add_image(process, name);
}

void process_add_images(struct process *process, const char *maps, size_t length)
{
	const char *end = maps + length, *newline;

	for (; (newline = memchr(maps, '\n', (size_t)(end - maps))) != NULL; maps = newline + 1)
		add_line(process, maps, (size_t)(newline - maps));
}

/* Names stay when a file is unmapped: it was mapped while the program ran. */
static void read_images(struct process *process)
{
	char path[64], text[16384];
	size_t kept = 0, total = 0;
	cleanup_fd int fd = -1;
	ssize_t got;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)process->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (got = read(fd, text + kept, sizeof(text) - kept)) > 0) {
		size_t size = kept + (size_t)got;
		const char *last = memrchr(text, '\n', size);
		size_t whole = last != NULL ? (size_t)(last + 1 - text) : 0;

		process_add_images(process, text, whole);
		kept = size - whole;
		memmove(text, text + whole, kept);
		total += (size_t)got;
		if (total >= MAPS_MAX || kept == sizeof(text)) {
			process->images_cut = true;
			break;
		}
	}
	if (total > 0)
		process->looks++;
}

/* ---- processes ---- */

static bool is_known(const struct processes *processes, pid_t pid)
{
	for (int i = 0; i < processes->count; i++)
		if (processes->list[i].pid == pid)
			return true;
	for (int i = 0; i < processes->known_count; i++)
		if (processes->known[i] == pid)
			return true;
	return false;
}

/* The newest entry of a pid, or NULL. */
static struct process *newest(struct processes *processes, pid_t pid)
{
	for (int i = processes->count - 1; i >= 0; i--)
		if (processes->list[i].pid == pid)
			return &processes->list[i];
	return NULL;
}

static struct process *add(struct processes *processes, pid_t pid, const struct process_stat *facts,
	const char *executable)
{
	struct process *process;

	processes->seen++;
	if (processes->count == PROCESSES_MAX) {
		if (!is_known(processes, pid) && processes->known_count < PROCESSES_COUNTED_MAX)
			processes->known[processes->known_count++] = pid;
		return NULL;
	}
	process = &processes->list[processes->count++];
	*process = (struct process){ .pid = pid, .start_ticks = facts->start_ticks };
	text_copy(process->executable, sizeof(process->executable), executable);
	add_image(process, base_name(process->executable)); /* that much is mapped for certain */
	return process;
}

static bool may_be_added(const struct processes *processes, pid_t pid)
{
	return processes->known_count < PROCESSES_COUNTED_MAX && !is_known(processes, pid);
}

/* What it maps is read never, till it has settled, or each time. */
enum look { LOOK_BRIEFLY, LOOK, LOOK_CLOSELY };

static void look_at(struct processes *processes, pid_t pid, enum look look)
{
	struct process *process = newest(processes, pid);
	char executable[PROCESS_PATH_SIZE], number[TEXT_NUMBER_SIZE];
	struct process_stat facts;

	if ((process == NULL && !may_be_added(processes, pid)) ||
		process_stat_read(pid, &facts) < 0)
		return;
	if (facts.is_zombie) {
		if (process != NULL && strcmp(process->command, facts.command) != 0)
			process->is_past = true;
		return;
	}
	if (process != NULL && process->is_past)
		return; /* there was no room for what came after it */
	(void)snprintf(number, sizeof(number), "%d", (int)pid);
	if (!executable_read(number, executable))
		return;
	if (facts.is_fork && strcmp(executable, processes->own_executable) == 0)
		return; /* ours, on its way into exec */
	if (process == NULL || process->start_ticks != facts.start_ticks ||
		strcmp(process->executable, executable) != 0) {
		if (process != NULL)
			process->is_past = true;
		process = add(processes, pid, &facts, executable);
	}
	if (process == NULL)
		return;
	text_copy(process->command, sizeof(process->command), facts.command);
	if (look == LOOK_CLOSELY || (look == LOOK && process->looks < SETTLED_LOOKS))
		read_images(process);
}

void processes_begin(struct processes *processes)
{
	/* The list is long, and its entries are written whole when they are added. */
	processes->count = processes->known_count = 0;
	processes->seen = processes->look_bytes = 0;
	processes->next_look_us = TIMELINE_FIRST_INTERVAL_US;
	if (!executable_read("self", processes->own_executable))
		processes->own_executable[0] = '\0';
}

void processes_look_at(struct processes *processes, pid_t pid)
{
	if (pid > 0)
		look_at(processes, pid, LOOK_CLOSELY);
}

void processes_look_at_start(struct processes *processes, pid_t pid)
{
	if (pid > 0)
		look_at(processes, pid, LOOK_BRIEFLY);
}

bool processes_look_if_due(struct processes *processes, const struct group *group, pid_t main_pid,
	uint64_t since_start_us, uint64_t memory_bytes)
{
	bool in_time = since_start_us >= processes->next_look_us;
	char text[4096], *line = text, *newline;

	if (!in_time && memory_bytes < processes->look_bytes + processes->look_bytes / 4 +
					       LOOK_MIN_GROWTH_BYTES)
		return false;
	if (in_time)
		processes->next_look_us = since_start_us + (since_start_us < LOOK_MAX_INTERVAL_US
									   ? since_start_us
									   : LOOK_MAX_INTERVAL_US);
	if (memory_bytes > processes->look_bytes)
		processes->look_bytes = memory_bytes;
	if (file_read(group->directory, "cgroup.procs", text, sizeof(text)) <= 0)
		return false;
	/* In whole lines: those of very many processes do not fit. */
	for (; (newline = strchr(line, '\n')) != NULL; line = newline + 1) {
		uint64_t pid;

		*newline = '\0';
		if (parse_number(line, &pid) == 0 && pid > 0 && pid <= INT32_MAX)
			look_at(processes, (pid_t)pid,
				in_time && (pid_t)pid == main_pid ? LOOK_CLOSELY : LOOK);
	}
	return true;
}

const struct process *processes_last_of(const struct processes *processes, pid_t pid)
{
	for (int i = processes->count - 1; pid > 0 && i >= 0; i--)
		if (processes->list[i].pid == pid)
			return processes->list[i].is_past ? NULL : &processes->list[i];
	return NULL;
}
