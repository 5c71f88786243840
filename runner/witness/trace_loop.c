/* SPDX-License-Identifier: MIT */
#include "witness/trace_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/process_stat.h"
#include "witness/call_attempt.h"
#include "witness/printable.h"
#include "witness/trace_inject.h"
#include "witness/trace_registers.h"
#include "witness/trace_room.h"
#include "witness/trace_second_look.h"
#include "witness/trace_task.h"

/* Looking into /proc takes as long as many calls: not for every refusal of a process that goes on.
 */
#define EXPLAINED_MAX 1000
#define LOOKED_MAX 100

#define OPTIONS                                                                                    \
	(PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |                      \
		PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |                   \
		PTRACE_O_EXITKILL)

struct tracer {
	struct trace_page *page;
	struct trace_second_look look;
	pid_t main;
};

/* ---- what a call says ---- */

static void read_command(pid_t pid, char *command, size_t size)
{
	char path[64], text[64];
	ssize_t length;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	length = file_read(AT_FDCWD, path, text, sizeof(text));
	if (length <= 0)
		return;
	(void)printable_copy(command, size, text, strcspn(text, "\n"));
}

/* Whether the file of the preloaded witness is mapped there. */
static bool has_library(const struct tracer *tracer, struct trace_process *process)
{
	char path[64], text[4096 + 64];
	size_t kept = 0, length = strlen(tracer->page->library_page);
	cleanup_fd int fd = -1;
	ssize_t got;

	if (process->has_library || length == 0 || process->looked >= LOOKED_MAX)
		return process->has_library;
	process->looked++;
	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)process->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && !process->has_library &&
		(got = read(fd, text + kept, sizeof(text) - 1 - kept)) > 0) {
		kept += (size_t)got;
		process->has_library = memmem(text, kept, tracer->page->library_page, length) !=
				       NULL;
		/* a name may go on in the next piece */
		if (kept >= length) {
			memmove(text, text + kept - (length - 1), length - 1);
			kept = length - 1;
		}
	}
	return process->has_library;
}

/* The thread's own time, where the kernel keeps it (CONFIG_SCHED_INFO). */
static uint64_t own_us(pid_t tid)
{
	uint64_t nanoseconds = thread_run_ns(tid);

	return nanoseconds > 0 ? nanoseconds / 1000 : clock_us();
}

static void on_refused(
	struct tracer *tracer, struct trace_task *task, enum memory_function way, uint64_t size)
{
	struct trace_process *process = task->process;
	struct call_cause cause = { .name = CAUSE_UNKNOWN };
	uint64_t now_us = own_us(task->tid);
	struct refusal refusal = {
		.request_bytes = size, .pid = process->pid, .boottime_us = clock_us()
	};

	if (call_tally_continues(&task->thread, way, size, now_us))
		return;
	if (task->injected) {
		cause.name = CAUSE_INJECTED;
	} else if (process->explained < EXPLAINED_MAX) {
		process->explained++;
		cause = trace_room_cause(process->pid, size);
	}
	/* It says ENOMEM too where there is no mapping to protect. */
	if (task->call.function == CALL_MPROTECT && cause.name == CAUSE_UNKNOWN)
		return;
	refusal.cause = cause.name;
	if (cause.name == CAUSE_AT_LIMIT_FAIL)
		refusal_set_mechanism(&refusal, &tracer->page->room, cause.limit_bytes,
			trace_second_look_in_use(&tracer->look));
	memcpy(refusal.cause_detail, cause.detail, sizeof(refusal.cause_detail));
	(void)snprintf(refusal.function, sizeof(refusal.function), "%s",
		memory_function_name(task->call.function));
	read_command(process->pid, refusal.command, sizeof(refusal.command));
	call_tally_refused(&tracer->page->tally, &task->thread, way, &refusal,
		has_library(tracer, process), process->pid == tracer->main, now_us);
}

static void on_call_end(struct tracer *tracer, struct trace_task *task)
{
	struct call_attempt attempt;
	int64_t result;

	task->in_call = false;
	if (trace_registers_end(task->tid, &result) < 0)
		return; /* it was killed */
	attempt = call_attempt_of(&task->call, result, &task->process->heap_end);
	if (attempt.outcome == OUTCOME_REFUSED && !task->denied &&
		trace_second_look(&tracer->look, task->process->pid, attempt.size, &task->looks) &&
		trace_registers_again(task->tid) == 0)
		return;
	task->looks = 0;
	if (attempt.outcome == OUTCOME_REFUSED)
		on_refused(tracer, task, attempt.way, attempt.size);
	if (attempt.outcome == OUTCOME_GRANTED) /* rarely is there a refusal that it may settle */
		call_tally_granted(&tracer->page->tally, &task->thread, task->process->pid,
			attempt.way, attempt.size,
			task->thread.series_count > 0 ? own_us(task->tid) : 0);
	if (attempt.outcome == OUTCOME_SOFT)
		tracer->page->tally.soft++;
}

