/* SPDX-License-Identifier: MIT
 *
 * watch.h - one run from its start until its cage is empty: a single epoll set with the child's
 * pidfd, its setup records, the cage's OOM and empty events, one timer and the two streams. What
 * happened is written down here and nowhere judged.
 */
#ifndef MEMCAGE_WATCH_WATCH_H
#define MEMCAGE_WATCH_WATCH_H

#include <sys/resource.h>

#include "cage/spawn.h"
#include "watch/deadlines.h"
#include "watch/near_limit.h"
#include "watch/processes.h"
#include "watch/squeeze.h"
#include "watch/stream.h"
#include "watch/timeline.h"

enum watch_act {
	WATCH_ACT_NONE,
	WATCH_ACT_WALL_TIME,
	WATCH_ACT_CPU_TIME,
	WATCH_ACT_STALL,
	WATCH_ACT_OUTPUT_STDOUT,
	WATCH_ACT_OUTPUT_STDERR,
	WATCH_ACT_INTERRUPTED,
};

enum watch_phase {
	WATCH_RUNNING,  /* the main process (or, with wait_tree, any) is alive */
	WATCH_EMPTYING, /* what is left is being killed */
	WATCH_DRAINING, /* the cage is empty; the last bytes are on their way */
	WATCH_OVER,
};

/* What happened, append-only. */
struct happenings {
	bool setup_failed; /* a step before or at exec: failed_step, failed_errno */
	enum child_step failed_step;
	int failed_errno, failed_detail;
	bool about_to_exec;
	int own_pid; /* of the main process as it sees itself; with about_to_exec */
	bool exec_known, exec_through;

	pid_t main_pid;
	bool ended; /* the main process has ended: wait_status */
	int wait_status;
	struct rusage usage;
	uint64_t started_us, ended_us; /* of the main process; CLOCK_BOOTTIME */
	uint64_t over_us; /* when the run ended: the main process, or the last with wait_tree */

	enum watch_act act; /* the first thing that we did to the run */
	uint64_t act_us;
	struct counter oom_kills_before_act; /* the leaf's counter at that moment, not a rise */
	int interrupt_signal;
	bool interrupted_on_terminal;
	bool group_emulated;

	int killed_at_end;
	uint64_t oom_events; /* v1: events of the eventfd; v2: wake-ups */

	bool could_not_empty; /* processes that even SIGKILL did not end in time */

	uint64_t highest_bytes; /* of the samples */
	bool highest_known;
	struct memory_split highest_split;
	struct timeline timeline;
	struct processes processes; /* last: most of it is for the runs that have many */
};

/* Somebody of a later stage who looks on while the run goes on. */
struct watch_observer {
	int fd; /* ready() when it is readable */
	void (*ready)(void *data);
	void (*looked)(void *data); /* the processes of the cage have been looked at; may be NULL */
	void *data;
};

#define WATCH_OBSERVERS 2

/* What every run touches stands first. */
struct watch {
	struct cage *cage;
	const struct memcage_spec *spec;
	struct spawned child;
	int epoll, oom_events, empty_events;
	bool oom_events_is_eventfd;
	struct deadlines deadlines;
	struct stream output[2]; /* stdout, stderr */
	struct watch_observer observers[WATCH_OBSERVERS];
	int observer_count;
	enum watch_phase phase;
	bool reaped; /* the process that we started: the main one, or its keeper */
	uint64_t emptying_since_us;
	uint64_t split_bytes;    /* usage at the last memory split */
	uint64_t group_until_us; /* v1: till when an OOM event may still become a kill */
	struct {
		uint64_t since_us; /* nothing but OOM events since then; 0: none yet */
		struct counter ooms, oom_kills;
	} stall;
	struct near_limit near_limit;
	struct happenings seen;
	struct squeeze squeeze;
};

/* Starts watching a child. watch: all zero. Takes over child and streams (also on failure). Returns
 * 0 or -errno. */
int watch_begin(struct watch *watch, struct cage *cage, const struct memcage_spec *spec,
	struct spawned child, const struct stream output[2]);

/* Lets an observer look on. It is borrowed, with its descriptor, till watch_end(). Returns 0 or
 * -errno. */
int watch_observe(struct watch *watch, const struct watch_observer *observer);

/* Handles what is pending, without waiting. Returns true while the run goes on. */
bool watch_step(struct watch *watch);

/* We were told to stop; see memcage_interrupt(). */
void watch_interrupt(struct watch *watch, int signal_number, bool on_terminal);

/* --at-limit fail by squeezing, from now on. */
void watch_squeeze(struct watch *watch);

void watch_end(struct watch *watch);

/* ---- between the files of this stage ---- */

void watch_forget(struct watch *watch, int fd);
/* To every observer that wants to know: the processes of the cage have been looked at. */
void watch_tell_looked(struct watch *watch);

/* ends.c. The first act counts; a later one only takes effect. */
void watch_act(struct watch *watch, enum watch_act act, uint64_t now_us);
/* SIGTERM now and SIGKILL after the grace time, or SIGKILL to everything at once. */
void watch_stop(struct watch *watch, uint64_t now_us);
void watch_kill(struct watch *watch, uint64_t now_us);
void ends_read_records(struct watch *watch, uint64_t now_us);
/* An isolated run has no terminal that would do it. */
void ends_signal_group(const struct watch *watch, int signal_number);
void ends_reap(struct watch *watch, uint64_t now_us);
void ends_look_whether_empty(struct watch *watch, uint64_t now_us);
void ends_on_time(struct watch *watch, uint64_t now_us);
/* Nobody wants to know any more: our child is killed and reaped, so that no zombie stays. */
void ends_abandon(struct watch *watch);

/* pressure.c: memory events, samples, stall, CPU time */
void pressure_begin(struct watch *watch, uint64_t now_us);
void pressure_on_oom(struct watch *watch, uint64_t now_us);
void pressure_on_time(struct watch *watch, uint64_t now_us);
void pressure_on_act(struct watch *watch, uint64_t now_us);
void pressure_sample(struct watch *watch, uint64_t now_us);

#endif
