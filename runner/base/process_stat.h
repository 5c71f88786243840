/* SPDX-License-Identifier: MIT
 *
 * process_stat.h - the few facts of /proc/PID/stat and status that are asked for, of a living
 * process or of a dead one that nobody has waited for yet. Allocates nothing; may be called between
 * fork and exec.
 */
#ifndef MEMCAGE_BASE_PROCESS_STAT_H
#define MEMCAGE_BASE_PROCESS_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/counter.h"

struct process_stat {
	char command[16]; /* whatever bytes the process chose */
	bool is_zombie;   /* dead, and not waited for */
	bool is_fork;     /* has executed nothing since it was forked: the kernel's own flag */
	pid_t parent;
	uint64_t start_ticks; /* when it was started, in clock ticks since boot */
};

/* Returns 0, -errno where the file cannot be read, or -EIO where it is not of the known form. */
int process_stat_read(pid_t pid, struct process_stat *ret_stat);

/* The same from the file's text. Pure. */
int process_stat_parse(const char *text, struct process_stat *ret_stat);

/* The number of bytes behind a key such as "VmRSS:" in the text of /proc/PID/status, which gives
 * kilobytes; unknown where it is not there. Pure. */
struct counter process_status_bytes(const char *status, const char *key);

/* VmData of /proc/PID/status, in bytes: what RLIMIT_DATA counts. 0 where the process is gone. */
uint64_t process_data_bytes(pid_t pid);

/* Nanoseconds that a thread has been on a processor, by /proc/TID/schedstat; 0 where that cannot be
 * read. Of a thread that runs it is up to a tick behind. */
uint64_t thread_run_ns(pid_t tid);

#endif
