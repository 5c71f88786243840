/* SPDX-License-Identifier: MIT
 *
 * One stream on its way: every byte and no other, in bounded memory, whatever the reader does.
 */
#include "watch/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define NO_CAP UINT64_MAX
#define EDGE STREAM_EDGE_BYTES
#define MIB (1 << 20)

/* The byte at a place of an endless text that does not repeat soon. */
static char byte_at(uint64_t at)
{
	uint64_t mixed = (at + 1) * UINT64_C(0x9e3779b97f4a7c15);

	return (char)(mixed >> 56);
}

static void fill(char *bytes, size_t size, uint64_t from)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = byte_at(from + i);
}

static bool is_text(const char *bytes, size_t size, uint64_t from)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != byte_at(from + i))
			return false;
	return true;
}

/* What the workload holds (writer) and what the reader of our output holds. */
struct line {
	struct stream stream;
	int writer, reader;
	uint64_t written, received;
	bool right; /* every byte received was the next one */
};

enum sink_kind { SINK_PIPE, SINK_SOCKET, SINK_FIFO };

static void open_sink(enum sink_kind kind, int ends[2])
{
	char path[] = "/tmp/memcage-test-XXXXXX";

	if (kind == SINK_PIPE) {
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	} else if (kind == SINK_SOCKET) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	} else {
		assert_non_null(mkdtemp(path));
		assert_int_equal(rmdir(path), 0);
		assert_int_equal(mkfifo(path, 0600), 0);
		ends[0] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		ends[1] = open(path, O_WRONLY | O_CLOEXEC);
		assert_true(ends[0] >= 0 && ends[1] >= 0);
		assert_int_equal(unlink(path), 0);
	}
}

static void line_open_to(struct line *line, enum sink_kind kind, uint64_t cap, bool truncate)
{
	int in[2], out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC | O_NONBLOCK), 0);
	open_sink(kind, out);
	assert_int_equal(fcntl(out[0], F_SETFL, O_NONBLOCK), 0);
	*line = (struct line){ .writer = in[1], .reader = out[0], .right = true };
	stream_open(&line->stream, in[0], out[1], cap, truncate);
}

static void line_open(struct line *line, uint64_t cap, bool truncate)
{
	line_open_to(line, SINK_PIPE, cap, truncate);
}

static void line_close(struct line *line)
{
	stream_close(&line->stream);
	stream_close(&line->stream); /* twice is harmless */
	fd_close(&line->writer);
	fd_close(&line->reader);
}

/* Writes up to so many bytes; returns how many went in. */
static size_t write_some(struct line *line, size_t size)
{
	static char bytes[65536];
	ssize_t written;

	if (size > sizeof(bytes))
		size = sizeof(bytes);
	fill(bytes, size, line->written);
	written = write(line->writer, bytes, size);
	if (written < 0)
		return 0;
	line->written += (uint64_t)written;
	return (size_t)written;
}

static size_t read_some(struct line *line)
{
	static char bytes[65536];
	ssize_t got = read(line->reader, bytes, sizeof(bytes));

	if (got <= 0)
		return 0;
	line->right = line->right && is_text(bytes, (size_t)got, line->received);
	line->received += (uint64_t)got;
	return (size_t)got;
}

static void read_all(struct line *line)
{
	while (read_some(line) > 0)
		;
}

/* Ends the writing and takes everything to its end. */
static void finish(struct line *line)
{
	fd_close(&line->writer);
	for (int i = 0; i < 100000 && !stream_is_done(&line->stream); i++) {
		(void)stream_pump(&line->stream);
		read_all(line);
	}
	assert_true(stream_is_done(&line->stream));
	read_all(line);
}

