/* SPDX-License-Identifier: MIT */
#include "witness/trace.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "base/text.h"
#include "witness/trace_loop.h"

/* What it holds has ended by then. */
#define END_PATIENCE_MS 2000

static int share_page(
	struct trace_witness *witness, const char *library_page, const struct room *room)
{
	struct trace_page *page = mmap(
		NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return -errno;
	text_copy(page->library_page, sizeof(page->library_page), library_page);
	page->room = *room;
	witness->page = page;
	witness->tracer.loaded = &page->loaded;
	return 0;
}

/* The supervisor may have threads: all signals are blocked until the copy has none of its handlers'
 * business any more. */
static int start_tracer(struct trace_witness *witness)
{
	int ends[2], result;
	sigset_t all, own;
	pid_t pid = -1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	result = fd_above_stdio(&ends[0]);
	if (result == 0)
		result = fd_above_stdio(&ends[1]);
	if (result == 0) {
		(void)sigfillset(&all);
		(void)pthread_sigmask(SIG_SETMASK, &all, &own);
		pid = fork();
		if (pid == 0)
			trace_loop(witness->page, ends[1]);
		result = pid < 0 ? -errno : 0;
		(void)pthread_sigmask(SIG_SETMASK, &own, NULL);
	}
	fd_close(&ends[1]);
	if (result < 0) {
		fd_close(&ends[0]);
		return result;
	}
	witness->tracer.pid = pid;
	witness->tracer.socket = ends[0];
	return 0;
}

int trace_open(struct trace_witness *ret_witness, const char *library_page, const struct room *room,
	struct memcage_failure *reterr_failure)
{
	int result;

	*ret_witness = TRACE_NONE;
	result = trace_filter_make(&ret_witness->tracer.filter);
	if (result == 0)
		result = share_page(ret_witness, library_page, room);
	if (result == 0)
		result = start_tracer(ret_witness);
	if (result < 0) {
		trace_close(ret_witness);
		return failure_errno(reterr_failure, -result, "start the tracer");
	}
	return 0;
}

void trace_inject(struct trace_witness *witness, const struct injection_plan *plan)
{
	witness->page->injection = *plan; /* shared with the tracer, which waits for the child */
}

void trace_started(struct trace_witness *witness)
{
	fd_close(&witness->tracer.socket);
}

/* Waits for the tracer's end; kills it when that does not come, and EXITKILL takes the rest. */
static void end_tracer(struct trace_witness *witness, int patience_ms)
{
	pid_t pid = witness->tracer.pid;
	cleanup_fd int pidfd = -1;

	trace_started(witness);
	if (pid <= 0)
		return;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0 ||
		poll(&(struct pollfd){ .fd = pidfd, .events = POLLIN }, 1, patience_ms) != 1)
		(void)kill(pid, SIGKILL); /* not waited for yet, so the pid is its own */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	witness->tracer.pid = 0;
}

static const char *why_not(const struct trace_page *page, int *ret_error)
{
	*ret_error = 0;
	if (page->loaded < 0) {
		*ret_error = -page->loaded;
		return "the tracer could not take hold of the command";
	}
	if (page->blind != 0) {
		*ret_error = page->blind;
		return "the kernel does not tell the tracer what a stopped call asks for";
	}
	if (!page->main_executed) {
		*ret_error = ENOEXEC;
		return "the command was not executed";
	}
	return NULL;
}

int trace_collect(struct trace_witness *witness, bool with_library, struct refusals *ret_refusals,
	const char **ret_why)
{
	int error = 0;

	*ret_refusals = (struct refusals){ 0 };
	if (witness->page == NULL)
		return -ENOENT;
	end_tracer(witness, END_PATIENCE_MS);
	*ret_why = why_not(witness->page, &error);
	if (*ret_why != NULL)
		return -error;
	call_tally_sum(&witness->page->tally, with_library, ret_refusals);
	ret_refusals->calls_by = CALLS_BY_TRACE;
	ret_refusals->covered = witness->page->processes;
	ret_refusals->injected = witness->page->injected;
	ret_refusals->counted = witness->page->injection.count > 0;
	for (uint32_t i = 0; i < witness->page->counted_processes; i++)
		refusals_add_process(ret_refusals, witness->page->counted[i].pid,
			witness->page->counted[i].calls);
	return 0;
}

void trace_close(struct trace_witness *witness)
{
	end_tracer(witness, 0);
	free(witness->tracer.filter.filter);
	if (witness->page != NULL)
		(void)munmap(witness->page, sizeof(*witness->page));
	*witness = TRACE_NONE;
}
