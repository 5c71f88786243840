/* SPDX-License-Identifier: MIT
 *
 * run.c - the life of one run, as memcage.h promises it.
 *
 *     memcage_start   check -> cage -> guard -> baseline -> witnesses -> streams -> spawn -> watch
 *     memcage_step    watch, until the cage is empty; then
 *     conclude        last reading -> evidence -> verdict -> remove the cage -> report
 */
#include "engine/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failure.h"
#include "base/fd.h"
#include "base/text.h"
#include "cage/guard.h"
#include "spec/check.h"
#include "spec/policy.h"

/* The kernel would reap the child by itself and nobody would learn how it ended. */
static bool sigchld_is_ignored(void)
{
	struct sigaction action;

	return sigaction(SIGCHLD, NULL, &action) == 0 &&
	       (action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDWAIT) != 0);
}

/* Without a controlling terminal nobody needs the workload in our process group, and a workload
 * that signals its own group must not hit us. */
static bool has_controlling_terminal(void)
{
	cleanup_fd int terminal = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return terminal >= 0;
}

static void read_all(struct memcage_run *run, struct reading *reading)
{
	struct counter_source source = cage_counters(&run->cage);

	if (run->cage.kind == CAGE_RLIMIT) {
		static const struct group none = GROUP_NONE;

		source = (struct counter_source){ .memory = &none, .twin = &none, .pids = &none };
	}
	counters_read(&source, &reading->counters, &reading->raw);
	if (run->cage.home != NULL)
		ancestors_read(&run->cage.home->hierarchies, run->cage.leaf, &reading->ancestors);
}

static int start_child(struct memcage_run *run, struct memcage_failure *failure)
{
	struct spawned child = SPAWNED_NONE;
	int result = guard_add(&run->cage, failure);

	if (result < 0)
		return result;
	result = spawn(&run->spec, &run->cage, run->streams.child, !has_controlling_terminal(),
		&child, failure);
	streams_close_child_side(&run->streams);
	witnesses_started(&run->witnesses);
	if (result < 0) {
		guard_remove(&run->cage);
		return result;
	}
	for (int i = 0; i < 2; i++)
		if (run->streams.output[i].tapped)
			witnesses_observe(&run->witnesses, i, &run->streams.output[i], &run->watch);
	result = watch_begin(&run->watch, &run->cage, &run->spec, child, run->streams.output);
	run->streams.output[0] = run->streams.output[1] = (struct stream)STREAM_NONE;
	if (result == 0)
		result = witnesses_join(&run->witnesses, &run->watch);
	if (result < 0) {
		cage_kill(&run->cage);
		watch_end(&run->watch);
		guard_remove(&run->cage);
		return failure_errno(failure, -result, "watch the command");
	}
	return 0;
}

/* Early: it gets ready while we read the baseline and open the witnesses. Not earlier: on v2 a
 * group is divided only when we are alone in it. */
static int hold_guard(struct memcage_run *run, struct memcage_failure *failure)
{
	int result = run->cage.kind == CAGE_RLIMIT ? 0 : guard_hold(failure);

	run->holds_guard = result == 0 && run->cage.kind != CAGE_RLIMIT;
	return result;
}

static void let_guard_go(struct memcage_run *run)
{
	if (run->holds_guard)
		guard_let_go();
	run->holds_guard = false;
}

static void close_cage(struct memcage_run *run)
{
	let_guard_go(run);
	guard_reap(); /* on v2 it may live in a group that goes with the cage */
	cage_close(&run->cage);
}

static void warn_of_oom_score(struct memcage_run *run)
{
	if (oom_score_adj_of(getpid()) < 0 && oom_score_adj_of(run->watch.child.pid) < 0)
		text_list_add(&run->cage.warnings,
			"oom_score_adj is negative and could not be raised: "
			"the kernel may spare the command at its limit");
}

