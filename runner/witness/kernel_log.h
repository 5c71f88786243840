/* SPDX-License-Identifier: MIT
 *
 * kernel_log.h - the kernel's own account of OOM kills, from /dev/kmsg. On v2 it adds names and
 * sizes to what the counters prove; on v1 it is the only proof of whose limit it was.
 *
 * The workload chooses its command names and the names of the groups that it makes. Nothing of that
 * can change what is read here into a kill of another process or of another group: a line that can
 * be read in two ways leaves its paths empty.
 */
#ifndef MEMCAGE_WITNESS_KERNEL_LOG_H
#define MEMCAGE_WITNESS_KERNEL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counter.h"

/* One OOM kill. Paths are as the kernel prints them: from the root of the hierarchy. A path that is
 * too long for its field is left empty, never cut. */
struct kernel_kill {
	int pid; /* of the first pid namespace */
	char command[64];
	char constraint[32];
	bool host_wide; /* the kernel said "Out of memory", not "Memory cgroup out of memory" */
	bool by_group;  /* killed with its group (memory.oom.group): task_memcg is the group that
			   has oom.group set, the task lived there or below */
	char oom_memcg[512];  /* whose limit; "" for a host-wide OOM, or where it is not known */
	char task_memcg[512]; /* where the victim lived; "" where the log was cut by rate limiting
			       */
	struct counter anon_bytes, file_bytes, shmem_bytes;
};

#define KERNEL_LOG_LINE_MAX 2560

/* Collects kills from records fed one by one. Starts as all zero. */
struct kernel_log_parser {
	struct kernel_kill pending; /* an oom-kill: line that waits for its "Killed process" line */
	bool has_pending;
	struct kernel_kill held; /* a second kill of one record, given out with the next */
	bool has_held;
	struct kernel_kill last; /* the last "Killed process" */
	bool last_leads_group;   /* "Tasks in ... are going to be killed" followed it */
	uint64_t group_us;       /* when the kernel spoke of that group last */

	/* A line that tells paths; long ones come in several records. Raw bytes. */
	unsigned int line_kind; /* enum log_kind */
	bool line_open;         /* the next record may continue it */
	size_t line_length;
	char line[KERNEL_LOG_LINE_MAX];
};

/* Feed one /dev/kmsg record ("4,1764,1337124191,-;text\n..."). Records that user space wrote
 * (facility other than 0) are ignored: they prove nothing. Returns true when *ret_kill was filled.
 * Pure. */
bool kernel_log_feed(struct kernel_log_parser *parser, const char *record, size_t length,
	struct kernel_kill *ret_kill);

/* Nothing more comes: gives out what still waits, one kill per call, with what is known of it.
 * Returns false when nothing is left. */
bool kernel_log_flush(struct kernel_log_parser *parser, struct kernel_kill *ret_kill);

/* Opens /dev/kmsg at its end, so that only what comes from now on is read. Returns a descriptor or
 * -errno (-EPERM where kernel.dmesg_restrict keeps it). */
int kernel_log_open(void);

/* Reads what has come, calling found for each kill. Returns 0, or -EPIPE when records were
 * overwritten before they could be read (reading goes on behind the gap), or another -errno. Kills
 * that wait for more records stay in the parser: kernel_log_flush() at the end. */
int kernel_log_read(int fd, struct kernel_log_parser *parser,
	void (*found)(const struct kernel_kill *kill, void *data), void *data);

#endif
