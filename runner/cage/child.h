/* SPDX-License-Identifier: MIT
 *
 * child.h - everything between clone and exec. The child has a plan with all memory ready, makes
 * async-signal-safe calls only, and reports each failure as a record {step, errno} on a pipe that
 * exec closes; the parent words the message.
 */
#ifndef MEMCAGE_CAGE_CHILD_H
#define MEMCAGE_CAGE_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cage/traced.h"

enum child_step {
	STEP_JOIN, /* writing ourselves into the v1 groups */
	STEP_STDIO,
	STEP_DIRECTORY,
	STEP_LIMITS,
	STEP_USER,
	STEP_DESCRIPTORS,
	STEP_ABOUT_TO_EXEC, /* no failure: the mark that setup is through */
	STEP_EXEC,
	STEP_KEEPER, /* the keeper could not do its work (keeper.h) */
	STEP_COUNT,
	/* no failures but news from the keeper; the number is no errno */
	STEP_MAIN_STARTED,  /* pid */
	STEP_MAIN_EXECUTED, /* whether exec was through */
	STEP_MAIN_ENDED,    /* wait status */
};

struct child_record {
	int32_t step;
	int32_t error_number;
};

#define CHILD_JOINS_MAX 3

struct child_plan {
	const char *const *argv;
	const char *const *envp;
	const char *const *candidates; /* paths to execute, tried in order; NULL-terminated */
	const char *working_directory; /* NULL: stay */
	int stdio[3];                  /* descriptors >= 3 that become 0, 1, 2; -1: leave alone */
	const char *stdin_path;        /* to open here: opening a FIFO may wait; NULL: none */
	int join[CHILD_JOINS_MAX];     /* group files to write "0" to; -1: none */
	uint64_t rlimit_data_bytes;    /* UINT64_MAX: leave alone */
	bool set_user;
	uid_t user;
	gid_t group;
	bool own_process_group; /* no terminal: signals to group 0 must not reach the supervisor */
	bool raise_oom_score;   /* inherited oom_score_adj is negative: the kernel would spare us */
	bool keep_fds;
	bool die_with_parent; /* until exec: nobody else could find us yet */
	pid_t parent;
	sigset_t signal_mask;              /* to restore */
	int record_fd;                     /* >= 3, close-on-exec */
	const struct child_tracer *tracer; /* NULL: none */
};

/* Never returns. */
_Noreturn void child_become(const struct child_plan *plan);

/* "entering the cage", "changing the user", ...: what a step does, for messages. */
const char *child_step_name(enum child_step step);

#endif
