/* SPDX-License-Identifier: MIT */
#include "witness/last_words_child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/process_stat.h"
#include "base/text.h"
#include "witness/python_line.h"

#define STOP_MS 500

#if defined(__x86_64__)

/* By their DWARF numbers, as unwinding wants them. */
static bool read_registers(pid_t thread, struct page_snapshot *stack)
{
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, thread, NULL, &r) < 0)
		return false;
	memcpy(stack->registers,
		(const uint64_t[SNAPSHOT_REGISTERS]){ r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi,
			r.rbp, r.rsp, r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15, r.rip },
		sizeof(stack->registers));
	stack->caller = r.rip;
	return true;
}

#else

static bool read_registers(pid_t thread, struct page_snapshot *stack)
{
	(void)thread, (void)stack;
	return false;
}

#endif

/* As far as it goes. */
static void read_stack(int memory, struct page_snapshot *stack)
{
	uint64_t from = stack->registers[SNAPSHOT_REGISTER_STACK];
	ssize_t got = from < INT64_MAX
			      ? pread(memory, stack->stack, sizeof(stack->stack), (off_t)from)
			      : -1;

	stack->stack_bytes = got > 0 ? (uint32_t)got : 0;
}

/* By this file a page that was shared at a fork stays so. process_vm_readv() would copy it first,
 * and that is charged to the cage, which is full: the kernel then kills in our name. */
static int open_memory(pid_t thread)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)thread);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* What is executable and has a file, of /proc/PID/maps. */
static void list_modules(pid_t thread, struct page_snapshot *stack)
{
	char path[64], line[4096 + 128];
	FILE *maps;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)thread);
	maps = fopen(path, "re");
	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
		const char *flags = strchr(line, ' ');
		size_t length = strlen(line);

		if (flags == NULL || strlen(flags) < 5 || flags[3] != 'x' ||
			strchr(flags, '/') == NULL)
			continue;
		if (length > sizeof(stack->modules) - stack->modules_bytes) {
			stack->modules_cut = 1;
			break;
		}
		memcpy(stack->modules + stack->modules_bytes, line, length);
		stack->modules_bytes += (uint32_t)length;
	}
	if (maps != NULL)
		(void)fclose(maps);
}

/* The last number behind a key of /proc/PID/status; 0 where it is gone. */
static pid_t status_number(pid_t thread, const char *key)
{
	char path[64], text[4096];
	const char *line;
	char *end;
	uint64_t number;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)thread);
	if (file_read(AT_FDCWD, path, text, sizeof(text)) < 0 || (line = strstr(text, key)) == NULL)
		return 0;
	end = text + (line - text) + strlen(key);
	end[strcspn(end, "\n")] = '\0';
	line = strrchr(end, '\t');
	return parse_number(line != NULL ? line + 1 : end, &number) == 0 ? (pid_t)number : 0;
}

static void take_down(pid_t thread, struct last_words *words)
{
	cleanup_fd int memory = open_memory(thread);
	struct process_stat stat;

	words->thread = thread;
	words->pid = status_number(thread, "\nTgid:");
	if (process_stat_read(thread, &stat) == 0)
		text_copy(words->command, sizeof(words->command), stat.command);
	words->stack.sequence = 1;
	words->known = memory >= 0 && read_registers(thread, &words->stack);
	if (!words->known)
		return;
	read_stack(memory, &words->stack);
	list_modules(thread, &words->stack);
	(void)python_line_of(
		words->pid, thread, memory, words->source_line, sizeof(words->source_line));
}

/* The first of the list that stops; the likeliest is in front. */
static pid_t wait_for_stop(const pid_t *threads, int count)
{
	uint64_t until_ms = clock_ms() + STOP_MS;

	while (clock_ms() < until_ms) {
		bool left = false;

		for (int i = 0; i < count; i++) {
			int status;
			pid_t got = threads[i] > 0 ? waitpid(threads[i], &status, __WALL | WNOHANG)
						   : -1;

			left = left || got == 0;
			if (got == threads[i] && WIFSTOPPED(status))
				return got;
		}
		if (!left)
			return -1; /* they are gone */
		(void)nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
	}
	return 0;
}

void last_words_child(
	const pid_t *threads, int count, pid_t parent, int fd, struct last_words *words)
{
	pid_t stopped;
	sigset_t all;
	int traced = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	for (int i = 0; i < count; i++)
		if (ptrace(PTRACE_SEIZE, threads[i], NULL, NULL) == 0)
			traced += ptrace(PTRACE_INTERRUPT, threads[i], NULL, NULL) == 0;
	(void)!write(fd, "", 1);
	if (traced == 0) {
		text_copy(words->why, sizeof(words->why),
			count == 0 ? "nobody was found waiting at the limit"
				   : "the kernel does not let us stop the process, or another "
				     "tracer has it");
		return;
	}
	stopped = wait_for_stop(threads, count);
	if (stopped > 0)
		take_down(stopped, words);
	else
		text_copy(words->why, sizeof(words->why),
			stopped < 0 ? "the process was killed before it could be asked"
				    : "the process did not stop in time");
	(void)!write(fd, "", 1);
}
