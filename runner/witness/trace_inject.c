/* SPDX-License-Identifier: MIT */
#include "witness/trace_inject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "base/text.h"
#include "witness/preload.h"
#include "witness/trace_registers.h"

/* A system's own rights do not let us look at its program: then nothing is refused there. */
void trace_inject_begin(const struct trace_page *page, struct trace_process *process)
{
	char path[64], command[64] = "";
	const char *why;

	process->rules = 0;
	process->count = (struct injection_count){ 0 };
	if (page->injection.count == 0)
		return;
	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)process->pid);
	if (page->library_page[0] != '\0' && preload_possible_for(path, &why))
		return;
	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)process->pid);
	if (file_read(AT_FDCWD, path, command, sizeof(command)) <= 0)
		return;
	command[strcspn(command, "\n")] = '\0';
	process->rules = injection_rules_for(&page->injection, command);
}

/* What the call asks for; 0 where it is no request. */
static uint64_t size_asked(const struct memory_call *call, uint64_t heap_end)
{
	const uint64_t *arguments = call->arguments, private_flags = MAP_PRIVATE | MAP_ANONYMOUS;

	switch (call->function) {
	case CALL_MMAP:
		return (arguments[2] & PROT_WRITE) != 0 &&
				       (arguments[3] & private_flags) == private_flags &&
				       (arguments[3] & MAP_NORESERVE) == 0
			       ? arguments[1]
			       : 0;
	case CALL_MREMAP:
		return arguments[2] > arguments[1] ? arguments[2] : 0;
	case CALL_BRK:
		return heap_end != 0 && arguments[0] > heap_end ? arguments[0] - heap_end : 0;
	case CALL_MPROTECT: /* what it makes writable may have been so before */
	case CALL_MMAP_FIXED:
		break;
	}
	return 0;
}

static void note_calls(struct trace_page *page, const struct trace_process *process)
{
	uint32_t i = 0;

	while (i < page->counted_processes && page->counted[i].pid != process->pid)
		i++;
	if (i == REFUSAL_PROCESSES_MAX)
		return;
	if (i == page->counted_processes)
		page->counted[page->counted_processes++] = (struct request_count){ process->pid,
			0 };
	if (process->count.calls > page->counted[i].calls)
		page->counted[i].calls = process->count.calls;
}

bool trace_inject_call(struct trace_page *page, struct trace_task *task)
{
	struct trace_process *process = task->process;
	uint64_t size = process->rules == 0 ? 0 : size_asked(&task->call, process->heap_end);
	int64_t answer = task->call.function == CALL_BRK ? (int64_t)process->heap_end : -ENOMEM;

	if (size == 0)
		return false;
	process->count.calls++;
	process->count.bytes += size;
	note_calls(page, process);
	if (!injection_refuses(&page->injection, process->rules, process->count, size) ||
		trace_registers_answer(task->tid, answer) < 0)
		return false;
	page->injected++;
	return true;
}
