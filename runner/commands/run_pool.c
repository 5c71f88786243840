/* SPDX-License-Identifier: MIT */
#include "commands/run_pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"

#define TICK_MS 100
#define EVENTS_MAX 16
#define JOBS_MAX 1024

struct slot {
	struct memcage_run *run; /* NULL: free */
	uint64_t number;
	struct memcage_injection rule;
};

struct pool {
	const struct memcage_spec *spec;
	const struct run_pool_work *work;
	int epoll;
	int stopped; /* number of a signal, or -errno: nothing more is started */
	uint64_t jobs, running;
	struct slot *slots;
	struct memcage_failure *failure;
};

static void stop(struct pool *pool, int why)
{
	if (pool->stopped == 0)
		pool->stopped = why;
}

static void give_up(struct slot *slot, struct pool *pool)
{
	(void)epoll_ctl(pool->epoll, EPOLL_CTL_DEL, memcage_run_fd(slot->run), NULL);
	slot->run = memcage_run_free(slot->run);
	pool->running--;
}

static void step(struct pool *pool, struct slot *slot)
{
	struct memcage_result *result = NULL;
	int status;

	if (slot->run == NULL || memcage_step(slot->run) == 1)
		return;
	(void)memcage_take_result(slot->run, &result);
	give_up(slot, pool);
	if (result == NULL || pool->stopped != 0) {
		if (result == NULL && pool->stopped == 0)
			stop(pool, failure_set(pool->failure, ENOMEM, "no memory for a report"));
		(void)memcage_result_free(result);
		return;
	}
	status = pool->work->ended(pool->work->data, slot->number, result);
	if (status < 0)
		stop(pool, failure_errno(pool->failure, -status, "keep the result of a run"));
}

static void start(struct pool *pool, struct slot *slot, uint64_t number)
{
	struct memcage_spec spec = *pool->spec;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = slot };
	int result;

	slot->number = number;
	pool->work->prepare(pool->work->data, number, &spec, &slot->rule);
	result = memcage_start(&spec, &slot->run, pool->failure);
	if (result < 0) {
		slot->run = NULL;
		stop(pool, result);
		return;
	}
	pool->running++;
	if (epoll_ctl(pool->epoll, EPOLL_CTL_ADD, memcage_run_fd(slot->run), &event) < 0) {
		stop(pool, failure_errno(pool->failure, errno, "watch a run"));
		give_up(slot, pool);
		return;
	}
	step(pool, slot);
}

static void fill(struct pool *pool)
{
	uint64_t number;

	for (uint64_t i = 0; i < pool->jobs && pool->stopped == 0; i++)
		while (pool->slots[i].run == NULL && pool->stopped == 0 &&
			pool->work->next(pool->work->data, &number))
			start(pool, &pool->slots[i], number);
}

static void take_signals(struct pool *pool, int signals)
{
	struct signalfd_siginfo info;

	while (read(signals, &info, sizeof(info)) == sizeof(info)) {
		bool is_ours = false;

		for (uint64_t i = 0; i < pool->jobs && info.ssi_code != SI_KERNEL; i++)
			is_ours |= pool->slots[i].run != NULL &&
				   memcage_run_contains(pool->slots[i].run, (int)info.ssi_pid);
		if (is_ours) /* a workload that signals its group means itself */
			continue;
		stop(pool, (int)info.ssi_signo);
		for (uint64_t i = 0; i < pool->jobs; i++)
			if (pool->slots[i].run != NULL)
				memcage_interrupt(pool->slots[i].run, (int)info.ssi_signo, false);
	}
}

static void loop(struct pool *pool, int signals)
{
	struct epoll_event events[EVENTS_MAX];

	for (fill(pool); pool->running > 0; fill(pool)) {
		int count = epoll_wait(pool->epoll, events, EVENTS_MAX, TICK_MS);

		for (int i = 0; i < count; i++)
			if (events[i].data.ptr == NULL)
				take_signals(pool, signals);
			else
				step(pool, events[i].data.ptr);
		if (pool->work->tick != NULL)
			pool->work->tick(pool->work->data);
		if (pool->stopped >= 0)
			continue;
		for (uint64_t i = 0; i < pool->jobs; i++)
			if (pool->slots[i].run != NULL)
				give_up(&pool->slots[i], pool);
	}
}

int run_pool(const struct memcage_spec *spec, uint64_t jobs, int signals,
	const struct run_pool_work *work, struct memcage_failure *reterr_failure)
{
	struct epoll_event event = { .events = EPOLLIN };
	cleanup_fd int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct pool pool = {
		.spec = spec, .work = work, .epoll = epoll, .jobs = jobs, .failure = reterr_failure
	};

	pool.slots = calloc(jobs, sizeof(*pool.slots));
	if (pool.slots == NULL)
		return failure_set(reterr_failure, ENOMEM, "no memory for so many runs");
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &event) < 0)
		stop(&pool, failure_errno(reterr_failure, errno, "watch the runs"));
	else
		loop(&pool, signals);
	free(pool.slots);
	return pool.stopped;
}

uint64_t run_pool_jobs(uint64_t asked)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t jobs = asked != 0 ? asked : processors > 0 ? (uint64_t)processors : 1;

	return jobs < JOBS_MAX ? jobs : JOBS_MAX;
}
