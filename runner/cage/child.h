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

struct confinement;

enum child_step {
	STEP_JOIN, /* writing ourselves into the v1 groups */
	STEP_STDIO,
	STEP_DIRECTORY,
	STEP_LIMITS,
	STEP_USER,
	STEP_DESCRIPTORS,
	STEP_ABOUT_TO_EXEC, /* no failure: setup is through; the number is its own pid, as it sees
			       it */
	STEP_EXEC,
	STEP_KEEPER, /* the keeper could not do its work (keeper.h) */
	/* of isolated runs; those before the command's process tell of their detail */
	STEP_NAMESPACE, /* detail: the guarantee */
	STEP_PROPAGATION,
	STEP_SOURCE, /* detail: index into isolation.mounts, or MOUNT_ORIGIN_OURS */
	STEP_HOSTNAME,
	STEP_LOOPBACK,
	STEP_NESTED,
	STEP_NEW_ROOT,
	STEP_INIT,
	STEP_MOUNT, /* detail: as above */
	STEP_COMMAND,
	STEP_CGROUP_NAMESPACE,
	STEP_ENTER_ROOT,
	STEP_SESSION,
	STEP_KEYRING,
	STEP_RLIMIT, /* detail: the resource */
	STEP_CAPABILITIES,
	STEP_LANDLOCK,
	STEP_SECCOMP,
	STEP_COUNT,
	/* no failures but news from keeper and porter; the number is no errno */
	STEP_MAIN_STARTED,  /* pid */
	STEP_MAIN_EXECUTED, /* whether exec was through */
	STEP_MAIN_ENDED,    /* wait status */
	STEP_NAMESPACES,    /* the user namespace waits for its id maps */
	STEP_INIT_STARTED,  /* pid */
};

struct child_record {
	int32_t step;
	int32_t error_number;
	int32_t detail; /* 0 where a step has none */
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
	uint64_t open_files_max;       /* RLIMIT_NOFILE; 0: leave alone */
	bool set_user;
	uid_t user;
	gid_t group;
	bool own_process_group; /* no terminal: signals to group 0 must not reach the supervisor */
	bool raise_oom_score;   /* inherited oom_score_adj is negative: the kernel would spare us */
	bool keep_fds;
	bool die_with_parent; /* until exec: nobody else could find us yet */
	pid_t parent;
	sigset_t signal_mask;                  /* to restore */
	int record_fd;                         /* >= 3, close-on-exec */
	const struct child_tracer *tracer;     /* NULL: none */
	const struct confinement *confinement; /* NULL: not an isolated run (confine.h) */
};

/* Tells that a step failed, with errno, and ends. */
_Noreturn void child_fail(const struct child_plan *plan, enum child_step step, int detail);

/* Never returns. */
_Noreturn void child_become(const struct child_plan *plan);

/* "entering the cage", "changing the user", ...: what a step does, for messages. */
const char *child_step_name(enum child_step step);

#endif
