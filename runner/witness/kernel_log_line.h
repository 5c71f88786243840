/* SPDX-License-Identifier: MIT
 *
 * kernel_log_line.h - the kernel's sentences about OOM kills, one line at a time. Read from 4.19 to
 * 6.18; which sentence follows which is kernel_log.c's business.
 */
#ifndef MEMCAGE_WITNESS_KERNEL_LOG_LINE_H
#define MEMCAGE_WITNESS_KERNEL_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "witness/kernel_log.h"
#include "witness/span.h"

#define LOG_TEXT_MAX 8192

enum log_kind {
	LOG_OTHER,
	LOG_OOM_KILL,  /* "oom-kill:constraint=...,oom_memcg=/a,task_memcg=/a/b,task=c,pid=1,uid=0"
			*/
	LOG_TASK_IN,   /* "Task in /a/b killed as a result of limit of /a" (before 5.0) */
	LOG_GROUP,     /* "Tasks in /a are going to be killed due to memory.oom.group set" */
	LOG_SACRIFICE, /* "Memory cgroup out of memory: Kill process 1 (c) score 9 or sacrifice
			  child" */
	LOG_EXITING,   /* "Memory cgroup out of memory: OOM victim 1 (c) is already exiting. ..." */
	LOG_KILLED, /* "Memory cgroup out of memory: Killed process 1 (c) total-vm:9kB, anon-..." */
};

/* One record of the kernel's own. */
struct log_record {
	enum log_kind kind;
	bool continues; /* it goes on with the line of the record before */
	bool host_wide; /* "Out of memory: ..." */
	bool is_memcg;  /* "Memory cgroup out of memory: ..."; neither: not said */
	uint64_t time_us;
	const char
		*text; /* raw bytes, escapes undone; for LOG_KILLED and so on behind the prefix */
	size_t length;
};

struct log_victim {
	struct kernel_kill kill;
	struct counter total_vm_bytes, page_table_bytes, user;
	struct span oom_score_adj; /* a number with a sign, or empty */
	const char *command;       /* raw, as the process chose it; points into the record's text */
	size_t command_length;
};

/* kernel_log_record.c: the record around the line. False for what user space wrote and for what is
 * no record. text of *ret_record points into buffer. */
bool log_record_read(const char *record, size_t length, char buffer[static LOG_TEXT_MAX],
	struct log_record *ret_record);

/* The same for the words alone, without a record around them: fills kind, host_wide, is_memcg, text
 * and length. */
void log_classify(struct span text, struct log_record *record);

/* /dev/kmsg writes what is not printable ASCII, and the backslash, as \xNN. Copies up to a newline
 * and ends with NUL; what does not fit is cut. Returns the length. */
size_t log_undo_escapes(char *to, size_t size, const char *text, size_t length);

/* The lines by kind. command is the victim's where it is known from elsewhere, or NULL. Each fills
 * what it is sure of, and returns false where the line is not of the form. */
bool log_oom_kill_line(const char *line, size_t length, const char *command, size_t command_length,
	struct kernel_kill *ret_kill);
bool log_task_in_line(const char *line, size_t length, struct kernel_kill *ret_kill);
bool log_group_line(const char *line, size_t length, char *ret_path, size_t size);
bool log_killed_line(const struct log_record *record, struct log_victim *ret_victim);

/* The pid of a LOG_EXITING record, or 0. */
int log_exiting_pid(const struct log_record *record);

/* Adds to a kill what an earlier line told: constraint, paths, whether it was host-wide. */
void log_merge(struct kernel_kill *kill, const struct kernel_kill *story);

#endif
