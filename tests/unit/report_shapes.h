/* SPDX-License-Identifier: MIT
 *
 * report_shapes.h - how the run of each case in report_cases.h differs from the quiet one.
 */
#ifndef MEMCAGE_TESTS_REPORT_SHAPES_H
#define MEMCAGE_TESTS_REPORT_SHAPES_H

#include <errno.h>

#include "report_sample.h"

static inline void unlimited(struct sample *sample)
{
	sample->facts.memory_bytes = UINT64_MAX;
	sample->facts.effective_bytes = sample->evidence.limit_bytes = counter_of(UINT64_MAX);
	sample->facts.effective_owner = "none";
	sample->facts.effective_path = NULL;
}

static inline void unmeasured(struct sample *sample)
{
	sample->evidence.peak_bytes = (struct counter){ 0 };
}

static inline void sampled(struct sample *sample)
{
	sample->facts.peak_sampled = true;
}

static inline void tight(struct sample *sample)
{
	sample->evidence.peak_bytes = sample->evidence.limit_bytes;
	sample->evidence.limit_hits = counter_of(12);
}

static inline void lived(struct sample *sample)
{
	refused(sample, CAUSE_AT_LIMIT_FAIL);
}

static inline void lived_overcommit(struct sample *sample)
{
	refused(sample, CAUSE_OVERCOMMIT);
}

static inline void exit_3(struct sample *sample)
{
	exits(sample, 3);
}

static inline void crashed(struct sample *sample)
{
	dies(sample, SIGSEGV);
	sample->evidence.core_dumped = true;
}

static inline void terminated(struct sample *sample)
{
	dies(sample, SIGTERM);
}

static inline void memory_error(struct sample *sample)
{
	refused(sample, CAUSE_AT_LIMIT_FAIL);
	exits(sample, 1);
	says(sample, "python", "MemoryError");
}

static inline void refused_unseen(struct sample *sample)
{
	refused(sample, CAUSE_UNKNOWN);
	sample->evidence.refusals.first_known = false;
	exits(sample, 1);
}

static inline void bad_alloc(struct sample *sample)
{
	refused(sample, CAUSE_RLIMIT_AS);
	dies(sample, SIGABRT);
	says(sample, "c++",
		"terminate called after throwing an instance of 'std::bad_alloc' and so"
		" on, with many more words than anybody wants to read in a summary");
}

static inline void unchecked(struct sample *sample)
{
	refused(sample, CAUSE_AT_LIMIT_FAIL);
	sample->evidence.refusals.first.source_line[0] = '\0';
	dies(sample, SIGSEGV);
}

static inline void java_heap(struct sample *sample)
{
	says(sample, "java", "java.lang.OutOfMemoryError: Java heap space");
	sample->evidence.signature.is_heap_cap = sample->evidence.signature.image_matches = true;
	text_copy(sample->evidence.main_command, sizeof(sample->evidence.main_command), "java");
	exits(sample, 1);
}

/* A probe in the runtime saw it, and no call was refused. */
static inline void seen_inside(struct sample *sample, const char *runtime, const char *text)
{
	struct evidence_runtime *seen = &sample->evidence.runtime;

	seen->watched = true;
	seen->hits = seen->main_hits = 1;
	seen->told.pid = sample->evidence.main_pid;
	seen->told.boottime_us = sample->facts.started_boottime_us + 120000;
	text_copy(seen->told.runtime, sizeof(seen->told.runtime), runtime);
	text_copy(seen->told.command, sizeof(seen->told.command), runtime);
	text_copy(seen->told.text, sizeof(seen->told.text), text);
}

static inline void java_inside(struct sample *sample)
{
	seen_inside(sample, "java", "Java heap space");
	sample->evidence.runtime.told.is_heap_cap = true;
}

static inline void java_inside_and_end(struct sample *sample)
{
	java_inside(sample);
	sample->evidence.runtime.status_matches = true;
	exits(sample, 1);
}

static inline void go_inside(struct sample *sample)
{
	seen_inside(sample, "go", "out of memory");
	exits(sample, 2);
}

static inline void kernel_object(struct sample *sample)
{
	refused(sample, CAUSE_KERNEL_OBJECT);
	exits(sample, 1);
}

static inline void at_exec(struct sample *sample)
{
	refused(sample, CAUSE_AT_LIMIT_FAIL);
	sample->facts.memory_bytes = 2 * MIB;
	sample->evidence.limit_bytes = counter_of(2 * MIB);
	exits(sample, 127);
}

static inline void own_main(struct sample *sample)
{
	killed(sample, 4711, OWNER_OWN, "/user.slice/memcage-1");
	sample->facts.timeline_count = sizeof(growth) / sizeof(*growth);
}

static inline void own_child(struct sample *sample)
{
	sample->facts.memory_bytes = 128 * MIB;
	sample->evidence.limit_bytes = counter_of(128 * MIB);
	killed(sample, 4713, OWNER_OWN, "/user.slice/memcage-1");
}

