/* SPDX-License-Identifier: MIT
 *
 * seccomp_filter.h - a policy's system calls as programs for the kernel. They are made before the
 * child is, and loaded by it last of all. Of several programs the kernel takes the strictest
 * answer.
 */
#ifndef MEMCAGE_CAGE_SECCOMP_FILTER_H
#define MEMCAGE_CAGE_SECCOMP_FILTER_H

#include <linux/filter.h>

#include "memcage/memcage.h"
#include "spec/isolation.h"

/* The last call that the shipped lists of what is denied were made with: removexattrat, of
 * Linux 6.13. New calls have the same number on all architectures. */
#define SECCOMP_FILTER_NEWEST 466

struct seccomp_filter {
	struct sock_fprog programs[4]; /* in the order of loading; the memory is owned */
	size_t count;
	bool is_kept; /* by the policy, which owns it */
};

/* What the guarantees seccomp and no-nested-namespaces of an isolation ask for; no program where
 * they are not wanted. The native ABI only: a call by any other (int 0x80, x32) kills the process.
 * Rules for calls that libseccomp does not know here are passed over; where the default is to
 * allow, there are no calls beyond SECCOMP_FILTER_NEWEST (ENOSYS). Compiling takes half a
 * millisecond: a policy keeps the first that was made of it. Returns 0, or -errno with a failure.
 * Free with seccomp_filter_free(), before the policy. */
int seccomp_filter_compile(const struct isolation *isolation, struct seccomp_filter *ret_filter,
	struct memcage_failure *reterr_failure);

void seccomp_filter_free(struct seccomp_filter *filter);

/* Loads all of it for the calling thread and what comes of it. Async-signal-safe. Needs
 * no_new_privs, or CAP_SYS_ADMIN. Returns 0 or -errno. */
int seccomp_filter_load(const struct seccomp_filter *filter);

/* What libseccomp made, as a program to free(): it writes to a descriptor only. Returns 0 or
 * -errno. context is a scmp_filter_ctx. */
int seccomp_program_export(void *context, struct sock_fprog *ret_program);

#endif
