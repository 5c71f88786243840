/* SPDX-License-Identifier: MIT
 *
 * batch.c - memcage batch: many runs, some at a time; JSON Lines in, JSON Lines out.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "commands/batch_resume.h"
#include "commands/batch_runs.h"
#include "commands/commands.h"
#include "commands/expectation.h"
#include "commands/supervise.h"

#define DESCRIPTORS_PER_RUN 24 /* at most, with all witnesses */
#define DESCRIPTORS_OWN 64

static void print_help(void)
{
	(void)puts(
		"Usage: memcage batch [OPTIONS] JOBS.jsonl|-\n"
		"\n"
		"Runs many commands, each in a cage of its own, some at a time. Each line of the\n"
		"input is a job: an id, argv, and options by their names with _ for -. Each line "
		"of\n"
		"the output is the report of a run with that id, as soon as it has ended, or an\n"
		"error: {\"id\": ..., \"error\": {\"line\": N, \"message\": ...}}.\n"
		"\n"
		"  {\"id\": \"a1\", \"argv\": [\"python3\", \"x.py\"], \"memory\": \"256M\", "
		"\"expect\": "
		"\"ok\"}\n"
		"\n"
		"  memcage batch -m 256M -t 5s jobs.jsonl > reports.jsonl\n"
		"  memcage batch --resume reports.jsonl jobs.jsonl >> reports.jsonl\n"
		"  producer | memcage batch --jobs 8 --memory-total 4G - | consumer\n"
		"\n"
		"Options are defaults for the jobs. The streams of a job are /dev/null unless it "
		"says\n"
		"otherwise; the head and tail of its output are in the report all the same.");
	options_print_help(FOR_BATCH, stdout);
	(void)puts("\n"
		   "Exit status: 0 when every job ran, and ended as expected if it says what it "
		   "expects;\n"
		   "1 when one did not; 128+N after signal N; 125 for errors of memcage itself.");
}

static size_t processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

/* Many runs need many descriptors; the commands get what we were given. */
static void make_room_for_descriptors(struct options *options, size_t jobs_max)
{
	rlim_t wanted = DESCRIPTORS_OWN + DESCRIPTORS_PER_RUN * (rlim_t)jobs_max;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
		return;
	options->spec.open_files_max = limit.rlim_cur;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* else fewer run at a time */
}

/* What admission does not see is what ended runs leave behind in the kernel. */
static uint64_t limit_of_all(uint64_t total)
{
	return total == UINT64_MAX ? 0 : total + total / 16;
}

static int run_jobs(struct batch *batch, struct options *options, char **argv)
{
	struct memcage_shared *shared;
	struct memcage_failure failure;
	cleanup_fd int signals = -1;
	sigset_t mask;
	char sum[512];
	int result;

	signals = supervise_signals(&mask);
	if (signals < 0)
		return complain("cannot watch signals: %s", strerrordesc_np(-signals));
	batch->signals = signals;
	options->spec.signal_mask = &mask;
	shared = supervise_shared(
		&options->spec, limit_of_all(batch->memory_total_bytes), &mask, argv);
	if (shared == NULL)
		return EXIT_STATUS_ERROR;
	batch->shows_progress = !options->quiet && isatty(STDERR_FILENO);
	result = batch_run_all(batch, &failure);
	if (batch->shows_progress)
		tally_hide(&batch->tally);
	tally_sum(&batch->tally, sum, sizeof(sum));
	(void)memcage_shared_free(shared);
	if (!options->quiet)
		(void)fprintf(stderr, "memcage: %s%s\n", sum,
			batch->stopped_by != 0 ? "; stopped, the rest was not run" : "");
	if (batch->stopped_by != 0)
		return 128 + batch->stopped_by;
	if (result < 0)
		return complain("%s", failure.detail);
	return batch->tally.unmet > 0 ? 1 : 0;
}

/* The input's size, where it has one, is what progress is measured by. */
static int open_input(struct batch *batch, const char *path)
{
	struct stat facts;

	batch->input.fd = strcmp(path, "-") == 0 ? STDIN_FILENO
						 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (batch->input.fd < 0)
		return complain("%s: %s", path, strerrordesc_np(errno));
	if (fstat(batch->input.fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > 0)
		batch->tally.input_bytes = (uint64_t)facts.st_size;
	if (S_ISDIR(facts.st_mode))
		return complain("%s: is a directory; say a file of jobs", path);
	return 0;
}

static int batch_as_told(struct options *options, char **argv)
{
	struct batch batch = { .defaults = options, .epoll = -1, .signals = -1 };
	struct expectation expectation;
	struct memcage_failure failure;
	int status;

	if (options->operand_count != 1)
		return complain(
			"say one file of jobs, behind the options, or - for standard input: "
			"memcage batch [OPTIONS] JOBS.jsonl");
	if (options->expect != NULL &&
		expectation_parse(options->expect, &expectation, &failure) < 0)
		return complain("%s", failure.detail);
	batch.jobs_max = options->jobs != 0 ? (size_t)options->jobs : processors();
	batch.memory_total_bytes = options->memory_total_bytes != 0 ? options->memory_total_bytes
								    : UINT64_MAX;
	make_room_for_descriptors(options, batch.jobs_max);
	record_lines_begin(&batch.output, STDOUT_FILENO);
	status = open_input(&batch, options->operands[0]);
	if (status == 0 && options->resume_path != NULL &&
		batch_resume(options->resume_path, STDOUT_FILENO, &batch.ids, &failure) < 0)
		status = complain("%s", failure.detail);
	if (status == 0)
		status = run_jobs(&batch, options, argv);
	if (batch.input.fd > STDERR_FILENO)
		fd_close(&batch.input.fd);
	batch_done(&batch);
	return status;
}

int command_batch(int argc, char **argv)
{
	struct memcage_failure failure;
	struct options options;
	int status = 0;

	if (options_parse(FOR_BATCH, argc, argv, &options, &failure) < 0)
		return complain("%s", failure.detail);
	if (options.help)
		print_help();
	else
		status = batch_as_told(&options, argv);
	options_done(&options);
	return status;
}