static inline void own_group(struct sample *sample)
{
	own_child(sample);
	own_main(sample);
	sample->facts.oom_group = sample->evidence.oom_group = true;
}

static inline void own_unlogged(struct sample *sample)
{
	own_main(sample);
	sample->evidence.kill_count = 0;
	sample->evidence.log_readable = false;
}

static inline void inner(struct sample *sample)
{
	killed(sample, 4713, OWNER_INNER, "/user.slice/memcage-1/job");
	exits(sample, 1);
}

static inline void ancestor(struct sample *sample)
{
	below(sample, "/docker/abc", 128 * MIB);
	below(sample, "/docker", UINT64_MAX);
	killed(sample, 4711, OWNER_ANCESTOR, "/docker/abc");
	sample->judgement.owner_ancestor = 0;
	sample->facts.effective_bytes = counter_of(128 * MIB);
	sample->facts.effective_owner = "ancestor";
	sample->facts.effective_path = "/docker/abc";
}

static inline void ancestor_child(struct sample *sample)
{
	ancestor(sample);
	sample->evidence.kills[0].is_main = false;
	exits(sample, 0);
	sample->evidence.signaled = false;
}

static inline void host(struct sample *sample)
{
	killed(sample, 4711, OWNER_HOST, "");
	sample->evidence.peak_bytes = counter_of(100 * MIB);
	sample->evidence.host_oom_kills = counter_of(1);
}

static inline void outside(struct sample *sample)
{
	own_unlogged(sample);
	sample->evidence.peak_bytes = counter_of(100 * MIB);
}

static inline void wall(struct sample *sample)
{
	sample->facts.wall_time_ms = 5000;
	acted(sample, ACT_WALL_TIME);
}

static inline void cpu(struct sample *sample)
{
	sample->facts.cpu_time_ms = 4000;
	acted(sample, ACT_CPU_TIME);
}

static inline void stalled(struct sample *sample)
{
	acted(sample, ACT_STALL);
	sample->evidence.peak_bytes = sample->evidence.limit_bytes;
	sample->facts.wall_ms = 12000;
}

static inline void throttled(struct sample *sample)
{
	wall(sample);
	sample->facts.memory_high_bytes = 64 * MIB;
	sample->evidence.high_set = true;
	sample->evidence.high_hits = counter_of(9000);
}

static inline void much_stdout(struct sample *sample)
{
	sample->facts.output_bytes = 4 * MIB;
	sample->facts.stdout_facts.truncated = true;
	acted(sample, ACT_OUTPUT_STDOUT);
}

static inline void much_stderr(struct sample *sample)
{
	sample->facts.output_bytes = 4 * MIB;
	acted(sample, ACT_OUTPUT_STDERR);
}

static inline void large_file(struct sample *sample)
{
	dies(sample, SIGXFSZ);
}

static inline void forbidden(struct sample *sample)
{
	sample->facts.policy = "untrusted";
	dies(sample, SIGSYS);
}

static inline void too_many(struct sample *sample)
{
	sample->facts.pids = 8;
	sample->evidence.pids_refused = counter_of(3);
	exits(sample, 1);
}

static inline void killed_outside(struct sample *sample)
{
	sample->evidence.peak_bytes = counter_of(24 * MIB);
	dies(sample, SIGKILL);
}

static inline void oomd(struct sample *sample)
{
	killed_outside(sample);
	sample->evidence.oomd_kills = counter_of(1);
}

static inline void interrupted(struct sample *sample)
{
	acted(sample, ACT_INTERRUPTED);
	sample->evidence.interrupt_signal = SIGINT;
}

static inline void setup(struct sample *sample)
{
	fails_to_start(sample, START_SETUP_FAILED, ENOENT);
	text_copy(sample->evidence.start_step, sizeof(sample->evidence.start_step), "chdir");
}

static inline void not_found(struct sample *sample)
{
	static const char *const argv[] = { "no-such-program", NULL };

	sample->facts.argv = argv;
	fails_to_start(sample, START_EXEC_FAILED, ENOENT);
}

static inline void not_executable(struct sample *sample)
{
	fails_to_start(sample, START_EXEC_FAILED, EACCES);
}

static inline void too_small(struct sample *sample)
{
	fails_to_start(sample, START_DIED_BEFORE_EXEC, 0);
	sample->evidence.limit_bytes = counter_of(16 * 1024);
	sample->facts.memory_bytes = 16 * 1024;
	dies(sample, SIGKILL);
}

static inline void lost(struct sample *sample)
{
	text_copy(sample->judgement.because[0], BECAUSE_SIZE,
		"memory.events could not be read at the end");
	sample->evidence.oom_kills = (struct counter){ 0 };
	dies(sample, SIGKILL);
}

static inline void removed(struct sample *sample)
{
	sample->evidence.group_removed = true;
	lost(sample);
}

#endif
