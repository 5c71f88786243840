/* SPDX-License-Identifier: MIT
 *
 * bpf.h - the witness in the kernel: a program at the end of every system call that tells of those
 * of the cage which asked for memory and were refused, and of the victims of OOM kills. It sees
 * every process at no stop of it: static programs, Go, children with another environment; not
 * programs for another architecture than ours, and not what a library refuses without asking the
 * kernel.
 *
 *     bpf.c           this interface, in the supervisor
 *     bpf_possible.c  whether it can work here
 *     bpf_events.c    from what the program tells to refused allocations and victims
 *     call_*.c        what one call says, why it was refused, which calls are one refusal
 *     bpf/            the module that loads the program, and the program
 *
 * While it is there every system call of this machine takes 75 to 100 ns longer.
 */
#ifndef MEMCAGE_WITNESS_BPF_H
#define MEMCAGE_WITNESS_BPF_H

#include <stdbool.h>
#include <stdint.h>

#include "memcage/memcage.h"
#include "witness/refusals.h"

struct bpf_events;
struct bpf_module;
struct bpf_sight;

#define BPF_VICTIMS_MAX 16

/* One process that the kernel chose as the victim of an OOM kill. */
struct bpf_victim {
	int pid;        /* as we see it; 0: not in our pid namespace */
	int global_pid; /* of the first pid namespace, as in the kernel log */
	bool is_main;
	char command[64]; /* printable; "" where the kernel did not tell */
};

/* One run's. All zero: none. */
struct bpf_witness {
	void *library; /* of the module */
	const struct bpf_module *module;
	struct bpf_sight *sight;
	struct bpf_events *events; /* what was told so far */
	int read_error;            /* -errno of reading, 0: none */
};

/* Whether it can work here, without trying: built with memcage, and this kernel and our privileges
 * as they must be. Where not, *ret_why says why and *ret_remedy what to do; static strings. */
bool bpf_possible(const char **ret_why, const char **ret_remedy);

/* Watches the cage whose memory group is open as group_directory: of the v1 memory hierarchy, or of
 * v2. page: the file of the preloaded witness, -1: none. Returns 0 or -ENOTSUP. */
int bpf_open(struct bpf_witness *ret_witness, int group_directory, bool is_v1, int page,
	struct memcage_failure *reterr_failure);

/* A descriptor that polls readable while there is something for bpf_read(); -1: none. */
int bpf_descriptor(const struct bpf_witness *witness);

/* Takes what has been told, but for so much that a program which is refused without end does not
 * keep us from everything else. Returns whether there may be more. */
bool bpf_read(struct bpf_witness *witness);

/* What was seen, once everything has ended. with_library: count the processes with the preloaded
 * witness, too. Returns 0, -ENOEXEC when the command was not executed, or another -errno: the run
 * was not watched, and *ret_refusals is zero. */
int bpf_collect(struct bpf_witness *witness, bool with_library, struct refusals *ret_refusals);

/* Victims in the order in which they were chosen; a process once. Returns how many. */
int bpf_victims(const struct bpf_witness *witness, struct bpf_victim ret_victims[BPF_VICTIMS_MAX]);

void bpf_close(struct bpf_witness *witness);

#endif