/* Returns whether its end is worth another stop. */
static bool on_call_begin(struct tracer *tracer, struct trace_task *task)
{
	int result = trace_registers_begin(task->tid, &task->call);

	task->in_call = result == 0;
	if (result < 0 && result != -ENOENT && result != -ESRCH)
		tracer->page->blind = -result;
	task->injected = task->in_call && trace_inject_call(tracer->page, task);
	task->denied = task->injected || (task->in_call &&
						 trace_second_look_denies(&tracer->look,
							 task->process->pid, &task->call) &&
						 trace_registers_answer(task->tid, -ENOMEM) == 0);
	return task->in_call;
}

/* ---- stops ---- */

static struct trace_task *task_of(struct tracer *tracer, pid_t tid)
{
	bool new_process;
	struct trace_task *task = trace_task_get(tid, &new_process);

	if (new_process)
		tracer->page->processes++;
	return task;
}

/* All other threads are gone, and the caller has the pid of the first one. */
static void on_exec(struct tracer *tracer, struct trace_task *task)
{
	unsigned long former = 0;

	if (ptrace(PTRACE_GETEVENTMSG, task->tid, NULL, &former) == 0 && (pid_t)former != task->tid)
		trace_task_remove((pid_t)former);
	task->in_call = false;
	task->thread.series_count = 0;
	task->process->heap_end = 0;
	task->process->has_library = false;
	task->process->looked = task->process->explained = 0;
	trace_inject_begin(tracer->page, task->process);
	if (task->tid == tracer->main && tracer->page->loaded == 1)
		tracer->page->main_executed = true;
}

static bool stops_group(int signal_number)
{
	return signal_number == SIGSTOP || signal_number == SIGTSTP || signal_number == SIGTTIN ||
	       signal_number == SIGTTOU;
}

static void meet_child(struct tracer *tracer, pid_t parent)
{
	unsigned long tid = 0;

	if (ptrace(PTRACE_GETEVENTMSG, parent, NULL, &tid) == 0 && tid > 0)
		(void)task_of(tracer, (pid_t)tid);
}

/* One stop of one thread: look, and let it go on as it would have without us. An error means that
 * it was killed meanwhile; its end comes next. */
static void on_stop(struct tracer *tracer, pid_t tid, int status)
{
	int event = (int)((unsigned)status >> 16), signal_number = WSTOPSIG(status);
	struct trace_task *task = task_of(tracer, tid);
	bool to_end = task != NULL && task->in_call;
	int pass_on = 0;

	switch (event) {
	case 0:
		if (signal_number != (SIGTRAP | 0x80)) {
			pass_on = signal_number;
		} else if (to_end) {
			on_call_end(tracer, task);
			to_end = false;
		}
		break;
	case PTRACE_EVENT_SECCOMP:
		to_end = task != NULL && on_call_begin(tracer, task);
		break;
	case PTRACE_EVENT_EXEC:
		if (task != NULL)
			on_exec(tracer, task);
		to_end = false;
		break;
	case PTRACE_EVENT_STOP:
		if (stops_group(signal_number)) {
			(void)ptrace(PTRACE_LISTEN, tid, NULL, NULL);
			return;
		}
		break;
	default: /* a new one; it has stops of its own, and is made known while we know its parent
		  */
		meet_child(tracer, tid);
		break;
	}
	(void)ptrace(to_end ? PTRACE_SYSCALL : PTRACE_CONT, tid, NULL, (long)pass_on);
}

static _Noreturn void follow(struct tracer *tracer)
{
	int status;
	pid_t tid;

	for (;;) {
		tid = waitpid(-1, &status, __WALL);
		if (tid < 0 && errno == EINTR)
			continue;
		if (tid < 0)
			_exit(0); /* nobody is left */
		if (WIFSTOPPED(status))
			on_stop(tracer, tid, status);
		else
			trace_task_remove(tid);
	}
}

/* As the guard does: no terminal's signals, and nothing of the supervisor's stays open here. */
static void detach(int socket_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	(void)prctl(PR_SET_NAME, "memcage-tracer");
	(void)!chdir("/");
	for (int fd = 0; fd < 3; fd++)
		(void)dup2(null, fd);
	(void)syscall(SYS_close_range, 3u, (unsigned)socket_fd - 1, 0);
	(void)syscall(SYS_close_range, (unsigned)socket_fd + 1, ~0u, 0);
}

_Noreturn void trace_loop(struct trace_page *page, int socket_fd)
{
	struct tracer tracer = { .page = page };
	int32_t pid = 0, answer = 0;

	detach(socket_fd);
	trace_second_look_begin(&tracer.look, &page->room);
	if (read(socket_fd, &pid, sizeof(pid)) != sizeof(pid))
		_exit(0); /* there is no child */
	if (ptrace(PTRACE_SEIZE, pid, NULL, (long)OPTIONS) < 0)
		answer = errno;
	tracer.main = pid;
	if (answer == 0)
		(void)task_of(&tracer, pid);
	if (write(socket_fd, &answer, sizeof(answer)) != sizeof(answer) && answer != 0)
		_exit(0);
	(void)close(socket_fd);
	follow(&tracer);
}
