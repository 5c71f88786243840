/* SPDX-License-Identifier: MIT */
#include "commands/supervise.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "commands/commands.h"
#include "commands/reexec.h"

#define PROGRESS_INTERVAL_MS 200

int supervise_signals(sigset_t *ret_mask)
{
	static const int ours[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t blocked, read;
	int fd;

	(void)sigemptyset(&read);
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
		struct sigaction action;

		/* What the caller had ignored (nohup) stays ignored. */
		if (sigaction(ours[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			(void)sigaddset(&read, ours[i]);
	}
	blocked = read;
	(void)sigaddset(&blocked, SIGPIPE); /* a reader that goes away is EPIPE to us, */
	(void)sigaddset(&blocked, SIGXFSZ); /* and a file that RLIMIT_FSIZE ends is EFBIG */
	if (sigprocmask(SIG_BLOCK, &blocked, ret_mask) < 0)
		return -errno;
	fd = signalfd(-1, &read, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

struct memcage_shared *supervise_shared(const struct memcage_spec *spec, uint64_t memory_max_bytes,
	const sigset_t *mask, char **argv)
{
	struct memcage_shared *shared;
	struct memcage_failure failure;
	int result = memcage_shared_open(spec, memory_max_bytes, &shared, &failure);

	if (result == 0)
		return shared;
	reexec_by_systemd(-result, mask, argv);
	(void)complain("%s", failure.detail);
	return NULL;
}

int supervise_many(
	struct memcage_spec *spec, char **argv, int (*work)(void *data, int signals), void *data)
{
	struct memcage_shared *shared;
	cleanup_fd int signals = -1;
	sigset_t mask;
	int status = EXIT_STATUS_ERROR;

	signals = supervise_signals(&mask);
	if (signals < 0)
		return complain("cannot watch signals: %s", strerrordesc_np(-signals));
	spec->signal_mask = &mask;
	shared = supervise_shared(spec, 0, &mask, argv);
	if (shared != NULL)
		status = work(data, signals);
	(void)memcage_shared_free(shared);
	spec->signal_mask = NULL;
	return status;
}

static void take_signals(struct memcage_run *run, int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info)) {
		int number = (int)info.ssi_signo;
		/* The kernel sent it for a key press: the command, in the same group, has it too.
		 */
		bool by_key = info.ssi_code == SI_KERNEL && (number == SIGINT || number == SIGQUIT);

		/* A workload that signals its process group means itself, not us. */
		if (info.ssi_code != SI_KERNEL && memcage_run_contains(run, (int)info.ssi_pid))
			continue;
		memcage_interrupt(run, number, by_key);
	}
}

/* At most once in an interval: the run wakes us for other things, too. */
static void show_progress(const struct memcage_run *run, uint64_t *shown_ms)
{
	char used[TEXT_NUMBER_SIZE], limit[TEXT_NUMBER_SIZE], time[TEXT_NUMBER_SIZE];
	struct memcage_progress now;

	memcage_run_progress(run, &now);
	if (now.memory_bytes == UINT64_MAX ||
		(*shown_ms != 0 && now.elapsed_ms < *shown_ms + PROGRESS_INTERVAL_MS))
		return;
	*shown_ms = now.elapsed_ms;
	(void)fprintf(stderr, "\r\033[Kmemcage: %s", format_size(now.memory_bytes, used));
	if (now.limit_bytes != UINT64_MAX)
		(void)fprintf(stderr, " of %s", format_size(now.limit_bytes, limit));
	(void)fprintf(stderr, ", %s", format_duration(now.elapsed_ms, time));
}

void supervise_first(void)
{
	const struct sched_param first = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first) < 0)
		(void)setpriority(PRIO_PROCESS, 0, -20);
}

void supervise(struct memcage_run *run, int signals, bool progress)
{
	struct pollfd ready[2] = { { .fd = memcage_run_fd(run), .events = POLLIN },
		{ .fd = signals, .events = POLLIN } };
	uint64_t shown_ms = 0;

	while (memcage_step(run) == 1) {
		(void)poll(ready, 2, progress ? PROGRESS_INTERVAL_MS : -1);
		take_signals(run, signals);
		if (progress)
			show_progress(run, &shown_ms);
	}
	if (progress)
		(void)fputs("\r\033[K", stderr);
}
