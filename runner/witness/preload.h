/* SPDX-License-Identifier: MIT
 *
 * preload.h - the witness inside dynamically linked programs, seen from outside: puts
 * libmemcage-witness.so into the workload's environment, and collects what it saw.
 *
 * The library runs in every program of the workload that honours LD_PRELOAD; it counts requests
 * that came back refused, and which of them the same thread was granted at its next attempt. They
 * meet in one file, witness_page of witness/preload/page.h: counters; the first 32 refusals and the
 * last ones, each with size, function, cause with its numbers, pid, command and the source line of
 * a Python program; of the first 8 kept ones registers, stack and mapped files
 * (witness/backtrace.h); hard refusals per process. A program that is started with an environment
 * without it gets it back (witness/preload/inherit.h). Not seen: static and set-user-ID programs,
 * those that these start with another environment, and those that bring their own malloc (only its
 * mappings).
 *
 * To explain a refusal the library reads /proc and its own stack: a program that put itself under a
 * seccomp filter which kills for openat() or process_vm_readv() would be killed there.
 *
 * The workload can write into that file. What it says is read as a statement of the workload about
 * itself: checked for sense, never trusted with a length, never proof against a counter of the
 * kernel.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_H
#define MEMCAGE_WITNESS_PRELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memcage/memcage.h"
#include "witness/injection.h"
#include "witness/refusals.h"
#include "witness/room.h"

#define PRELOAD_PATH_SIZE 512
#define PAGE_PATH_SIZE 96
#define PRELOAD_LIBRARY "libmemcage-witness.so"

/* One run's. Before preload_open() set to PRELOAD_NONE; by value, may be moved. */
struct preload_witness {
	int fd;                          /* of the page's file; -1: none */
	char page_path[PAGE_PATH_SIZE];  /* its name, which nobody can guess or list */
	char library[PRELOAD_PATH_SIZE]; /* what goes into LD_PRELOAD */
	bool injects;                    /* requests are refused on purpose */
};

#define PRELOAD_NONE ((struct preload_witness){ .fd = -1 })

/* Where the library is: beside the program or libmemcage.so (build tree, its tests), else where an
 * installation puts it from there, else where this one was configured to go, else
 * $MEMCAGE_WITNESS_LIBRARY. Returns 0, or -ENOENT. */
int preload_library_path(char *ret_path, size_t size);

/* Makes the file in a directory of its own, which the workload's user can write whoever that is.
 * library NULL: found as above. room: of the cage, for second looks; NULL: none. Returns 0 or
 * -errno; a library whose path LD_PRELOAD cannot hold (blanks, colons) is -EINVAL. */
int preload_open(struct preload_witness *ret_witness, const char *library, const struct room *room,
	struct memcage_failure *reterr_failure);

/* Which requests the library refuses on purpose. Before the start; returns 0 or -errno. */
int preload_inject(struct preload_witness *witness, const struct injection_plan *plan);

/* A copy of envp (NULL-terminated) with the library first in LD_PRELOAD, before what stood there,
 * and the file named in MEMCAGE_WITNESS. One block, to free(). Returns 0 or -ENOMEM. */
int preload_environment(
	const struct preload_witness *witness, const char *const *envp, char ***ret_envp);

/* Whether the loader would put the library into this program: a dynamic one for this machine. Of a
 * script, its interpreter counts. Where not, *ret_why says why in a few words ("statically
 * linked"); a static string. */
bool preload_possible_for(const char *executable, const char **ret_why);

/* Whether a user gets to the library by its path: else the loader would complain on the command's
 * standard error. */
bool preload_readable_for(const char *library, uint32_t user, uint32_t group);

/* What was seen, once everything has ended. main_pid as the main process sees it. A file that was
 * wiped or cut leaves watched false. */
void preload_collect(
	const struct preload_witness *witness, int main_pid, struct refusals *ret_refusals);

/* Removes the file and its directory. */
void preload_close(struct preload_witness *witness);

/* Removes the files of memcages that were killed before they could do it; those of running ones are
 * locked and stay. Returns how many were removed. */
int preload_clean(void);

#endif
