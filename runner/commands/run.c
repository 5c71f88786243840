/* SPDX-License-Identifier: MIT
 *
 * run.c - memcage run: parse, open the report's target, run, tell.
 */
#include "commands/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "commands/expectation.h"
#include "commands/reexec.h"
#include "commands/report_file.h"
#include "commands/supervise.h"
#include "spec/options.h"

static void print_help(void)
{
	(void)puts("Usage: memcage run [OPTIONS] -- COMMAND [ARG...]\n"
		   "\n"
		   "Runs COMMAND in a memory cage and says, with evidence, why it ended.\n"
		   "\n"
		   "  memcage run -m 256M -- python3 job.py\n"
		   "  memcage run -m 256M --at-limit fail -r report.json -- ./program\n"
		   "  memcage run -m 1G -t 30s --expect ok -- make test");
	options_print_help(FOR_RUN, stdout);
	(void)puts("\n"
		   "Exit status: the command's own; 128+N for signal N; 124 at a time limit; 126, "
		   "127 when\n"
		   "it could not be executed; 125 for errors of memcage itself. The report never "
		   "folds them.");
}

static void print_summary(const struct options *options, const struct memcage_result *result)
{
	bool colored = options->color == COLOR_ALWAYS ||
		       (options->color == COLOR_AUTO && isatty(STDERR_FILENO) &&
			       getenv("NO_COLOR") == NULL);
	const char *color = memcage_result_verdict_status(result) == 0 ? "\033[32m" : "\033[31m";
	struct memcage_failure failure;
	const char *json = memcage_result_json(result);
	char *text;

	if (options->quiet)
		return;
	if (options->verbose > 0 &&
		memcage_report_text(json, strlen(json), "report", &text, &failure) == 0) {
		(void)fputs(text, stderr);
		free(text);
		return;
	}
	(void)fprintf(stderr, "%smemcage:%s %s\n", colored ? color : "", colored ? "\033[0m" : "",
		memcage_result_summary(result));
}

static int run_and_tell(struct options *options, struct report_file *report, char **argv)
{
	struct expectation expected;
	struct memcage_failure failure;
	struct memcage_result *result = NULL;
	struct memcage_run *run;
	sigset_t mask;
	cleanup_fd int signals = -1;
	int status;

	if (options->expect != NULL && expectation_parse(options->expect, &expected, &failure) < 0)
		return complain("%s", failure.detail);
	if (report_file_open(report, "--report", options->report_path, &failure) < 0)
		return complain("%s", failure.detail);
	signals = supervise_signals(&mask);
	if (signals < 0)
		return complain("cannot watch signals: %s", strerrordesc_np(-signals));
	options->spec.signal_mask = &mask;
	status = memcage_start(&options->spec, &run, &failure);
	options->spec.signal_mask = NULL;
	if (status < 0) {
		reexec_by_systemd(-status, &mask, argv);
		return complain("%s", failure.detail);
	}
	if (options->spec.at_limit == MEMCAGE_FAIL_AT_LIMIT)
		supervise_first();
	supervise(run, signals, options->progress && isatty(STDERR_FILENO));
	(void)memcage_take_result(run, &result);
	(void)memcage_run_free(run);
	if (result == NULL)
		return complain("no memory for the report");
	print_summary(options, result);
	status = options->exit_code == EXIT_CODE_VERDICT ? memcage_result_verdict_status(result)
							 : memcage_result_exit_status(result);
	if (options->expect != NULL)
		status = expectation_met(&expected, result) ? 0 : 1;
	if (report_file_write(report, memcage_result_json(result), &failure) < 0)
		status = complain("%s", failure.detail);
	(void)memcage_result_free(result);
	return status;
}

/* The policy that the options name, if any, into them. */
static int adopt_policy(struct options *options, struct memcage_policy **ret_policy)
{
	struct memcage_failure failure;

	if (options->policy != NULL &&
		(memcage_policy_load(options->policy, ret_policy, &failure) < 0 ||
			options_adopt_policy(options, *ret_policy, &failure) < 0))
		return complain("%s", failure.detail);
	return 0;
}

static int run_as_told(struct options *options, char **argv)
{
	struct report_file report = { .fd = -1 };
	const char **environment = NULL;
	int status;

	if (options_environment(options, environ, &environment) < 0)
		return complain("no memory for the environment");
	options->spec.envp = environment;
	status = run_and_tell(options, &report, argv);
	report_file_close(&report);
	free(environment);
	return status;
}

int command_run(int argc, char **argv)
{
	struct memcage_failure failure;
	struct memcage_policy *policy = NULL;
	struct options options;
	int status;

	if (options_parse(FOR_RUN, argc, argv, &options, &failure) < 0)
		return complain("%s", failure.detail);
	if (options.help) {
		print_help();
		options_done(&options);
		return 0;
	}
	status = adopt_policy(&options, &policy);
	if (status == 0)
		status = run_as_told(&options, argv);
	(void)memcage_policy_free(policy);
	options_done(&options);
	return status;
}
