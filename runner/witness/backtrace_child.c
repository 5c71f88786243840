/* SPDX-License-Identifier: MIT */
#include "witness/backtrace_child.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "witness/modules.h"
#include "witness/unwind.h"

#define PROCESSOR_SECONDS 1
#define MEMORY_MAX (UINT64_C(1) << 30)

_Static_assert(sizeof(struct message) <= PIPE_BUF, "a message must be written whole");

static void send_message(int fd, const struct message *message)
{
	(void)fd_write_all(fd, message, sizeof(*message));
}

static void send_note(int fd, const char *text)
{
	struct message message = { .kind = MESSAGE_NOTE };

	text_copy(message.note, sizeof(message.note), text);
	send_message(fd, &message);
}

static void send_frame(void *data, const struct backtrace_frame *frame, bool is_last)
{
	const struct message message = {
		.kind = MESSAGE_FRAME, .is_last = is_last, .frame = *frame
	};
	const int *fd = data;

	send_message(*fd, &message);
}

static void send_call(
	int fd, enum message_kind kind, struct module *modules, size_t count, uint64_t call)
{
	struct message message = { .kind = kind };

	modules_describe(modules, count, call, &message.frame);
	send_message(fd, &message);
}

/* The signal at the end of the time must end us. */
static void limit_child(pid_t parent)
{
	const struct itimerval time = { .it_value = { .tv_sec = PROCESSOR_SECONDS } };
	const struct rlimit none = { 0, 0 };
	sigset_t all;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	(void)signal(SIGPROF, SIG_DFL);
	(void)sigfillset(&all);
	(void)sigdelset(&all, SIGPROF);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)setitimer(ITIMER_PROF, &time, NULL);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)setrlimit(RLIMIT_FSIZE, &none);
#ifndef __SANITIZE_ADDRESS__
	(void)setrlimit(RLIMIT_DATA, &(struct rlimit){ MEMORY_MAX, MEMORY_MAX });
#endif
}

/* What comes now needs no file and no privilege. Where there is no such user (in some user
 * namespaces) it is done without. */
static void drop_privileges(void)
{
	const uid_t nobody = 65534;

	if (geteuid() == 0 && setgroups(0, NULL) == 0 && setresgid(nobody, nobody, nobody) == 0 &&
		setresuid(nobody, nobody, nobody) == 0)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* forgotten at a change of user */
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Why there may be more calls than these; NULL: there are not. */
static const char *why_incomplete(const struct unwinder *unwinder)
{
	if (unwinder->call_count == BACKTRACE_FRAMES)
		return "there are more calls";
	if (unwinder->stack_ended)
		return "there are more calls: only 16 KiB of the stack were kept";
	if (unwinder->snapshot->modules_cut)
		return "there may be more calls: the list of mapped files was too long";
	return NULL;
}

void backtrace_child(struct page_snapshot *snapshot, pid_t parent, int fd)
{
	static struct module modules[MODULES_MAX];
	size_t count = modules_parse(snapshot->modules, snapshot->modules_bytes, modules);
	struct module *module = modules_find(modules, count, snapshot->caller);
	struct message end = { .kind = MESSAGE_END };
	cleanup_fd int file = -1;
	struct unwinder unwinder;
	const char *why;
	bool begun;

	limit_child(parent);
	if (module != NULL)
		file = module_open(module);
	/* This one is known for certain, with or without libdw. */
	send_call(fd, MESSAGE_FIRST_CALL, modules, count, snapshot->caller - 1);
	begun = unwind_begin(&unwinder, snapshot, modules, count, &why) == 0;
	drop_privileges();
	if (begun)
		unwind_calls(&unwinder);
	if (begun && unwinder.reached_caller) {
		for (size_t i = 0; i < unwinder.call_count; i++)
			send_call(fd, i == 0 ? MESSAGE_FIRST_CALL : MESSAGE_CALL, modules, count,
				unwinder.calls[i]);
		for (size_t i = 0; i < unwinder.call_count; i++)
			unwind_describe(&unwinder, unwinder.calls[i], send_frame, &fd);
		why = why_incomplete(&unwinder);
	}
	if (why != NULL)
		send_note(fd, why);
	send_message(fd, &end);
}