static void test_forwarding(void **state)
{
	static const struct {
		const char *because;
		enum sink_kind kind;
		size_t total, chunk;
	} rows[] = {
		{ "nothing at all", SINK_PIPE, 0, 1 },
		{ "one byte", SINK_PIPE, 1, 1 },
		{ "byte by byte", SINK_PIPE, 1000, 1 },
		{ "odd pieces", SINK_PIPE, 300000, 4097 },
		{ "whole pipes", SINK_PIPE, 8 * MIB, 65536 },
		{ "a socket", SINK_SOCKET, 8 * MIB, 65536 },
		{ "a named pipe, where the kernel may not promise not to wait", SINK_FIFO, 8 * MIB,
			65536 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct line line;

		line_open_to(&line, rows[i].kind, NO_CAP, false);
		while (line.written < rows[i].total) {
			size_t left = rows[i].total - (size_t)line.written;

			(void)write_some(&line, left < rows[i].chunk ? left : rows[i].chunk);
			(void)stream_pump(&line.stream);
			(void)read_some(&line);
		}
		finish(&line);
		if (!line.right || line.received != rows[i].total ||
			line.stream.bytes != rows[i].total || line.stream.over_cap)
			fail_msg("%s: %llu of %zu", rows[i].because,
				(unsigned long long)line.received, rows[i].total);
		line_close(&line);
	}
}

/* The reader sleeps: nothing is lost, nothing blocks, the source has to wait; then it wakes up. */
static void test_blocked_sink(void **state)
{
	(void)state;
	for (int kind = SINK_PIPE; kind <= SINK_FIFO; kind++) {
		struct line line;
		size_t idle = 0;

		line_open_to(&line, (enum sink_kind)kind, NO_CAP, false);
		while (idle < 10) { /* until neither side moves */
			idle = write_some(&line, 65536) > 0 ? 0 : idle + 1;
			(void)alarm(20); /* a stream that waits would hang here */
			(void)stream_pump(&line.stream);
			(void)alarm(0);
		}
		assert_true(stream_wants_sink(&line.stream));
		assert_false(stream_wants_source(&line.stream));
		assert_true(line.stream.pending_size <= 32768);
		assert_true(line.written < MIB); /* the pipes' own room, and one buffer */
		for (int i = 0; i < 100; i++)    /* asked again and again it stays so */
			assert_false(stream_pump(&line.stream));
		read_all(&line);
		(void)stream_pump(&line.stream);
		read_all(&line);
		assert_true(line.received > 0 && line.right);
		finish(&line);
		assert_true(line.right);
		assert_int_equal(line.received, line.written);
		assert_int_equal(line.stream.bytes, line.written);
		line_close(&line);
	}
}

/* A regular file takes all at once, and where the position of the open file is. */
static void test_file_sink(void **state)
{
	char path[] = "/tmp/memcage-test-XXXXXX", text[64];
	int in[2], file = mkstemp(path), sink;
	struct stream stream;

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(fd_write_all(file, "before ", 7), 0);
	sink = fcntl(file, F_DUPFD_CLOEXEC, 3);
	assert_int_equal(pipe2(in, O_CLOEXEC | O_NONBLOCK), 0);
	stream_open(&stream, in[0], sink, NO_CAP, false);
	assert_true(stream.sink_is_file);
	assert_int_equal(fd_write_all(in[1], "between", 7), 0);
	(void)stream_pump(&stream);
	assert_int_equal(fd_write_all(file, " after", 6), 0); /* shared position, as without us */
	fd_close(&in[1]);
	(void)stream_pump(&stream);
	assert_true(stream_is_done(&stream));
	assert_int_equal(fd_read_all(file, text, sizeof(text)), 20);
	assert_string_equal(text, "before between after");
	stream_close(&stream);
	fd_close(&file);
	assert_int_equal(unlink(path), 0);
}

/* The cap. */
static const struct {
	const char *because;
	uint64_t cap, total;
	bool truncate;
	uint64_t received;
	bool over;
} caps[] = {
	{ "below", 1000, 999, false, 999, false },
	{ "exactly", 1000, 1000, false, 1000, false },
	{ "one more", 1000, 1001, false, 1000, true },
	{ "far more", 1000, 500000, false, 1000, true },
	{ "below, truncating", 1000, 999, true, 999, false },
	{ "exactly, truncating", 1000, 1000, true, 1000, false },
	{ "one more, truncating", 1000, 1001, true, 1000, true },
	{ "far more, truncating", 100000, 4 * MIB, true, 100000, true },
};

static void test_caps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(caps); i++) {
		struct line line;

		line_open(&line, caps[i].cap, caps[i].truncate);
		while (line.written < caps[i].total) {
			size_t left = (size_t)(caps[i].total - line.written);

			(void)write_some(&line, left < 700 ? left : 700);
			(void)stream_pump(&line.stream);
			read_all(&line);
			if (line.stream.over_cap && !caps[i].truncate)
				break;
		}
		if (caps[i].over && !caps[i].truncate) {
			assert_false(
				stream_wants_source(&line.stream)); /* the cage is being ended */
			stream_finish_source(&line.stream);
			assert_true(stream_is_done(&line.stream));
			read_all(&line);
		} else {
			finish(&line);
			assert_int_equal(
				line.stream.bytes, caps[i].total); /* counted beyond the cap too */
		}
		if (line.received != caps[i].received || !line.right ||
			line.stream.over_cap != caps[i].over)
			fail_msg("%s: %llu", caps[i].because, (unsigned long long)line.received);
		line_close(&line);
	}
}

