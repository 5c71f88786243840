/* SPDX-License-Identifier: MIT
 *
 * stream.h - one output stream of the workload on its way through us: forwarded byte for byte, in
 * bounded memory, counted and capped, its head and tail kept, each byte shown to an observer.
 */
#ifndef MEMCAGE_WATCH_STREAM_H
#define MEMCAGE_WATCH_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lists.h"

struct stream {
	int source;        /* our end of the workload's pipe, non-blocking; -1: none, or ended */
	int sink;          /* where it goes; -1: nowhere any more */
	bool sink_is_file; /* never blocks for long, cannot be polled */
	bool tapped;
	uint64_t cap_bytes; /* UINT64_MAX: none */
	bool truncate;      /* at the cap discard and go on */
	uint64_t bytes;     /* written by the workload, as far as read */
	bool digested;      /* digest is kept */
	uint64_t digest;    /* FNV-1a of these bytes */
	bool over_cap;      /* more than cap_bytes came */
	int sink_errno; /* why the sink took no more; 0: it did. The workload saw SIGPIPE then */

	char *edges; /* head then tail (a ring), allocated with the first byte */
	size_t head_size;
	uint64_t tail_total; /* bytes that ever went into the tail's ring */

	char *pending; /* what the sink did not take yet */
	size_t pending_from, pending_size;

	void (*observe)(void *data, const char *bytes, size_t size); /* may be NULL */
	void *observer;
};

#define STREAM_NONE                                                                                \
	{                                                                                          \
		.source = -1, .sink = -1                                                           \
	}

/* Takes over source and sink. */
void stream_open(struct stream *stream, int source, int sink, uint64_t cap_bytes, bool truncate);
/* Takes over source; what comes is only counted and digested. */
void stream_open_digest(struct stream *stream, int source, uint64_t cap_bytes, bool truncate);
void stream_close(struct stream *stream);

/* Moves what can be moved now, at most a bounded amount. Returns true when there may be more at
 * once. */
bool stream_pump(struct stream *stream);

/* What to wait for: the source's bytes, or the sink's room. */
bool stream_wants_source(const struct stream *stream);
bool stream_wants_sink(const struct stream *stream);

/* Everything was read to its end (or abandoned) and forwarded. */
bool stream_is_done(const struct stream *stream);

/* Nobody writes any more: take what is still in the pipe, then count the source as ended. */
void stream_finish_source(struct stream *stream);

/* The kept bytes: the first, and the last behind them (in order). The caller frees *ret_tail. */
void stream_edges(const struct stream *stream, const char **ret_head, size_t *ret_head_size,
	char **ret_tail, size_t *ret_tail_size);

#endif