static int start(struct memcage_run *run, struct memcage_failure *failure)
{
	int result = cage_open(&run->cage, &run->spec, failure);

	if (result < 0)
		return result;
	result = hold_guard(run, failure);
	if (result < 0) {
		close_cage(run);
		return result;
	}
	read_all(run, &run->before);
	result = witnesses_open(&run->witnesses, &run->spec, &run->cage, failure);
	if (result < 0) {
		witnesses_close(&run->witnesses);
		close_cage(run);
		return result;
	}
	if (run->witnesses.preload.fd >= 0)
		text_copy(run->cage.litter, sizeof(run->cage.litter),
			run->witnesses.preload.page_path);
	refuse_prepare(run);
	if (result == 0)
		result = streams_open(&run->streams, &run->spec, failure);
	if (result == 0)
		result = start_child(run, failure);
	if (result < 0) {
		stream_close(&run->streams.output[0]);
		stream_close(&run->streams.output[1]);
		streams_close_child_side(&run->streams);
		witnesses_close(&run->witnesses);
		close_cage(run);
		return result;
	}
	if (run->squeezes)
		watch_squeeze(&run->watch);
	run->setup_ms = (double)(run->watch.seen.started_us - run->begun_us) / 1000;
	return 0;
}

/* The caller's own environment, as the policy wants it. */
static int take_environment(struct memcage_run *run, struct memcage_failure *failure)
{
	if (run->spec.policy == NULL || run->spec.envp != NULL)
		return 0;
	if (policy_environment(run->spec.policy, environ, &run->environment) < 0)
		return failure_set(failure, ENOMEM, "no memory for the environment");
	run->spec.envp = run->environment;
	return 0;
}

/* Most of a run is room for what rarely happens. From the kernel each page of it comes when it is
 * touched, and goes back at the end; of a thousand runs at a time that is most of our memory. */
