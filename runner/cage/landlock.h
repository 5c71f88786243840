/* SPDX-License-Identifier: MIT
 *
 * landlock.h - what a process may do with files, once more by another mechanism than mounts: it
 * holds even where a mount is not what it should be. Where the kernel has it: TCP and, outside of
 * the run, abstract sockets and signals too.
 */
#ifndef MEMCAGE_CAGE_LANDLOCK_H
#define MEMCAGE_CAGE_LANDLOCK_H

#include <stdbool.h>

#include "cage/mounts.h"

/* The version of Landlock that this kernel has, from 1, or -errno: -ENOSYS, -EOPNOTSUPP (switched
 * off at boot), -EPERM (a seccomp filter of a container). */
int landlock_version(void);

struct landlock_rules {
	int version;
	/* NULL: the host's root, where Landlock says nothing of files. Else reading and executing
	 * stays allowed everywhere, writing in what these mounts make writable. */
	const struct isolation *isolation;
	const char *working_directory;    /* what "." stands for among them */
	const struct mount_share *shares; /* end with a NULL source */
	bool no_network;
};

/* Async-signal-safe; in the new root, with no_new_privs set. Returns 0, or -1 with errno. */
int landlock_restrict(const struct landlock_rules *rules);

#endif
