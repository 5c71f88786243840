/* SPDX-License-Identifier: MIT
 *
 * log_time.h - the time stamps that logs begin with. They are recognised, not calculated with.
 */
#ifndef MEMCAGE_WITNESS_LOG_TIME_H
#define MEMCAGE_WITNESS_LOG_TIME_H

#include <stdbool.h>

#include "witness/span.h"

struct log_time {
	struct span at;
	bool is_utc;    /* "2024-01-05T02:12:02Z", the form of container runtimes */
	bool is_kernel; /* dmesg's own form of a date: nobody's name follows */
};

/* "[  123.456789] ", "[Thu Dec  7 00:05:14 2017] ", "[  +0.000012] ", "[Nov22 13:30] ". Takes it
 * and the blank behind it; *ret_at is what stands between the brackets. False, and text as it was,
 * where there is none: "[  4711]  0 ..." is a row of the list of tasks. */
bool log_time_bracket(struct span *text, struct span *ret_at);

/* The times of journalctl and syslog, with the blank behind them. */
bool log_time_daemon(struct span *text, struct log_time *ret_time);

#endif
