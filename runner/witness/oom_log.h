/* SPDX-License-Identifier: MIT
 *
 * oom_log.h - a kept log, line by line, into incidents. Kills that overlap are held apart by host,
 * by the kernel's caller mark and by process id. Memory does not grow with the log.
 */
#ifndef MEMCAGE_WITNESS_OOM_LOG_H
#define MEMCAGE_WITNESS_OOM_LOG_H

#include "witness/kernel_log_line.h"
#include "witness/oom_incident.h"
#include "witness/oom_tasks.h"

#define OOM_OPEN_MAX 8
#define OOM_TASK_PIDS_MAX 4096 /* of one list of tasks */

/* An incident that may still grow. */
struct oom_open {
	bool used;
	bool killed;       /* a "Killed process" was there */
	bool line_open;    /* the oom-kill line was cut: the next line may continue it */
	uint64_t key;      /* of host and caller */
	uint64_t touched;  /* line number */
	int announced_pid; /* of the oom-kill line; 0: none */
	size_t line_length;
	char line[KERNEL_LOG_LINE_MAX]; /* the oom-kill line, raw */
	struct oom_columns columns;
	int pid_count;
	int pids[OOM_TASK_PIDS_MAX];
	struct oom_incident incident;
};

/* A sentence of a kill that the kernel did not write. */
struct oom_foreign {
	uint64_t count;
	uint64_t first_line;
	char writer[64]; /* of the first, or "" */
};

struct oom_log {
	void (*found)(const struct oom_incident *incident, void *data);
	void *data;
	uint64_t line_number;
	uint64_t suppressed; /* messages that the kernel says it did not print */
	struct oom_foreign foreign;

	enum log_origin last_origin; /* lines without a prefix go with the line before */
	uint64_t last_key;
	bool marked; /* some line had a prefix that names its writer */
	int open_count;
	struct oom_open open[OOM_OPEN_MAX];
};

/* found gets each incident that is complete, in the order in which they became so. The log is large
 * (about 300 KiB): allocate it. */
void oom_log_begin(struct oom_log *log,
	void (*found)(const struct oom_incident *incident, void *data), void *data);

/* One line, without its newline. Pure but for found. */
void oom_log_feed(struct oom_log *log, const char *line, size_t length);

/* Nothing more comes: gives out what is open. */
void oom_log_end(struct oom_log *log);

/* oom_kills.c: one sentence about a kill, said by the kernel. Returns false where record is none.
 */
bool oom_log_kill(struct oom_log *log, const struct log_line *line, uint64_t key,
	const struct log_record *record);

/* oom_open.c: the incidents that are open. */
struct oom_open *oom_open_new(struct oom_log *log, const struct log_line *line, uint64_t key);
struct oom_open *oom_open_latest(struct oom_log *log, uint64_t key); /* NULL: none */
void oom_open_touch(struct oom_log *log, struct oom_open *open, const struct log_line *line);
void oom_open_close(struct oom_log *log, struct oom_open *open);
bool oom_open_has_pid(const struct oom_open *open, int pid);

#endif
