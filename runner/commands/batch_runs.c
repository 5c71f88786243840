/* SPDX-License-Identifier: MIT */
#include "commands/batch_runs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/failure.h"

#define EVENTS_AT_ONCE 64
#define PROGRESS_INTERVAL_MS 200

int batch_watch(const struct batch *batch, int fd, uint32_t events, void *data)
{
	struct epoll_event event = { .events = events, .data.ptr = data };

	return epoll_ctl(batch->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void batch_forget(const struct batch *batch, int fd)
{
	(void)epoll_ctl(batch->epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* ---- ending ---- */

static void forget_run(struct batch *batch, struct batch_run *entry)
{
	batch_forget(batch, memcage_run_fd(entry->run));
	(void)memcage_run_free(entry->run);
	if (entry->previous != NULL)
		entry->previous->next = entry->next;
	else
		batch->runs = entry->next;
	if (entry->next != NULL)
		entry->next->previous = entry->previous;
	if (batch->memory_total_bytes != UINT64_MAX)
		batch->memory_bytes -= entry->job->memory_bytes;
	batch->tally.running--;
	batch->starved = false;
	(void)batch_job_free(entry->job);
	free(entry);
}

static void end_run(struct batch *batch, struct batch_run *entry)
{
	struct memcage_result *result;

	if (memcage_take_result(entry->run, &result) < 0 || result == NULL) {
		batch_error(
			batch, entry->job->job.id, entry->job->line, "no memory for the report");
	} else {
		batch_report(batch, entry->job, result);
		(void)memcage_result_free(result);
	}
	forget_run(batch, entry);
}

static void stop_all(struct batch *batch, int signal_number, bool on_terminal)
{
	for (struct batch_run *entry = batch->runs; entry != NULL; entry = entry->next)
		memcage_interrupt(entry->run, signal_number, on_terminal);
}

static bool is_of_a_run(const struct batch *batch, int pid)
{
	for (const struct batch_run *entry = batch->runs; entry != NULL; entry = entry->next)
		if (memcage_run_contains(entry->run, pid))
			return true;
	return false;
}

static void take_signals(struct batch *batch)
{
	struct signalfd_siginfo info;

	while (read(batch->signals, &info, sizeof(info)) == sizeof(info)) {
		int number = (int)info.ssi_signo;
		bool by_key = info.ssi_code == SI_KERNEL && (number == SIGINT || number == SIGQUIT);

		/* A workload that signals its process group means itself, not us. */
		if (info.ssi_code != SI_KERNEL && is_of_a_run(batch, (int)info.ssi_pid))
			continue;
		/* Told twice: whoever reads our reports does not, and nobody waits for that. */
		if (batch->stopped_by != 0 && batch->runs == NULL)
			batch->output.error_number = EINTR;
		batch->stopped_by = number;
		stop_all(batch, number, by_key);
	}
}

/* ---- the loop ---- */

/* Only what is waited for is in the set. */
static void rewatch(struct batch *batch)
{
	bool input = batch_wants_line(batch) && batch->input_polls;
	bool output = record_lines_wait(&batch->output);

	if (input && !batch->input_watched)
		(void)batch_watch(batch, batch->input.fd, EPOLLIN, &batch->input);
	if (!input && batch->input_watched)
		batch_forget(batch, batch->input.fd);
	if (output && !batch->output_watched)
		(void)batch_watch(batch, batch->output.fd, EPOLLOUT, &batch->output);
	if (!output && batch->output_watched)
		batch_forget(batch, batch->output.fd);
	batch->input_watched = input;
	batch->output_watched = output;
}

static bool is_over(const struct batch *batch)
{
	bool no_more = batch_is_stopping(batch) || (batch->input_ended && batch->waiting == NULL);

	return no_more && batch->runs == NULL && !record_lines_wait(&batch->output);
}

static void handle(struct batch *batch, void *data)
{
	if (data == &batch->signals)
		take_signals(batch);
	else if (data == &batch->output)
		record_lines_flush(&batch->output);
	else if (data != &batch->input && memcage_step(((struct batch_run *)data)->run) == 0)
		end_run(batch, data);
}

static void loop(struct batch *batch, struct memcage_failure *failure)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	bool stopped = false;

	for (;;) {
		int count;

		batch_admit(batch, failure);
		/* Nothing that ends now could be told or matters: no use in going on. */
		if (batch_is_stopping(batch) && batch->stopped_by == 0 && !stopped) {
			stopped = true;
			stop_all(batch, SIGTERM, false);
		}
		if (is_over(batch))
			return;
		rewatch(batch);
		count = epoll_wait(batch->epoll, events, EVENTS_AT_ONCE,
			batch->shows_progress ? PROGRESS_INTERVAL_MS : -1);
		for (int i = 0; i < count; i++)
			handle(batch, events[i].data.ptr);
		if (batch->shows_progress)
			tally_show(&batch->tally, batch->input.read_bytes);
	}
}

int batch_run_all(struct batch *batch, struct memcage_failure *reterr_failure)
{
	int result;

	batch->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (batch->epoll < 0)
		return failure_errno(reterr_failure, errno, "make an epoll set");
	result = batch_watch(batch, batch->signals, EPOLLIN, &batch->signals);
	if (result < 0)
		return failure_errno(reterr_failure, -result, "watch signals");
	/* A file is not for polling, it can always be read. */
	batch->input_polls = batch_watch(batch, batch->input.fd, EPOLLIN, &batch->input) == 0;
	batch->input_watched = batch->input_polls;
	tally_begin(&batch->tally);
	loop(batch, reterr_failure);
	if (batch->input_failed)
		return -EIO;
	if (batch->output.error_number != 0)
		return failure_errno(
			reterr_failure, batch->output.error_number, "cannot write the reports");
	return 0;
}

void batch_done(struct batch *batch)
{
	while (batch->runs != NULL)
		forget_run(batch, batch->runs);
	batch->waiting = batch_job_free(batch->waiting);
	while (batch->policies != NULL) {
		struct batch_policy *entry = batch->policies;

		batch->policies = entry->next;
		(void)memcage_policy_free(entry->policy);
		free(entry->name);
		free(entry);
	}
	job_lines_done(&batch->input);
	record_lines_done(&batch->output);
	id_set_done(&batch->ids);
	if (batch->epoll >= 0)
		(void)close(batch->epoll);
}