static struct memcage_run *run_allocate(void)
{
	void *pages = mmap(NULL, sizeof(struct memcage_run), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

static void run_release(struct memcage_run *run)
{
	(void)munmap(run, sizeof(*run));
}

int memcage_start(const struct memcage_spec *spec, struct memcage_run **ret_run,
	struct memcage_failure *reterr_failure)
{
	struct memcage_run *run = run_allocate();
	int result;

	if (run == NULL)
		return failure_set(reterr_failure, ENOMEM, "no memory for a run");
	run->begun_us = clock_us();
	(void)clock_gettime(CLOCK_REALTIME, &run->started_at);
	result = spec_adopt(spec, &run->spec, reterr_failure);
	if (result == 0)
		result = spec_check(&run->spec, reterr_failure);
	if (result == 0 && sigchld_is_ignored())
		result = failure_set(reterr_failure, EINVAL,
			"SIGCHLD is ignored, so the kernel throws exit statuses away; set it to "
			"SIG_DFL");
	if (result == 0)
		result = take_environment(run, reterr_failure);
	if (result == 0)
		result = witnesses_check(&run->spec, reterr_failure);
	if (result == 0)
		result = start(run, reterr_failure);
	if (result < 0) {
		free(run->environment);
		run_release(run);
		return result;
	}
	warn_of_oom_score(run);
	*ret_run = run;
	return 0;
}

int memcage_run_fd(const struct memcage_run *run)
{
	return run->watch.epoll;
}

/* The workload's user may be allowed to change our files: its limit was then not the one we set. */
static void warn_of_changed_limit(struct memcage_run *run)
{
	struct counter limit = group_counter(&run->cage.memory,
		run->cage.kind == CAGE_V2 ? "memory.max" : "memory.limit_in_bytes", NULL);

	if (spec_has_limit(&run->spec) && limit.known && limit.value != run->cage.limit_bytes.value)
		text_list_add(&run->cage.warnings, "somebody changed the cage's limit during the "
						   "run: the verdict speaks of one that did "
						   "not hold to the end");
}

/* The cage is empty: the last reading, before anything is removed. */
static void read_last(struct memcage_run *run)
{
	struct counter_source source = cage_counters(&run->cage);
	struct memory_split left;

	pressure_sample(&run->watch, clock_us());
	read_all(run, &run->after);
	if (run->cage.kind == CAGE_RLIMIT)
		return;
	run->group_removed = !cage_is_there(&run->cage);
	warn_of_changed_limit(run);
	memory_split_read(&source, &left);
	run->residual_bytes = left.shmem_bytes;
	/* v1 only asks: a quarter of the limit in page cache makes a touched limit say little. */
	run->file_cache_was_large = run->cage.limit_bytes.value != UINT64_MAX &&
				    (!left.file_bytes.known ||
					    left.file_bytes.value >
						    run->cage.limit_bytes.value / 4 ||
					    run->watch.seen.highest_split.file_bytes.value >
						    run->cage.limit_bytes.value / 4);
}

static void conclude(struct memcage_run *run)
{
	struct evidence evidence;
	struct report_facts facts;
	struct borrowed borrowed;
	uint64_t ended_us = run->watch.seen.ended_us;

	read_last(run);
	evidence_collect(run, &evidence);
	witnesses_tell(&run->witnesses, &evidence);
	guard_remove(&run->cage);
	let_guard_go(run);
	facts_describe(run, &evidence, 0, &facts, &borrowed);
	close_cage(run);
	facts.teardown_ms = ended_us == 0 ? 0 : (double)(clock_us() - ended_us) / 1000;
	run->result = result_make(&facts, &evidence);
	witnesses_close(&run->witnesses);
	free(borrowed.tails[0]);
	free(borrowed.tails[1]);
}

int memcage_step(struct memcage_run *run)
{
	if (run->result != NULL)
		return 0;
	if (watch_step(&run->watch))
		return 1;
	conclude(run);
	return 0;
}

void memcage_interrupt(struct memcage_run *run, int signal_number, bool on_terminal)
{
	if (run->result == NULL)
		watch_interrupt(&run->watch, signal_number, on_terminal);
}

void memcage_run_progress(const struct memcage_run *run, struct memcage_progress *ret_progress)
{
	struct counter_source source = cage_counters(&run->cage);
	struct counter current = { 0 };

	if (run->cage.kind != CAGE_RLIMIT && group_exists(&run->cage.memory))
		current = memory_current(&source);
	*ret_progress = (struct memcage_progress){
		.elapsed_ms = (clock_us() - run->watch.seen.started_us) / 1000,
		.memory_bytes = current.known ? current.value : UINT64_MAX,
		.limit_bytes = run->cage.limit_bytes.value,
	};
}

bool memcage_run_contains(const struct memcage_run *run, int pid)
{
	return pid == run->watch.seen.main_pid || cage_holds(&run->cage, pid);
}

int memcage_take_result(struct memcage_run *run, struct memcage_result **ret_result)
{
	if (run->result == NULL)
		return -EAGAIN;
	*ret_result = run->result;
	run->result = NULL;
	return 0;
}

struct memcage_run *memcage_run_free(struct memcage_run *run)
{
	if (run == NULL)
		return NULL;
	if (run->cage.home != NULL)
		guard_remove(&run->cage);
	close_cage(run);
	watch_end(&run->watch);
	witnesses_close(&run->witnesses);
	memcage_result_free(run->result);
	free(run->environment);
	run_release(run);
	return NULL;
}

int memcage_run(const struct memcage_spec *spec, struct memcage_result **ret_result,
	struct memcage_failure *reterr_failure)
{
	struct memcage_run *run;
	int result = memcage_start(spec, &run, reterr_failure);

	if (result < 0)
		return result;
	while (memcage_step(run) == 1) {
		struct pollfd ready = { .fd = memcage_run_fd(run), .events = POLLIN };

		(void)poll(&ready, 1, -1); /* EINTR: the step finds nothing to do */
	}
	result = memcage_take_result(run, ret_result);
	(void)memcage_run_free(run);
	return result;
}
