/* SPDX-License-Identifier: MIT
 *
 * attacks.h - small programs that try to get out of a cage, each in another way, in one binary:
 *
 *     memcage-attacks NAME BAIT          tries one; its last line and its exit status say what came
 *                                        of it
 *     memcage-attacks --list             all of them, one line each: what the tables say
 *     memcage-attacks --bait             makes what is worth attacking on the host, prints where it
 *                                        is as one word (BAIT), and removes it when its standard
 *                                        input ends
 *     memcage-attacks --look NAME        outside and afterwards: whether something was left
 *
 * `memcage selftest` runs them, with and without a cage. They do no harm without one: what they
 * reach is the bait. Those that might are marked, and run without a cage only in a guest.
 */
#ifndef MEMCAGE_ATTACKS_H
#define MEMCAGE_ATTACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses. Everything else is no answer. */
enum outcome {
	WORKED = 70,
	HELD = 71,
	NOT_HERE = 72, /* it cannot be tried on this host, cage or not */
};

#define MIB ((size_t)1 << 20)
#define CAGE_MEMORY (24 * MIB) /* what selftest gives */
#define ENOUGH (64 * MIB)      /* who holds as much at one time has passed the limit */

struct attack {
	const char *name;
	int row;                          /* of the checklist in table.h */
	const char *flags;                /* letters, see table.h; "" none */
	const char *tries;                /* the mechanism, in one phrase */
	int (*run)(const char *argument); /* returns an enum outcome, or does not return */
	const char *argument;             /* for run; NULL: none */
	const char *verdicts;             /* that are right when the attack does not say itself what
					     came of it; as globs with blanks between them; "": none */
	const char *options;              /* of memcage, besides; "" none */
};

/* Each prints the attack's line and returns its outcome. */
int worked(const char *format, ...) __attribute__((format(printf, 1, 2)));
int held(const char *format, ...) __attribute__((format(printf, 1, 2)));
int not_here(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Children that each take a share of ENOUGH, and wait; who dies or is refused takes nothing. */
int by_children(size_t (*take)(size_t wanted), const char *what);

/* By the result of a system call: negative is held, by errno. what names the call. */
int tried(long result, const char *what);

/* "ready": the driver may do its part. */
void say_ready(void);

/* ---- the bait (bait.c) ---- */

int bait_main(void);
int look_main(void);

/* Takes the word apart; without one all of these are empty or -1. */
void bait_read(const char *word);
const char *bait_text(const char *key);
long bait_number(const char *key);

/* A decimal number, or -1. */
long number_of(const char *text);

#define SECRET "memcage-secret-of-the-host"

/* Who is not root, and has descriptors of the bait's on their way: by more than a process may have.
 */
#define CROWD_USER 65534
#define CROWD 200
#define CROWD_LIMIT 100
bool crowd_in_flight(const int carrier[2], int count);

/* ---- by theme ---- */

/* memory.c, memory_kernel.c, memory_uncharged.c: each until ENOUGH is held at one time. */
int memory_at_start(const char *), memory_anonymous(const char *), memory_cold(const char *),
	memory_shared(const char *), memory_brk(const char *), memory_remap(const char *),
	memory_stack(const char *), memory_threads(const char *), memory_children(const char *),
	memory_locked(const char *), memory_populated(const char *), memory_file(const char *),
	memory_memfd(const char *), memory_posix_shm(const char *), memory_sysv_shm(const char *),
	memory_pipes(const char *), memory_sockets(const char *), memory_page_tables(const char *),
	memory_huge(const char *), memory_sysv_messages(const char *),
	memory_in_flight(const char *), memory_datagrams(const char *),
	memory_connections(const char *), memory_file_locks(const char *);

/* processes.c */
int survivor(const char *how), many(const char *how), supervisor_dies(const char *),
	main_thread_leaves(const char *);

/* groups.c */
int group_file(const char *name), group_child(const char *), group_mount(const char *type),
	group_clone_into(const char *);

/* others.c: against the bait's process */
int signal_other(const char *how), other_memory(const char *how), other_settings(const char *how),
	other_descriptor(const char *how);

/* descriptors.c */
int inherited_file(const char *), inherited_directory(const char *), inherited_high(const char *),
	stdin_reopened(const char *), stdout_extended(const char *), stdout_rewritten(const char *),
	stdout_reopened(const char *);

/* files.c */
int reads_host_file(const char *how), writes_host_file(const char *how), opens(const char *path),
	opens_to_write(const char *path), chroot_escape(const char *), handle_escape(const char *),
	device_node(const char *), writes_usr(const char *how), leaves_behind(const char *what);

/* namespaces.c */
int unshares(const char *name), clones(const char *name), joins(const char *how),
	mounts(const char *how);

/* calls.c */
int calls(const char *name), terminal_input(const char *how), foreign_abi(const char *which);

/* network.c */
int connects(const char *where), opens_socket(const char *kind), sees_interfaces(const char *),
	has_route(const char *);

/* sharing.c */
int shares_lock(const char *how), watches_host(const char *how), reaches_ipc(const char *how),
	counted_together(const char *);

/* resources.c */
int exhausts(const char *what), takes_time(const char *how), floods(const char *how),
	urgent(const char *how);

/* forgery.c */
int exits_with(const char *status), raises(const char *number), pretends(const char *what),
	dies_hidden(const char *how), ends_unseen(const char *), starts(const char *);

/* privilege.c */
int gains(const char *what), finds_in_environment(const char *name);

#endif