/* The reader goes away: the workload shall get SIGPIPE or EPIPE, as without us. */
static void test_lost_reader(void **state)
{
	struct line line;

	(void)state;
	for (int pending = 0; pending < 2; pending++) {
		line_open(&line, NO_CAP, false);
		for (int i = 0; pending && i < 20; i++) {
			(void)write_some(&line, 65536);
			(void)stream_pump(&line.stream);
		}
		assert_int_equal(stream_wants_sink(&line.stream), pending);
		fd_close(&line.reader);
		(void)write_some(&line, 100);
		(void)stream_pump(&line.stream);
		assert_true(stream_is_done(&line.stream));
		assert_false(stream_wants_source(&line.stream) || stream_wants_sink(&line.stream));
		assert_int_equal(line.stream.sink, -1);
		assert_int_equal(write(line.writer, "x", 1), -1);
		assert_int_equal(errno, EPIPE);
		line_close(&line);
	}
}

static void check_edges(const struct stream *stream, uint64_t total, const char *because)
{
	uint64_t head_size = total < EDGE ? total : EDGE;
	uint64_t tail_size = total - head_size < EDGE ? total - head_size : EDGE;
	const char *head;
	char *tail;
	size_t head_got, tail_got;

	stream_edges(stream, &head, &head_got, &tail, &tail_got);
	if (head_got != head_size || !is_text(head, head_got, 0))
		fail_msg("%s: the head, %zu bytes", because, head_got);
	if (tail_got != tail_size || !is_text(tail, tail_got, total - tail_size))
		fail_msg("%s: the tail, %zu bytes", because, tail_got);
	free(tail);
}

