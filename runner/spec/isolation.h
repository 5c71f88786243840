/* SPDX-License-Identifier: MIT
 *
 * isolation.h - what a cage keeps from its command besides memory: plain values that a policy was
 * read into (policy.h). Nothing here has effects; cage/isolate.h does them.
 */
#ifndef MEMCAGE_SPEC_ISOLATION_H
#define MEMCAGE_SPEC_ISOLATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a policy can promise. Each is required (a host that cannot give it is an error before
 * anything runs) unless it is in isolation.preferred (then it is named in enforcement.degraded, and
 * no error). The names are those of policies and reports: isolation_guarantee_name(). */
enum guarantee {
	GUARANTEE_USER_NAMESPACE,
	GUARANTEE_PID_NAMESPACE,
	GUARANTEE_MOUNT_NAMESPACE,
	GUARANTEE_NETWORK_NAMESPACE,
	GUARANTEE_IPC_NAMESPACE,
	GUARANTEE_UTS_NAMESPACE,
	GUARANTEE_CGROUP_NAMESPACE,
	GUARANTEE_TIME_NAMESPACE,
	GUARANTEE_PRIVATE_ROOT, /* a root of our own making, with nothing but the mounts below */
	GUARANTEE_USER,         /* other ids than the caller's, inside and outside */
	GUARANTEE_CAPABILITIES, /* none but those that are kept, in all sets */
	GUARANTEE_NO_NEW_PRIVILEGES,
	GUARANTEE_NO_NESTED_NAMESPACES,
	GUARANTEE_NEW_SESSION, /* no controlling terminal */
	GUARANTEE_KEYRING,     /* a session keyring of its own */
	GUARANTEE_RLIMITS,
	GUARANTEE_LANDLOCK,
	GUARANTEE_SECCOMP,
	GUARANTEE_COUNT
};

enum mount_kind {
	MOUNT_READ_ONLY,  /* a bind of source, not recursive, nosuid, nodev */
	MOUNT_READ_WRITE, /* the same, writable */
	MOUNT_TMPFS,      /* charged to the run */
	MOUNT_DEV,        /* null, zero, full, random, urandom, fd, stdin.., shm (tmpfs), pts */
	MOUNT_PROC,       /* of the cage's own pid namespace, dangerous parts covered */
	MOUNT_LINK,       /* a symbolic link to source */
};

struct isolation_mount {
	enum mount_kind kind;
	const char
		*source; /* NULL: the same path as target; "." stands for the working directory */
	const char *target;          /* absolute inside; "." as above */
	uint64_t size_bytes, inodes; /* tmpfs; 0: the kernel's default is NOT taken: policy.c
					fills both */
	bool optional;               /* left out where the source does not exist */
	bool executable;             /* else noexec, for tmpfs and read-write ones */
};

struct isolation_rlimit {
	int resource; /* RLIMIT_* */
	uint64_t soft, hard;
};

enum seccomp_operator {
	SECCOMP_NOT_EQUAL,
	SECCOMP_LESS,
	SECCOMP_LESS_EQUAL,
	SECCOMP_EQUAL,
	SECCOMP_GREATER_EQUAL,
	SECCOMP_GREATER,
	SECCOMP_MASKED_EQUAL, /* (argument & value) == value_two */
};

struct seccomp_argument {
	unsigned index; /* 0..5 */
	enum seccomp_operator operator;
	uint64_t value, value_two;
};

enum seccomp_action {
	SECCOMP_ALLOW,
	SECCOMP_ERRNO,
	SECCOMP_KILL, /* the process, with SIGSYS */
	SECCOMP_LOG,
	SECCOMP_TRAP,
};

/* One rule: all arguments must match; the system calls of a rule share action and arguments. A name
 * that libseccomp does not know on this machine is passed over, as container runtimes do for
 * profiles; policies' own lists were checked when they were read. */
struct seccomp_rule {
	enum seccomp_action action;
	int error_number; /* of SECCOMP_ERRNO */
	char **names;
	size_t name_count;
	struct seccomp_argument arguments[6];
	size_t argument_count;
};

struct seccomp_rules {
	enum seccomp_action default_action;
	int default_error_number;
	struct seccomp_rule *rules;
	size_t rule_count;
};

/* What a later stage made of an isolation, once for all runs that have it. */
struct isolation_kept {
	void *made; /* NULL: nothing so far. Set once, by whatever thread is first */
	void (*release)(void *made);
};

struct isolation {
	uint32_t wanted;    /* bits 1 << enum guarantee */
	uint32_t preferred; /* a subset of it */

	struct isolation_mount *mounts; /* in order; with GUARANTEE_PRIVATE_ROOT */
	size_t mount_count;

	uint32_t user_id, group_id; /* inside, with GUARANTEE_USER */
	const char *hostname;       /* with GUARANTEE_UTS_NAMESPACE */
	uint64_t kept_capabilities; /* bits 1 << CAP_* */
	struct isolation_rlimit rlimits[16];
	size_t rlimit_count;
	struct seccomp_rules seccomp; /* the native ABI only: all others are refused */
	struct isolation_kept *kept;  /* the policy's; NULL: nothing is kept */
};

const char *isolation_guarantee_name(enum guarantee guarantee);

/* The guarantee of a name, or -EINVAL. */
int isolation_guarantee_number(const char *name);

#endif
