/* SPDX-License-Identifier: MIT
 *
 * backtrace_child.h - what the process that makes a backtrace tells the one that wants it.
 */
#ifndef MEMCAGE_WITNESS_BACKTRACE_CHILD_H
#define MEMCAGE_WITNESS_BACKTRACE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "witness/backtrace.h"

enum message_kind {
	MESSAGE_FIRST_CALL, /* there are no others yet */
	MESSAGE_CALL,
	MESSAGE_FRAME,
	MESSAGE_NOTE,
	MESSAGE_END,
};

/* What the child tells, each in one write: first all calls by their addresses, then the frames of
 * each in turn, at last that it is through. */
struct message {
	enum message_kind kind;
	bool is_last; /* frame of its call */
	struct backtrace_frame frame;
	char note[sizeof(((struct backtrace *)NULL)->note)];
};

/* Limits this process, a child of parent, finds the calls of the snapshot and writes messages about
 * them to fd. The snapshot is used up. May end the process. */
void backtrace_child(struct page_snapshot *snapshot, pid_t parent, int fd);

#endif
