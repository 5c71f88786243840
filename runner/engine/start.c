/* SPDX-License-Identifier: MIT
 *
 * start.c - from a specification to a command that runs in its cage, watched; or to nothing at all,
 * and what stood in the way.
 */
#include "engine/run.h"

#include <errno.h>
#include <fcntl.h>
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
	/* It has its own copy; a thousand of them would be a part of our memory. */
	free(run->environment);
	run->environment = NULL;
	run->spec.envp = NULL;
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

static void warn_of_oom_score(struct memcage_run *run)
{
	if (run->watch.child.raises_oom_score && oom_score_adj_of(run->watch.child.pid) < 0)
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
		run_close_cage(run);
		return result;
	}
	if (run_read_before(run) < 0)
		result = failure_set(failure, ENOMEM, "no memory for counters");
	if (result == 0)
		result = witnesses_open(&run->witnesses, &run->spec, &run->cage, failure);
	if (result < 0) {
		witnesses_close(&run->witnesses);
		run_close_cage(run);
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
		run_close_cage(run);
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

int memcage_start(const struct memcage_spec *spec, struct memcage_run **ret_run,
	struct memcage_failure *reterr_failure)
{
	struct memcage_run *run = run_allocate();
	int result;

	if (run == NULL)
		return failure_set(reterr_failure, ENOMEM, "no memory for a run");
	run->witnesses.rare = &run->rare;
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
		run_release(run);
		return result;
	}
	warn_of_oom_score(run);
	*ret_run = run;
	return 0;
}
