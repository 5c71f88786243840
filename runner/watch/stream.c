/* SPDX-License-Identifier: MIT */
#include "watch/stream.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

#define READ_BYTES 32768
#define PUMPS_AT_ONCE 16

void stream_open(struct stream *stream, int source, int sink, uint64_t cap_bytes, bool truncate)
{
	*stream = (struct stream){ .source = source,
		.sink = sink,
		.tapped = true,
		.cap_bytes = cap_bytes,
		.truncate = truncate };
	stream->sink_is_file = fd_is_file(sink);
}

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

void stream_open_digest(struct stream *stream, int source, uint64_t cap_bytes, bool truncate)
{
	stream_open(stream, source, -1, cap_bytes, truncate);
	stream->digested = true;
	stream->digest = FNV_OFFSET;
}

static void digest(struct stream *stream, const char *bytes, size_t size)
{
	uint64_t value = stream->digest;

	for (size_t i = 0; i < size; i++)
		value = (value ^ (unsigned char)bytes[i]) * FNV_PRIME;
	stream->digest = value;
}

void stream_close(struct stream *stream)
{
	fd_close(&stream->source);
	fd_close(&stream->sink);
	free(stream->edges);
	free(stream->pending);
	stream->edges = stream->pending = NULL;
}

static void keep_edges(struct stream *stream, const char *bytes, size_t size)
{
	size_t room;

	if (stream->edges == NULL)
		stream->edges = malloc((size_t)2 * STREAM_EDGE_BYTES);
	if (stream->edges == NULL)
		return; /* evidence for people is lost, the bytes are not */
	room = STREAM_EDGE_BYTES - stream->head_size;
	if (room > size)
		room = size;
	memcpy(stream->edges + stream->head_size, bytes, room);
	stream->head_size += room;
	bytes += room;
	size -= room;
	if (size > STREAM_EDGE_BYTES) {
		stream->tail_total += size - STREAM_EDGE_BYTES;
		bytes += size - STREAM_EDGE_BYTES;
		size = STREAM_EDGE_BYTES;
	}
	while (size > 0) {
		size_t at = (size_t)(stream->tail_total % STREAM_EDGE_BYTES),
		       part = STREAM_EDGE_BYTES - at;

		if (part > size)
			part = size;
		memcpy(stream->edges + STREAM_EDGE_BYTES + at, bytes, part);
		stream->tail_total += part;
		bytes += part;
		size -= part;
	}
}

/* The reader is gone: the workload shall see it as it would without us, by SIGPIPE or EPIPE. */
static void sink_lost(struct stream *stream, int error_number)
{
	stream->sink_errno = error_number;
	fd_close(&stream->sink);
	fd_close(&stream->source);
	stream->pending_size = 0;
}

static void flush_pending(struct stream *stream)
{
	while (stream->pending_size > 0) {
		ssize_t written = fd_write_what_fits(stream->sink, stream->sink_is_file,
			stream->pending + stream->pending_from, stream->pending_size);

		if (written == 0)
			return;
		if (written < 0) {
			sink_lost(stream, (int)-written);
			return;
		}
		stream->pending_from += (size_t)written;
		stream->pending_size -= (size_t)written;
	}
}

static void forward(struct stream *stream, const char *bytes, size_t size)
{
	while (size > 0 && stream->sink >= 0) {
		ssize_t written = fd_write_what_fits(
			stream->sink, stream->sink_is_file, bytes, size);

		if (written < 0) {
			sink_lost(stream, (int)-written);
			return;
		}
		if (written == 0)
			break;
		bytes += written;
		size -= (size_t)written;
	}
	if (size == 0 || stream->sink < 0)
		return;
	if (stream->pending == NULL)
		stream->pending = malloc(READ_BYTES);
	if (stream->pending == NULL) {
		sink_lost(stream, ENOMEM); /* out of memory: better a visible end than lost bytes in
					      the middle */
		return;
	}
	memcpy(stream->pending, bytes, size);
	stream->pending_from = 0;
	stream->pending_size = size;
}

static void take(struct stream *stream, const char *bytes, size_t size)
{
	uint64_t room = stream->cap_bytes > stream->bytes ? stream->cap_bytes - stream->bytes : 0;

	stream->bytes += size;
	if (size > room) {
		stream->over_cap = true;
		size = (size_t)room;
	}
	keep_edges(stream, bytes, size);
	if (stream->digested)
		digest(stream, bytes, size);
	if (stream->observe != NULL)
		stream->observe(stream->observer, bytes, size);
	forward(stream, bytes, size);
}

bool stream_pump(struct stream *stream)
{
	char buffer[READ_BYTES];

	for (int i = 0; i < PUMPS_AT_ONCE; i++) {
		ssize_t got;

		flush_pending(stream);
		if (stream->pending_size > 0 || stream->source < 0)
			return false;
		if (stream->over_cap && !stream->truncate)
			return false; /* the cage is being ended; what comes now is nobody's */
		got = read(stream->source, buffer, sizeof(buffer));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return false;
		if (got <= 0) {
			fd_close(&stream->source);
			return false;
		}
		take(stream, buffer, (size_t)got);
	}
	return true;
}

bool stream_wants_source(const struct stream *stream)
{
	return stream->source >= 0 && stream->pending_size == 0 &&
	       !(stream->over_cap && !stream->truncate);
}

bool stream_wants_sink(const struct stream *stream)
{
	return stream->sink >= 0 && stream->pending_size > 0;
}

bool stream_is_done(const struct stream *stream)
{
	return stream->source < 0 && stream->pending_size == 0;
}

void stream_finish_source(struct stream *stream)
{
	/* A pipe holds little; what a process outside the cage goes on writing is not the run's. */
	for (int i = 0; i < 4 && stream_pump(stream); i++)
		;
	if (stream->pending_size == 0)
		fd_close(&stream->source);
}

void stream_edges(const struct stream *stream, const char **ret_head, size_t *ret_head_size,
	char **ret_tail, size_t *ret_tail_size)
{
	size_t size = stream->tail_total < STREAM_EDGE_BYTES ? (size_t)stream->tail_total
							     : STREAM_EDGE_BYTES;
	size_t start = (size_t)((stream->tail_total - size) % STREAM_EDGE_BYTES);
	char *tail = size > 0 ? malloc(size) : NULL;

	*ret_head = stream->edges;
	*ret_head_size = stream->edges ? stream->head_size : 0;
	*ret_tail = tail;
	*ret_tail_size = tail ? size : 0;
	if (tail == NULL)
		return;
	for (size_t i = 0; i < size; i++)
		tail[i] = stream->edges[STREAM_EDGE_BYTES + (start + i) % STREAM_EDGE_BYTES];
}
