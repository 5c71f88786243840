/* SPDX-License-Identifier: MIT
 *
 * ends.c - how a run comes to its end: what we do to it, what the child tells, its reaping, and
 * emptying the cage until nothing is left.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "cage/keeper.h"
#include "watch/watch.h"

#define EMPTY_PATIENCE_US 10000000 /* then we give up waiting for what SIGKILL does not end */
#define EMPTY_LOOK_US 1000
#define ABANDON_PATIENCE_MS 2000

static void signal_child(const struct watch *watch, int signal_number)
{
	char order = signal_number == SIGTERM ? KEEPER_TERMINATE : KEEPER_KILL;

	if (watch->child.control >= 0)
		(void)!write(watch->child.control, &order,
			1); /* a keeper that is gone needs no orders */
	else
		(void)syscall(SYS_pidfd_send_signal, watch->child.pidfd, signal_number, NULL, 0);
}

/* What a terminal's keys would have done. Its session is new: the group has its pid. */
void ends_signal_group(const struct watch *watch, int signal_number)
{
	if (!watch->reaped)
		(void)kill(-watch->child.pid, signal_number);
}

static void kill_all(struct watch *watch)
{
	near_limit_let_go(watch);
	cage_kill(watch->cage);
	spawned_kill_namespace(&watch->child);
	if (!watch->reaped)
		signal_child(watch, SIGKILL); /* without a cage, or on its way into it */
}

void watch_act(struct watch *watch, enum watch_act act, uint64_t now_us)
{
	if (watch->seen.act != WATCH_ACT_NONE)
		return;
	pressure_on_act(watch, now_us);
	watch->seen.act = act;
	watch->seen.act_us = now_us;
	deadline_clear(&watch->deadlines, DEADLINE_WALL);
	deadline_clear(&watch->deadlines, DEADLINE_CPU);
	deadline_clear(&watch->deadlines, DEADLINE_STALL);
}

/* The run is over as far as we decide: kill what is left until nothing is. */
void watch_kill(struct watch *watch, uint64_t now_us)
{
	if (watch->phase == WATCH_RUNNING) {
		int left = cage_count_processes(watch->cage) - (watch->reaped ? 0 : 1);

		watch->seen.killed_at_end = left > 0 ? left : 0;
		watch->phase = WATCH_EMPTYING;
		watch->emptying_since_us = now_us;
	}
	kill_all(watch);
	deadline_set(&watch->deadlines, DEADLINE_EMPTY, now_us + EMPTY_LOOK_US);
}

void watch_stop(struct watch *watch, uint64_t now_us)
{
	if (watch->spec->grace_ms == 0) {
		watch_kill(watch, now_us);
		return;
	}
	signal_child(watch, SIGTERM);
	deadline_set(&watch->deadlines, DEADLINE_GRACE, now_us + watch->spec->grace_ms * 1000);
}

static void begin_emptying(struct watch *watch, uint64_t now_us)
{
	bool empty = cage_is_empty(watch->cage);

	/* An empty cage is the usual end: then there is nobody to count or to kill. */
	if (!empty)
		watch_kill(watch, now_us);
	watch->seen.over_us = now_us;
	watch->phase = empty && watch->reaped ? WATCH_DRAINING : WATCH_EMPTYING;
	watch->emptying_since_us = now_us;
	deadline_clear(&watch->deadlines, DEADLINE_GRACE);
}

static void main_ended(struct watch *watch, int wait_status, uint64_t now_us)
{
	struct happenings *seen = &watch->seen;

	if (seen->ended)
		return;
	seen->ended = true;
	seen->ended_us = now_us;
	seen->wait_status = wait_status;
	if (watch->phase != WATCH_RUNNING)
		seen->over_us = now_us;
	if (seen->interrupted_on_terminal && wait_status != 0)
		watch_act(watch, WATCH_ACT_INTERRUPTED, now_us);
	if (watch->phase == WATCH_RUNNING &&
		!(watch->spec->wait_tree &&
			(watch->child.control >= 0 || !cage_is_empty(watch->cage))))
		begin_emptying(watch, now_us);
}

static void take_record(struct watch *watch, const struct child_record *record, uint64_t now_us)
{
	struct happenings *seen = &watch->seen;

	switch (record->step) {
	case STEP_ABOUT_TO_EXEC:
		seen->about_to_exec = true;
		seen->own_pid = record->error_number;
		break;
	case STEP_MAIN_STARTED:
		seen->main_pid = record->error_number;
		break;
	case STEP_MAIN_EXECUTED:
		seen->exec_known = true;
		seen->exec_through = record->error_number != 0;
		break;
	case STEP_MAIN_ENDED:
		main_ended(watch, record->error_number, now_us);
		break;
	default:
		if (record->step < 0 || record->step >= STEP_COUNT)
			break;
		seen->setup_failed = true;
		seen->failed_step = (enum child_step)record->step;
		seen->failed_errno = record->error_number;
		seen->failed_detail = record->detail;
		break;
	}
}

