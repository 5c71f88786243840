/* SPDX-License-Identifier: MIT
 *
 * batch_runs.h - the runs of a batch: jobs are taken from the input as there is room for them, and
 * reports go out as they end, all in one loop over the runs' descriptors.
 */
#ifndef MEMCAGE_COMMANDS_BATCH_RUNS_H
#define MEMCAGE_COMMANDS_BATCH_RUNS_H

#include <signal.h>

#include "commands/batch_ids.h"
#include "commands/batch_input.h"
#include "commands/batch_output.h"
#include "commands/batch_tally.h"
#include "spec/job.h"

/* One policy, for every job that names it. */
struct batch_policy {
	char *name;
	struct memcage_policy *policy;
	struct batch_policy *next;
};

struct batch {
	const struct options *defaults; /* borrowed */
	size_t jobs_max;                /* that run at a time */
	uint64_t memory_total_bytes;    /* UINT64_MAX: no matter how much */
	int signals;                    /* borrowed, see supervise_signals() */
	bool shows_progress;

	struct job_lines input;
	struct record_lines output;
	struct id_set ids;
	struct tally tally;

	int epoll;
	bool input_ended, input_failed, input_watched, input_polls, output_watched;
	struct batch_policy *policies;
	struct batch_run *runs;
	struct batch_job *waiting; /* read, and there was no room yet */
	bool starved;              /* the host had no more descriptors or processes for it */
	uint64_t memory_bytes;     /* what those that run may use */
	bool goes_first;           /* see supervise_first() */
	int stopped_by;            /* the signal that told us to stop; 0: none */
};

/* A job that runs. */
struct batch_run {
	struct memcage_run *run;
	struct batch_job *job;
	struct batch_run *previous, *next;
};

/* Runs all jobs. Returns 0, or -errno with a failure when reading jobs or writing reports failed.
 */
int batch_run_all(struct batch *batch, struct memcage_failure *reterr_failure);

/* Frees what the batch holds; its descriptors stay the caller's. */
void batch_done(struct batch *batch);

/* ---- between the files of this command ---- */

/* Into and out of the batch's epoll set; data tells what it is, a struct batch_run or one of the
 * batch's own members. Returns 0 or -errno. */
int batch_watch(const struct batch *batch, int fd, uint32_t events, void *data);
void batch_forget(const struct batch *batch, int fd);

/* batch_admit.c: takes lines and starts jobs while there is room for them. failure is written when
 * the input fails. */
void batch_admit(struct batch *batch, struct memcage_failure *failure);

/* No more jobs are taken, whatever comes. */
bool batch_is_stopping(const struct batch *batch);

/* There is room for a line. */
bool batch_wants_line(const struct batch *batch);

/* ---- batch_job.c: one job, from its line to its record ---- */

struct batch_job {
	struct job job;
	uint64_t line;
	const char **environment; /* NULL: the caller's own */
	uint64_t memory_bytes;    /* that it may use; UINT64_MAX: no limit */
};

/* The job of a line, ready to start; or its error record. NULL: there is none to run. */
struct batch_job *batch_job_make(struct batch *batch, const char *text, size_t length);
struct batch_job *batch_job_free(struct batch_job *job);

/* {"id": ID or none, "error": {"line": N, "message": TEXT}} */
void batch_error(struct batch *batch, const char *id, uint64_t line, const char *message);

/* The report of a run that has ended. */
void batch_report(
	struct batch *batch, const struct batch_job *job, const struct memcage_result *result);

#endif
