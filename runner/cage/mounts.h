/* SPDX-License-Identifier: MIT
 *
 * mounts.h - the tree that becomes the command's root: planned by the supervisor, with all memory
 * that it takes, and made between clone and exec by async-signal-safe calls only.
 *
 *     mounts.c        a policy's mounts become small steps
 *     mounts_make.c   the steps, by the kernel's descriptor-based mount calls
 *
 * Nothing is looked up by a path that the command could have prepared: targets are resolved inside
 * the new root, and sources that our caller may open are opened before the privilege goes.
 */
#ifndef MEMCAGE_CAGE_MOUNTS_H
#define MEMCAGE_CAGE_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memcage/memcage.h"
#include "spec/isolation.h"

enum mount_action {
	MAKE_BIND, /* source, alone or (only where the kernel insists) with what is mounted below */
	MAKE_TMPFS,
	MAKE_PROC,   /* of the pid namespace that the maker is in */
	MAKE_DEVPTS, /* an instance of its own */
	MAKE_MQUEUE,
	MAKE_LINK,       /* a symbolic link that says source */
	MAKE_COVER,      /* target, where there is one, is covered by something empty */
	MAKE_UNWRITABLE, /* target, where there is one, once more over itself and read-only */
	MAKE_READ_ONLY,  /* the mount at target, now that it is filled */
};

/* Of mount_step.origin: a step that no mount of the policy asked for. */
#define MOUNT_ORIGIN_OURS (-1)

struct mount_step {
	enum mount_action action;
	int origin;          /* index into isolation.mounts */
	char *source;        /* a path of the host, absolute; or the text of a link; or NULL */
	char *target;        /* relative to the new root */
	uint64_t attributes; /* MOUNT_ATTR_* that are set */
	char size[24], inodes[24], mode[8]; /* of a tmpfs, as the kernel reads them */
	int tree; /* the source, opened: a detached mount; -1: not yet. Of the process that opened
		     it */
};

struct mount_plan {
	struct mount_step *steps; /* in order */
	size_t count, room;
	bool own_queues;
	int error; /* errno of a step that could not be added; 0: none */
};

/* Something of ours that the command needs inside. */
struct mount_share {
	const char *source, *target; /* absolute; a regular file */
	bool writable;
};

/* Plans the mounts of a policy. own_queues: there is an ipc namespace whose message queues can be
 * shown. working_directory is what "." stands for; shares end with a NULL
 * source. A source that does not exist is left out where it is optional, else -ENOENT with a
 * failure. Returns 0 or -errno; the plan is to be freed in both cases. */
int mounts_plan(const struct isolation *isolation, bool own_queues, const char *working_directory,
	const struct mount_share *shares, struct mount_plan *ret_plan,
	struct memcage_failure *reterr_failure);

/* The plan of a run without a private root: only /proc, of its own pid namespace. */
int mounts_plan_proc(struct mount_plan *ret_plan);

void mounts_free(struct mount_plan *plan);

/* ---- between clone and exec: async-signal-safe, errno is set, *ret_step says at which step ----
 */

/* Opens the sources that are not open yet. With try_only what is not permitted stays closed, for a
 * second attempt with other rights. Returns 0 or -1. */
int mounts_open_sources(struct mount_plan *plan, bool try_only, size_t *ret_step);

/* A tmpfs for the root, not mounted anywhere yet; user and group are numbers of the current user
 * namespace, as text. Returns a descriptor >= 3, or -1. */
int mounts_open_root(const char *user, const char *group);

/* Carries out the plan below root, a descriptor of a mounted directory. Returns 0 or -1. */
int mounts_make(const struct mount_plan *plan, int root, size_t *ret_step);

/* Makes the mount at a descriptor read-only. Returns 0 or -1. */
int mounts_close_root(int root);

/* Makes the tree at root the only one that there is, for all processes of the mount namespace, and
 * goes to its top. Returns 0 or -1. */
int mounts_enter_root(int root);

#endif