void ends_read_records(struct watch *watch, uint64_t now_us)
{
	struct child_record record;
	ssize_t got = 0;

	while (watch->child.records >= 0 &&
		(got = read(watch->child.records, &record, sizeof(record))) == sizeof(record))
		take_record(watch, &record, now_us);
	if (got == 0)
		fd_close(&watch->child.records); /* leaves the epoll set by itself */
	/* Exec is through, most likely: the first moment at which the program can be seen. */
	if (!watch->reaped && (got == 0 || watch->seen.exec_known))
		processes_look_at_start(&watch->seen.processes, watch->seen.main_pid);
}

/* Our caller waits for every child there is, and was faster. That it ended is known, how is lost.
 */
static void reaped_by_another(struct watch *watch, uint64_t now_us)
{
	watch->reaped = true;
	watch_forget(watch, watch->child.pidfd);
	ends_read_records(watch, now_us);
	if (watch->phase == WATCH_RUNNING)
		begin_emptying(watch, now_us);
}

void ends_reap(struct watch *watch, uint64_t now_us)
{
	struct happenings *seen = &watch->seen;
	bool kept = watch->child.control >= 0;
	siginfo_t info = { 0 };

	if (watch->reaped)
		return;
	/* The dead child still shows whether it got through exec; reaping takes that away. */
	if (!kept)
		seen->exec_known = exec_is_through(watch->child.pid, &seen->exec_through) == 0;
	if (syscall(SYS_waitid, P_PIDFD, watch->child.pidfd, &info, WEXITED | WNOHANG,
		    &seen->usage) < 0) {
		if (errno == ECHILD)
			reaped_by_another(watch, now_us);
		return;
	}
	if (info.si_pid == 0)
		return;
	watch->reaped = true;
	watch_forget(watch, watch->child.pidfd);
	ends_read_records(watch, now_us);
	if (!kept)
		main_ended(watch,
			info.si_code == CLD_EXITED
				? info.si_status << 8
				: info.si_status | (info.si_code == CLD_DUMPED ? 0x80 : 0),
			now_us);
	else if (watch->phase == WATCH_RUNNING)
		begin_emptying(watch,
			now_us); /* with --wait-tree the last one; else the keeper was killed */
}

void ends_look_whether_empty(struct watch *watch, uint64_t now_us)
{
	char text[256];

	if (watch->empty_events >= 0)
		(void)!pread(
			watch->empty_events, text, sizeof(text), 0); /* polls again after a read */
	if (watch->phase == WATCH_RUNNING) {
		if (watch->reaped && cage_is_empty(watch->cage))
			begin_emptying(watch, now_us); /* --wait-tree: the last one went */
		return;
	}
	if (watch->phase != WATCH_EMPTYING || !watch->reaped)
		return;
	if (!cage_is_empty(watch->cage)) {
		if (now_us - watch->emptying_since_us < EMPTY_PATIENCE_US) {
			kill_all(watch);
			deadline_set(&watch->deadlines, DEADLINE_EMPTY, now_us + EMPTY_LOOK_US);
			return;
		}
		watch->seen.could_not_empty = true;
	}
	watch->phase = WATCH_DRAINING;
}

void ends_abandon(struct watch *watch)
{
	struct pollfd ended = { .fd = watch->child.pidfd, .events = POLLIN };
	siginfo_t info;

	if (watch->reaped || watch->child.pidfd < 0)
		return;
	signal_child(watch, SIGKILL);
	(void)poll(&ended, 1, ABANDON_PATIENCE_MS);
	(void)syscall(SYS_waitid, P_PIDFD, watch->child.pidfd, &info, WEXITED | WNOHANG, NULL);
	watch->reaped = true;
}

void ends_on_time(struct watch *watch, uint64_t now_us)
{
	if (!deadline_due(&watch->deadlines, DEADLINE_EMPTY, now_us))
		return;
	if (!watch->reaped) {
		kill_all(watch);
		deadline_set(&watch->deadlines, DEADLINE_EMPTY, now_us + EMPTY_LOOK_US);
	}
	ends_look_whether_empty(watch, now_us);
}
