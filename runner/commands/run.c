/* SPDX-License-Identifier: MIT
 *
 * run.c - memcage run: parse, open the report's target, run, tell.
 */
#include "commands/commands.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "commands/report_file.h"
#include "commands/supervise.h"
#include "spec/options.h"

#define REEXEC_VARIABLE "MEMCAGE_REEXEC"

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

/* VERDICT or VERDICT/REASON, split at the slash. */
static int check_expectation(const char *expect, char verdict[static 64], const char **ret_reason)
{
	const char *slash = strchr(expect, '/');

	text_copy(verdict, 64, expect);
	verdict[strcspn(verdict, "/")] = '\0';
	*ret_reason = slash != NULL ? slash + 1 : NULL;
	if (memcage_verdict_exists(verdict, *ret_reason))
		return 0;
	if (memcage_verdict_exists(verdict, NULL))
		return complain(
			"--expect %s: the verdict %s has no reason '%s'; see memcage(1), VERDICTS",
			expect, verdict, *ret_reason);
	return complain("--expect %s: no such verdict; it is one of ok, failed, alloc_failure, "
			"oom_kill, timeout, "
			"output_limit, policy_violation, killed, not_started, indeterminate",
		expect);
}

static bool meets(const struct memcage_result *result, const char *verdict, const char *reason)
{
	return strcmp(memcage_result_verdict(result), verdict) == 0 &&
	       (reason == NULL || strcmp(memcage_result_reason(result), reason) == 0);
}

/* Where our group cannot be divided, systemd can give us one of our own: once. Only returns when it
 * cannot help. */
static void reexec_by_systemd(int error_number, char **argv)
{
	const char *arguments[] = { "systemd-run", "--scope", "--quiet", "--collect", "-p",
		"Delegate=yes", "--", NULL };
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char **all;
	size_t count = 0, own = 0;
	bool as_user;

	if ((error_number != EBUSY && error_number != EACCES && error_number != EPERM) ||
		length < 0 || getenv(REEXEC_VARIABLE) != NULL ||
		!memcage_systemd_could_help(&as_user))
		return;
	self[length] = '\0';
	while (argv[own] != NULL)
		own++;
	all = calloc(own + 12, sizeof(*all));
	if (all == NULL)
		return;
	for (size_t i = 0; arguments[i] != NULL; i++) {
		all[count++] = arguments[i];
		if (i == 0 && as_user)
			all[count++] = "--user";
	}
	all[count++] = self;
	for (size_t i = 0; i < own; i++)
		all[count++] = argv[i]; /* "run" and what follows */
	(void)setenv(REEXEC_VARIABLE, "1", 1);
	(void)execvp("systemd-run", (char *const *)(uintptr_t)all);
	(void)unsetenv(REEXEC_VARIABLE);
	free(all);
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

/* A squeeze races with the workload: a late look is a kill instead of a refusal. It works for some
 * microseconds at a time, so it may go before everybody else. Not permitted to everybody, and then
 * the race is a little less even. */
static void go_first(void)
{
	const struct sched_param first = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first) < 0)
		(void)setpriority(PRIO_PROCESS, 0, -20);
}

static int run_and_tell(struct options *options, struct report_file *report, char **argv)
{
	char expected[64];
	const char *expected_reason = NULL;
	struct memcage_failure failure;
	struct memcage_result *result = NULL;
	struct memcage_run *run;
	sigset_t mask;
	cleanup_fd int signals = -1;
	int status;

	if (options->expect != NULL &&
		check_expectation(options->expect, expected, &expected_reason) != 0)
		return EXIT_STATUS_ERROR;
	if (report_file_open(report, options->report_path, &failure) < 0)
		return complain("%s", failure.detail);
	signals = supervise_signals(&mask);
	if (signals < 0)
		return complain("cannot watch signals: %s", strerrordesc_np(-signals));
	options->spec.signal_mask = &mask;
	status = memcage_start(&options->spec, &run, &failure);
	options->spec.signal_mask = NULL;
	if (status < 0) {
		(void)sigprocmask(SIG_SETMASK, &mask, NULL);
		reexec_by_systemd(-status, argv);
		return complain("%s", failure.detail);
	}
	if (options->spec.at_limit == MEMCAGE_FAIL_AT_LIMIT)
		go_first();
	supervise(run, signals, options->progress && isatty(STDERR_FILENO));
	(void)memcage_take_result(run, &result);
	(void)memcage_run_free(run);
	if (result == NULL)
		return complain("no memory for the report");
	print_summary(options, result);
	status = options->exit_code == EXIT_CODE_VERDICT ? memcage_result_verdict_status(result)
							 : memcage_result_exit_status(result);
	if (options->expect != NULL)
		status = meets(result, expected, expected_reason) ? 0 : 1;
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
