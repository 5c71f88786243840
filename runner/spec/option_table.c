/* SPDX-License-Identifier: MIT */
#include "spec/option_table.h"

#include <stddef.h>

#define SPEC(member) offsetof(struct options, spec.member)
#define HERE(member) offsetof(struct options, member)

static const char *const at_limit_choices[] = { "kill", "fail", NULL };
static const char *const backend_choices[] = { "auto", "v2", "v1", "rlimit", NULL };
static const char *const exit_code_choices[] = { "workload", "verdict", NULL };
static const char *const color_choices[] = { "auto", "always", "never", NULL };
static const char *const format_choices[] = { "text", NULL };

/* What a command line may say of one run, of all runs of a batch, and a job of itself. */
#define FOR_EACH (FOR_RUN | FOR_BATCH | FOR_JOB)
/* And what each of the runs of a sweep or a fit may be told, too. */
#define FOR_CAGED (FOR_EACH | FOR_SWEEP | FOR_FIT)

/* clang-format off: a table is read by its columns */
const struct option_row option_rows[] = {
	{ "Limits", 'm', "memory", "SIZE", VALUE_LIMIT, SPEC(memory_max_bytes), NULL, FOR_CAGED,
		"the cage's memory limit: 64M, 1.5G, max. Powers of 1024, rounded down to a page" },
	{ NULL, 0, "swap", "SIZE", VALUE_SIZE, SPEC(swap_max_bytes), NULL, FOR_CAGED,
		"swap allowance, default 0: without that a memory limit is not a limit" },
	{ NULL, 0, "memory-high", "SIZE", VALUE_LIMIT, SPEC(memory_high_bytes), NULL, FOR_EACH,
		"throttling mark (memory.high, cgroup v2), off by default" },
	{ NULL, 0, "at-limit", "kill|fail", VALUE_CHOICE, SPEC(at_limit), at_limit_choices,
		FOR_EACH | FOR_FIT,
		"kill (default): the kernel OOM-kills at the limit. fail: allocations are refused "
		"in the "
		"process just before it, so that a program can see MemoryError, bad_alloc or "
		"NULL" },
	{ NULL, 0, "oom-group", NULL, VALUE_FLAG, SPEC(oom_group), NULL, FOR_EACH | FOR_FIT,
		"an OOM kill takes the whole cage" },
	{ NULL, 't', "wall-time", "TIME", VALUE_DURATION, SPEC(wall_time_max_ms), NULL, FOR_CAGED,
		"wall-clock limit: 500ms, 5s, 2m" },
	{ NULL, 0, "cpu-time", "TIME", VALUE_DURATION, SPEC(cpu_time_max_ms), NULL, FOR_CAGED,
		"limit on user plus system time of the whole cage" },
	{ NULL, 0, "grace", "TIME", VALUE_DURATION, SPEC(grace_ms), NULL, FOR_EACH | FOR_FIT,
		"at a time limit, or when memcage is told to stop: SIGTERM to the main process, "
		"and the cage "
		"is killed after TIME; default 0" },
	{ NULL, 0, "last-words", NULL, VALUE_FLAG, SPEC(last_words), NULL, FOR_RUN,
		"hold the first OOM kill at the limit for a moment (some ms, at most 1 s) to see "
		"by which calls, and at which line, the memory was wanted. On cgroup v1 a system "
		"call that needs memory at the limit fails then, where it would have killed. Not "
		"with --memory-high" },
	{ NULL, 0, "stall-time", "TIME|off", VALUE_STALL, SPEC(stall_ms), NULL, FOR_EACH | FOR_FIT,
		"at the limit, nobody killed and no progress for TIME (default 10s): ended as "
		"stalled_at_limit" },
	{ NULL, 0, "pids", "N", VALUE_NUMBER, SPEC(pids_max), NULL, FOR_CAGED,
		"at most N processes and threads" },
	{ NULL, 0, "output-max", "SIZE", VALUE_CAP, SPEC(output_max_bytes), NULL, FOR_EACH,
		"per stream: the first SIZE bytes are passed on, then the cage ends as "
		"output_limit" },
	{ NULL, 0, "output-truncate", NULL, VALUE_FLAG, SPEC(output_truncate), NULL, FOR_EACH,
		"with --output-max: discard what is beyond and go on" },

	{ "The command's surroundings", 0, "stdin", "FILE", VALUE_TEXT, SPEC(stdin_path), NULL,
		FOR_CAGED, "read standard input from FILE" },
	{ NULL, 0, "stdout", "FILE", VALUE_TEXT, SPEC(stdout_path), NULL, FOR_EACH,
		"write standard output to FILE (no symbolic link)" },
	{ NULL, 0, "stderr", "FILE", VALUE_TEXT, SPEC(stderr_path), NULL, FOR_EACH,
		"write standard error to FILE (no symbolic link)" },
	{ NULL, 0, "chdir", "DIR", VALUE_TEXT, SPEC(working_directory), NULL, FOR_CAGED,
		"run the command in DIR" },
	{ NULL, 0, "env", "K=V", VALUE_ENVIRONMENT, 0, NULL, FOR_CAGED,
		"set a variable in the command's environment; may be repeated" },
	{ NULL, 0, "clear-env", NULL, VALUE_FLAG, HERE(clear_environment), NULL, FOR_CAGED,
		"start from an empty environment (then --env adds)" },
	{ NULL, 0, "user", "UID[:GID]", VALUE_USER, 0, NULL, FOR_CAGED,
		"run the command as this user; names work too" },
	{ NULL, 0, "keep-fds", NULL, VALUE_FLAG, SPEC(keep_fds), NULL, FOR_RUN,
		"let inherited file descriptors 3 and up through; by default they are closed" },
	{ NULL, 0, "wait-tree", NULL, VALUE_FLAG, SPEC(wait_tree), NULL, FOR_EACH | FOR_FIT,
		"the run ends with the last process of the cage, not with the main one" },
	{ NULL, 0, "no-tap", NULL, VALUE_FLAG, SPEC(no_tap), NULL, FOR_EACH,
		"inherit all streams: no text evidence, and the report says so" },

	{ "The cage", 'p', "policy", "NAME|FILE", VALUE_TEXT, HERE(policy), NULL,
		FOR_EACH | FOR_FIT | FOR_SELFTEST,
		"limits and isolation from a policy; see memcage policy list. Options win over "
		"it" },
	{ NULL, 0, "backend", "NAME", VALUE_CHOICE, SPEC(backend), backend_choices,
		FOR_RUN | FOR_BATCH | FOR_SWEEP | FOR_FIT,
		"auto, v2, v1, or rlimit (degraded: per-process limits only)" },
	{ NULL, 0, "allow-degraded", NULL, VALUE_FLAG, SPEC(allow_degraded), NULL,
		FOR_RUN | FOR_BATCH | FOR_SWEEP | FOR_FIT,
		"run with what this host can enforce, named in the report, instead of refusing" },
	{ NULL, 0, "parent", "PATH", VALUE_TEXT, SPEC(parent_group), NULL,
		FOR_RUN | FOR_BATCH | FOR_SWEEP | FOR_FIT | FOR_SELFTEST,
		"the cgroup below which the cage is made" },
	{ NULL, 0, "witness", "LIST", VALUE_WITNESSES, SPEC(witnesses), NULL, FOR_EACH | FOR_FIT,
		"how refused allocations are observed: auto, none, or of "
		"preload,trace,bpf,runtime,signature,kmsg" },

	{ NULL, 0, "fail-alloc", "RULE", VALUE_INJECTION, 0, NULL, FOR_RUN,
		"refuse requests for memory on purpose: nth=N, size>=SIZE, after=TOTAL or "
		"random=P,seed=K, each with ,comm=NAME for programs of that name only; may be "
		"repeated. Each process counts its own from its start on; nth=0 only counts" },

	{ "The answer", 'r', "report", "FILE", VALUE_TEXT, HERE(report_path), NULL, FOR_RUN,
		"write the JSON report to FILE; - is standard output" },
	{ NULL, 0, "expect", "VERDICT[/REASON]", VALUE_TEXT, HERE(expect), NULL, FOR_EACH | FOR_FIT,
		"exit 0 exactly when the verdict is this one, else 1. Of fit: a run passes that "
		"ends "
		"so" },
	{ NULL, 0, "exit-code", "WHAT", VALUE_CHOICE, HERE(exit_code), exit_code_choices, FOR_RUN,
		"what the exit status means: workload (default) or verdict" },
	{ NULL, 'q', "quiet", NULL, VALUE_FLAG, HERE(quiet), NULL,
		FOR_RUN | FOR_BATCH | FOR_SWEEP | FOR_FIT, "no summary line, and no progress" },
	{ NULL, 'v', "verbose", NULL, VALUE_COUNT, HERE(verbose), NULL, FOR_RUN,
		"more on standard error: the whole report in words; twice: also how the cage was "
		"made" },
	{ NULL, 0, "color", "WHEN", VALUE_CHOICE, HERE(color), color_choices,
		FOR_RUN | FOR_REPORT | FOR_DOCTOR, "auto (default), always or never" },
	{ NULL, 0, "progress", NULL, VALUE_FLAG, HERE(progress), NULL, FOR_RUN,
		"show memory and time while the command runs, when standard error is a terminal" },

	{ "Many runs", 0, "jobs", "N", VALUE_NUMBER, HERE(jobs), NULL,
		FOR_BATCH | FOR_SWEEP | FOR_FIT,
		"so many runs at a time; default: as many as there are processors" },
	{ NULL, 0, "memory-total", "SIZE", VALUE_LIMIT, HERE(memory_total_bytes), NULL, FOR_BATCH,
		"a job waits until its limit fits into SIZE beside those that run; all cages "
		"together have a limit a sixteenth above it" },
	{ NULL, 0, "resume", "FILE", VALUE_TEXT, HERE(resume_path), NULL, FOR_BATCH | FOR_SWEEP,
		"leave out what FILE, the reports of a batch or the notes of a sweep, has already; "
		"a sweep writes its notes there" },
	{ NULL, 0, "budget", "TIME", VALUE_DURATION, HERE(budget_ms), NULL, FOR_SWEEP,
		"start no more runs after TIME; what is tried until then is spread evenly" },
	{ NULL, 0, "comm", "NAME", VALUE_TEXT, HERE(program), NULL, FOR_SWEEP,
		"the program whose requests are refused; default: the command itself" },
	{ NULL, 0, "repeat", "N", VALUE_NUMBER, HERE(repeat), NULL, FOR_FIT,
		"a limit passes when N runs under it pass; default 3" },
	{ NULL, 0, "precision", "SIZE", VALUE_LIMIT, HERE(precision_bytes), NULL, FOR_FIT,
		"how close the limit is to be found; default: a fiftieth of it, at least 1M" },
	{ NULL, 0, "junit", "FILE", VALUE_TEXT, HERE(junit_path), NULL, FOR_SWEEP,
		"write the result to FILE as JUnit XML, too" },
	{ NULL, 0, "picture", "FILE", VALUE_TEXT, HERE(picture_path), NULL, FOR_FIT,
		"draw the outcomes by limit into FILE, .svg, .png or .pdf, too; needs gnuplot" },

	{ NULL, 0, "format", "NAME", VALUE_CHOICE, HERE(format), format_choices, FOR_REPORT,
		"text" },
	{ NULL, 0, "json", NULL, VALUE_FLAG, HERE(json), NULL,
		FOR_DOCTOR | FOR_EXPLAIN | FOR_SWEEP | FOR_FIT | FOR_SELFTEST, "print JSON" },
	{ NULL, 0, "only", "GLOB", VALUE_TEXT, HERE(only), NULL, FOR_SELFTEST,
		"only the attacks of such names; also @(ONE|OTHER) and !(ONE|OTHER)" },
	{ NULL, 0, "spoil", NULL, VALUE_FLAG, HERE(spoil), NULL, FOR_SELFTEST,
		"this machine may be spoiled: attacks that may harm it are made without a cage, "
		"too" },
	{ NULL, 0, "clean", NULL, VALUE_FLAG, HERE(clean), NULL, FOR_DOCTOR,
		"remove groups and probes that crashed runs left behind" },
	{ NULL, 'h', "help", NULL, VALUE_FLAG, HERE(help), NULL,
		FOR_RUN | FOR_BATCH | FOR_REPORT | FOR_DOCTOR | FOR_POLICY | FOR_EXPLAIN |
			FOR_SWEEP | FOR_FIT | FOR_SELFTEST,
		"show this help" },
};
/* clang-format on */

const size_t option_row_count = sizeof(option_rows) / sizeof(*option_rows);
