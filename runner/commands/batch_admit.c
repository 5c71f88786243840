/* SPDX-License-Identifier: MIT
 *
 * batch_admit.c - which job starts when: as there is room for it beside those that run, and a
 * reader for its report.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/failure.h"
#include "commands/batch_runs.h"
#include "commands/supervise.h"

#define BACKLOG_MAX_BYTES 65536 /* more that is not read: no jobs are taken */

bool batch_is_stopping(const struct batch *batch)
{
	return batch->stopped_by != 0 || batch->input_failed || batch->output.error_number != 0;
}

/* What another run gives back when it ends. */
static bool may_come_right(int result)
{
	return result == -EMFILE || result == -ENFILE || result == -EAGAIN || result == -ENOMEM ||
	       result == -ENOSPC;
}

static bool fits(const struct batch *batch, const struct batch_job *job)
{
	return batch->memory_total_bytes == UINT64_MAX ||
	       job->memory_bytes <= batch->memory_total_bytes - batch->memory_bytes;
}

static int start_run(struct batch *batch, struct batch_job *job, struct memcage_failure *failure)
{
	struct batch_run *entry = calloc(1, sizeof(*entry));
	int result;

	if (entry == NULL)
		return failure_set(failure, ENOMEM, "no memory for a run");
	result = memcage_start(&job->job.options.spec, &entry->run, failure);
	if (result == 0) {
		result = batch_watch(batch, memcage_run_fd(entry->run), EPOLLIN, entry);
		if (result < 0) {
			(void)failure_errno(failure, -result, "watch a run");
			(void)memcage_run_free(entry->run);
		}
	}
	if (result < 0) {
		free(entry);
		return result;
	}
	entry->job = job;
	entry->next = batch->runs;
	if (batch->runs != NULL)
		batch->runs->previous = entry;
	batch->runs = entry;
	if (batch->memory_total_bytes != UINT64_MAX)
		batch->memory_bytes += job->memory_bytes;
	batch->tally.running++;
	if (job->job.options.spec.at_limit == MEMCAGE_FAIL_AT_LIMIT && !batch->goes_first) {
		batch->goes_first = true;
		supervise_first();
	}
	return 0;
}

/* Takes the job that waits. Returns false when it has to wait on. */
static bool start_waiting(struct batch *batch)
{
	struct batch_job *job = batch->waiting;
	struct memcage_failure failure;
	int result;

	if (batch->starved || batch->tally.running >= batch->jobs_max || !fits(batch, job))
		return false;
	result = start_run(batch, job, &failure);
	if (may_come_right(result) && batch->runs != NULL) {
		batch->starved = true;
		return false;
	}
	batch->waiting = NULL;
	if (result < 0) {
		batch_error(batch, job->job.id, job->line, failure.detail);
		(void)batch_job_free(job);
	}
	return true;
}

/* One line more, if there is one now. Returns false when there is nothing to do with it yet. */
static bool take_line(struct batch *batch, struct memcage_failure *failure)
{
	const char *text;
	size_t length;

	switch (job_lines_next(&batch->input, &text, &length)) {
	case LINE_READY:
		batch->waiting = batch_job_make(batch, text, length);
		return true;
	case LINE_TOO_LONG:
		batch_error(batch, NULL, batch->input.number, "the line is longer than 1 MiB");
		return true;
	case LINE_WAIT:
		return false;
	case LINE_END:
		batch->input_ended = true;
		return false;
	case LINE_FAILED:
		(void)failure_errno(failure, errno, "cannot read the jobs");
		batch->input_failed = true;
		return false;
	}
	return false;
}

static bool has_backlog(const struct batch *batch)
{
	return batch->output.size > BACKLOG_MAX_BYTES;
}

bool batch_wants_line(const struct batch *batch)
{
	return batch->waiting == NULL && !batch->input_ended && !batch_is_stopping(batch) &&
	       !has_backlog(batch) && batch->tally.running < batch->jobs_max;
}

void batch_admit(struct batch *batch, struct memcage_failure *failure)
{
	for (;;) {
		if (batch_is_stopping(batch) || has_backlog(batch))
			return;
		if (batch->waiting != NULL) {
			if (!start_waiting(batch))
				return;
		} else if (!batch_wants_line(batch) || !take_line(batch, failure)) {
			return;
		}
	}
}
