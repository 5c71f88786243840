/* SPDX-License-Identifier: MIT */
#include "witness/backtrace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "witness/backtrace_child.h"
#include "witness/printable.h"

#define WALL_MS 3000

/* Frames of calls that were told already replace the bare calls, one by one. */
struct listener {
	struct backtrace calls, frames;
	size_t described; /* calls */
	bool ended;
};

/* The child read what it liked to be given: its word is no better. */
#define COPY_TEXT(to, from)                                                                        \
	(void)printable_copy((to), sizeof(to), (from), strnlen((from), sizeof(from)))

static void add_frame(struct backtrace *backtrace, const struct backtrace_frame *frame)
{
	struct backtrace_frame *added;

	if (backtrace->count == BACKTRACE_FRAMES)
		return;
	added = &backtrace->frames[backtrace->count++];
	added->offset_known = frame->offset_known;
	added->offset = frame->offset;
	COPY_TEXT(added->module, frame->module);
	COPY_TEXT(added->function, frame->function);
	COPY_TEXT(added->source, frame->source);
}

static void hear(struct listener *listener, const struct message *message)
{
	switch (message->kind) {
	case MESSAGE_FIRST_CALL:
		listener->calls.count = 0;
		add_frame(&listener->calls, &message->frame);
		break;
	case MESSAGE_CALL:
		add_frame(&listener->calls, &message->frame);
		break;
	case MESSAGE_FRAME:
		add_frame(&listener->frames, &message->frame);
		listener->described += message->is_last;
		break;
	case MESSAGE_NOTE:
		text_copy(listener->frames.note, sizeof(listener->frames.note), message->note);
		break;
	case MESSAGE_END:
		listener->ended = true;
		break;
	}
}

static void listen_to_child(int fd, struct listener *listener)
{
	const uint64_t deadline = clock_ms() + WALL_MS;
	struct message message;
	size_t length = 0;

	while (!listener->ended) {
		struct pollfd waiting = { .fd = fd, .events = POLLIN };
		uint64_t now = clock_ms();
		ssize_t got;

		if (now >= deadline)
			return;
		if (poll(&waiting, 1, (int)(deadline - now)) <= 0)
			continue; /* interrupted, or the time is over */
		got = read(fd, (char *)&message + length, sizeof(message) - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return;
		length += (size_t)got;
		if (length < sizeof(message))
			continue;
		message.note[sizeof(message.note) - 1] = '\0';
		hear(listener, &message);
		length = 0;
	}
}

static void conclude(struct listener *listener, struct backtrace *ret_backtrace)
{
	struct backtrace *frames = &listener->frames;

	for (size_t i = listener->described; i < listener->calls.count; i++)
		add_frame(frames, &listener->calls.frames[i]);
	if (!listener->ended)
		text_copy(frames->note, sizeof(frames->note),
			"cut: it took more time or memory than a backtrace may");
	*ret_backtrace = *frames;
}

static int read_snapshot(
	int page_file, size_t index, uint64_t sequence, struct page_snapshot *snapshot)
{
	off_t at = (off_t)(offsetof(struct page_file, snapshots) + index * sizeof(*snapshot));

	if (index >= PAGE_SNAPSHOTS ||
		pread(page_file, snapshot, sizeof(*snapshot), at) != (ssize_t)sizeof(*snapshot))
		return -ENOENT;
	if (snapshot->sequence != sequence || sequence == 0 || snapshot->caller == 0 ||
		snapshot->stack_bytes > sizeof(snapshot->stack) ||
		snapshot->modules_bytes > sizeof(snapshot->modules))
		return -ENOENT;
	return 0;
}

/* Starts the child; a descriptor of what it tells, or -errno. */
static int start_child(struct page_snapshot *snapshot, pid_t *ret_child)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*ret_child = fork();
	if (*ret_child == 0) {
		backtrace_child(snapshot, parent, ends[1]);
		_exit(0);
	}
	fd_close(&ends[1]);
	if (*ret_child < 0) {
		fd_close(&ends[0]);
		return -EAGAIN;
	}
	return ends[0];
}

int backtrace_of(struct page_snapshot *snapshot, struct backtrace *ret_backtrace)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	cleanup_fd int fd = -1;
	pid_t child = -1;

	if (listener == NULL)
		return -ENOMEM;
	fd = start_child(snapshot, &child);
	if (fd >= 0) {
		listen_to_child(fd, listener);
		(void)kill(child, SIGKILL);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
		conclude(listener, ret_backtrace);
	}
	free(listener);
	return fd < 0 ? fd : 0;
}

int backtrace_find(int page_file, size_t index, uint64_t sequence, struct backtrace *ret_backtrace)
{
	struct page_snapshot *snapshot = malloc(sizeof(*snapshot));
	int result = snapshot != NULL ? 0 : -ENOMEM;

	if (result == 0)
		result = read_snapshot(page_file, index, sequence, snapshot);
	if (result == 0)
		result = backtrace_of(snapshot, ret_backtrace);
	free(snapshot);
	return result;
}