static void test_edges(void **state)
{
	static const struct {
		const char *because;
		size_t total, chunk;
	} rows[] = {
		{ "nothing", 0, 1 },
		{ "one byte", 1, 1 },
		{ "the head not full", EDGE - 1, 100 },
		{ "the head just full", EDGE, 100 },
		{ "a tail of one byte", EDGE + 1, EDGE + 1 },
		{ "the tail just full", 2 * EDGE, 3000 },
		{ "the ring one byte around", 2 * EDGE + 1, 3000 },
		{ "several times around, in odd pieces", 10 * EDGE + 17, 777 },
		{ "pieces larger than the ring", 20 * EDGE + 5, 30000 },
		{ "byte by byte around", 3 * EDGE, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct line line;

		line_open(&line, NO_CAP, false);
		while (line.written < rows[i].total) {
			size_t left = rows[i].total - (size_t)line.written;

			(void)write_some(&line, left < rows[i].chunk ? left : rows[i].chunk);
			(void)stream_pump(&line.stream);
			read_all(&line);
		}
		check_edges(&line.stream, rows[i].total, rows[i].because);
		line_close(&line);
	}
}

/* What lies beyond the cap is nobody's evidence. */
static void test_edges_at_cap(void **state)
{
	struct line line;

	(void)state;
	line_open(&line, EDGE + 100, true);
	for (int i = 0; i < 50; i++) {
		(void)write_some(&line, 1000);
		(void)stream_pump(&line.stream);
		read_all(&line);
	}
	check_edges(&line.stream, EDGE + 100, "capped");
	line_close(&line);
}

struct observed {
	uint64_t bytes;
	bool right;
};

static void observe(void *data, const char *bytes, size_t size)
{
	struct observed *observed = data;

	observed->right = observed->right && is_text(bytes, size, observed->bytes);
	observed->bytes += size;
}

/* The observer sees each byte once and in order, also while the sink is blocked. */
static void test_observer(void **state)
{
	struct observed observed = { .right = true };
	struct line line;

	(void)state;
	line_open(&line, NO_CAP, false);
	line.stream.observe = observe;
	line.stream.observer = &observed;
	for (int i = 0; i < 300; i++) {
		(void)write_some(&line, 10007);
		(void)stream_pump(&line.stream);
		if (i % 7 == 0)
			(void)read_some(&line);
	}
	finish(&line);
	assert_true(observed.right);
	assert_int_equal(observed.bytes, line.written);
	line_close(&line);
}

static uint64_t resident_kib(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return (uint64_t)usage.ru_maxrss;
}

/* A flood costs time, not memory. */
static void test_flood(void **state)
{
	static char bytes[65536];
	int in[2], null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct stream stream;
	uint64_t before, total = 0;

	(void)state;
	assert_int_equal(pipe2(in, O_CLOEXEC | O_NONBLOCK), 0);
	stream_open(&stream, in[0], null, NO_CAP, false);
	memset(bytes, 'x', sizeof(bytes)); /* its pages count before */
	before = resident_kib();
	while (total < UINT64_C(512) * MIB) {
		ssize_t written = write(in[1], bytes, sizeof(bytes));

		total += written > 0 ? (uint64_t)written : 0;
		(void)stream_pump(&stream);
	}
	fd_close(&in[1]);
	while (stream_pump(&stream))
		;
	assert_true(stream_is_done(&stream));
	assert_int_equal(stream.bytes, total);
	assert_true(resident_kib() - before < 2048);
	stream_close(&stream);
}

/* One call moves a bounded amount, and says that there is more. */
static void test_bounded_pump(void **state)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC),
	    null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct stream stream;

	(void)state;
	stream_open(&stream, zero, null, NO_CAP, false);
	assert_true(stream_pump(&stream));
	assert_true(stream.bytes > 0 && stream.bytes <= MIB);
	stream_close(&stream);
}

/* The cage is empty, but somebody outside holds the pipe open: what is in it is taken, no more. */
static void test_finish_source(void **state)
{
	struct line line;

	(void)state;
	line_open(&line, NO_CAP, false);
	assert_int_equal(write_some(&line, 5000), 5000);
	stream_finish_source(&line.stream);
	read_all(&line);
	assert_true(stream_is_done(&line.stream));
	assert_true(line.right);
	assert_int_equal(line.received, 5000);
	line_close(&line);
}

/* A stream that nobody reads from the start: all is counted, nothing kept back. */
static void test_no_sink(void **state)
{
	struct stream stream = STREAM_NONE;
	const char *head;
	char *tail;
	size_t head_size, tail_size;

	(void)state;
	assert_true(stream_is_done(&stream));
	assert_false(stream_pump(&stream));
	stream_edges(&stream, &head, &head_size, &tail, &tail_size);
	assert_true(head_size == 0 && tail_size == 0 && tail == NULL);
	stream_close(&stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forwarding),
		cmocka_unit_test(test_blocked_sink),
		cmocka_unit_test(test_file_sink),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_lost_reader),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_edges_at_cap),
		cmocka_unit_test(test_observer),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_bounded_pump),
		cmocka_unit_test(test_finish_source),
		cmocka_unit_test(test_no_sink),
	};

	(void)signal(SIGPIPE, SIG_IGN); /* as the header asks of a caller */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
