/* SPDX-License-Identifier: MIT
 *
 * Which descriptors the workload gets for 0, 1 and 2. Each case runs in a process of its own, whose
 * standard streams are what the case says.
 */
#include "engine/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "apart.h"
#include "base/fd.h"
#include "fixture.h"
#include "prerequisite.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* What our own 1 and 2 are when the run starts. */
enum ours { PIPES, ONE_PIPE, TERMINALS, ERROR_ON_TERMINAL, CLOSED, NULLS };

static char directory[] = "/tmp/memcage-test-XXXXXX";
static const char *const command[] = { "true", NULL };
static struct memcage_spec spec;
static bool terminals; /* there are some to be had */
static int terminal = -1, readers[2] = { -1, -1 };

static void put_in_place(int fd, int number)
{
	CHECK(dup2(fd, number) == number);
}

static bool needs_terminal(enum ours ours)
{
	return ours == TERMINALS || ours == ERROR_ON_TERMINAL;
}

static void take_place(enum ours ours)
{
	int one[2], two[2], controller, side = -1;

	CHECK(pipe2(one, O_CLOEXEC) == 0 && pipe2(two, O_CLOEXEC) == 0);
	if (needs_terminal(ours))
		CHECK(openpty(&controller, &side, NULL, NULL, NULL) == 0);
	terminal = side;
	readers[0] = one[0];
	readers[1] = two[0];
	put_in_place(ours == TERMINALS ? side : one[1], 1);
	put_in_place(ours == PIPES                                    ? two[1]
		     : ours == TERMINALS || ours == ERROR_ON_TERMINAL ? side
								      : one[1],
		2);
	if (ours == NULLS) {
		put_in_place(open("/dev/null", O_WRONLY | O_CLOEXEC), 1);
		put_in_place(open("/dev/null", O_WRONLY | O_CLOEXEC), 2);
	}
	(void)close(one[1]);
	(void)close(two[1]);
	if (ours == CLOSED) {
		(void)close(0);
		(void)close(1);
		(void)close(2);
	}
}

/* What a child writes into number arrives where it shall: pumps, then reads. */
static void passes(struct streams *streams, int number, int stream, int reader, const char *text)
{
	char got[64] = "";

	CHECK(write(streams->child[number], text, strlen(text)) == (ssize_t)strlen(text));
	(void)stream_pump(&streams->output[stream]);
	CHECK(read(reader, got, sizeof(got) - 1) == (ssize_t)strlen(text));
	CHECK(strcmp(got, text) == 0);
}

static bool same_file(int one, int other)
{
	struct stat a, b;

	return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static int open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* Above 2 and close-on-exec, or -1. */
static void is_ours(int fd)
{
	CHECK(fd == -1 || (fd > 2 && fcntl(fd, F_GETFD) == FD_CLOEXEC));
}

static void opened(struct streams *streams)
{
	struct memcage_failure failure;

	CHECK(streams_open(streams, &spec, &failure) == 0);
	for (int i = 0; i < 3; i++)
		is_ours(streams->child[i]);
	for (int i = 0; i < 2; i++) {
		is_ours(streams->output[i].source);
		is_ours(streams->output[i].sink);
	}
}

static void two_pipes(void)
{
	struct streams streams;

	opened(&streams);
	CHECK(!streams.merged && streams.output[0].tapped && streams.output[1].tapped);
	CHECK(streams.child[0] == -1);          /* standard input is inherited */
	CHECK(!same_file(streams.child[1], 1)); /* the child writes to us, not past us */
	passes(&streams, 1, 0, readers[0], "out");
	passes(&streams, 2, 1, readers[1], "err");
}

/* Order is what sharing a pipe is for. */
static void order_stays(void)
{
	struct streams streams;
	char got[16] = "";

	opened(&streams);
	CHECK(streams.merged);
	for (int i = 0; i < 6; i++)
		CHECK(write(streams.child[1 + i % 2], &"abcdef"[i], 1) == 1);
	(void)stream_pump(&streams.output[0]);
	CHECK(read(readers[0], got, sizeof(got) - 1) == 6 && strcmp(got, "abcdef") == 0);
}

static void terminals_are_inherited(void)
{
	struct streams streams;

	opened(&streams);
	CHECK(!streams.merged && !streams.output[0].tapped && !streams.output[1].tapped);
	CHECK(isatty(streams.child[1]) && isatty(streams.child[2]));
	CHECK(same_file(streams.child[1], terminal));
}

static void one_terminal(void)
{
	struct streams streams;

	opened(&streams);
	CHECK(!streams.merged && streams.output[0].tapped && !streams.output[1].tapped);
	CHECK(!isatty(streams.child[1]) && isatty(streams.child[2]));
	passes(&streams, 1, 0, readers[0], "out");
}

static void closed_stay_closed(void)
{
	struct streams streams;

	opened(&streams);
	CHECK(!streams.output[0].tapped && !streams.output[1].tapped && !streams.merged);
	CHECK(streams.child[0] == -1 && streams.child[1] == -1 && streams.child[2] == -1);
	for (int fd = 0; fd < 3; fd++)
		CHECK(fcntl(fd, F_GETFD) < 0); /* nothing of ours took their place */
}

static void null_is_tapped(void)
{
	struct streams streams;

	opened(&streams);
	CHECK(streams.output[0].tapped);
	CHECK(!isatty(streams.child[1]) && !same_file(streams.child[1], 1));
	CHECK(write(streams.child[1], "x", 1) == 1);
	(void)stream_pump(&streams.output[0]);
	CHECK(streams.output[0].bytes == 1);
}

static void no_tap(void)
{
	struct streams streams;

	opened(&streams);
	CHECK(!streams.output[0].tapped && !streams.output[1].tapped && !streams.merged);
	CHECK(same_file(streams.child[1], 1) && same_file(streams.child[2], 2));
}

static void contents_are(const char *path, const char *expected)
{
	char text[64];

	CHECK(file_read(AT_FDCWD, path, text, sizeof(text)) >= 0);
	CHECK(strcmp(text, expected) == 0);
}

/* Files: made anew, forwarded into, and a terminal elsewhere does not matter. */
static void files(void)
{
	struct streams streams;
	char text[16];

	fixture_write("in", "input", 5);
	fixture_write("out", "what was there before", 21);
	opened(&streams);
	CHECK(!streams.merged);
	CHECK(read(streams.child[0], text, sizeof(text)) == 5 && memcmp(text, "input", 5) == 0);
	CHECK(write(streams.child[1], "1", 1) == 1 && write(streams.child[2], "2", 1) == 1);
	(void)stream_pump(&streams.output[0]);
	(void)stream_pump(&streams.output[1]);
	contents_are("out", "1");
	contents_are("err", "2");
}

static void same_path(void)
{
	struct streams streams;

	opened(&streams);
	CHECK(streams.merged);
	CHECK(write(streams.child[2], "2", 1) == 1 && write(streams.child[1], "1", 1) == 1);
	(void)stream_pump(&streams.output[0]);
	contents_are("both", "21");
}

static void fails_with(int result, const char *words)
{
	struct memcage_failure failure = { 0 };
	struct streams streams;
	int before = open_descriptors();

	CHECK(streams_open(&streams, &spec, &failure) == result);
	CHECK(strstr(failure.detail, words) != NULL);
	CHECK(open_descriptors() == before); /* nothing stays open */
}

/* Nobody reads the FIFO yet: that is no reason to wait where nobody can end it. */
static void fifo_without_reader(void)
{
	struct streams streams;

	CHECK(mkfifo("fifo", 0600) == 0);
	(void)alarm(20);
	opened(&streams);
	(void)alarm(0);
	CHECK(streams.output[0].tapped);
	passes(&streams, 1, 0, open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC), "late");
}

static void missing_input(void)
{
	fails_with(-ENOENT, "--stdin: cannot open missing: No such file");
}

static void missing_directory(void)
{
	fails_with(-ENOENT, "--stderr: cannot open missing/err: No such file");
}

/* With room for so many descriptors only: it works whole, or fails and leaves nothing open. */
static void no_descriptors_left(void)
{
	struct memcage_failure failure = { 0 };
	int before = open_descriptors();
	struct streams streams;
	int failed = 0;

	for (rlim_t room = 0; room < 24; room++) {
		struct rlimit few = { .rlim_cur = 4 + room, .rlim_max = 1024 };
		int result;

		CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
		result = streams_open(&streams, &spec, &failure);
		failed += result < 0;
		CHECK(result == 0 || result == -EMFILE);
		CHECK(result < 0 || streams.child[2] >= 0);
		if (result == 0) {
			streams_close_child_side(&streams);
			stream_close(&streams.output[0]);
			stream_close(&streams.output[1]);
		}
		CHECK(open_descriptors() == before);
	}
	CHECK(failed > 0 && failed < 24);
}

static void link_is_refused(void)
{
	struct memcage_failure failure = { 0 };
	struct streams streams;

	CHECK(symlink("elsewhere", "link") == 0);
	CHECK(streams_open(&streams, &spec, &failure) == -ELOOP);
	CHECK(strstr(failure.detail, "is a symbolic link") != NULL);
	CHECK(access("elsewhere", F_OK) < 0);
	CHECK(unlink("link") == 0);
}

static void pipe_is_open_to_write(void)
{
	struct streams streams;
	struct stat facts;

	opened(&streams);
	CHECK(fstat(streams.child[1], &facts) == 0);
	CHECK((facts.st_mode & 0777) == 0622); /* so that /dev/stdout opens, for whomever */
}

static const struct {
	const char *because;
	enum ours ours;
	void (*check)(void);
	struct memcage_spec spec;
	bool root;
} cases[] = {
	{ "two pipes", PIPES, two_pipes, { 0 }, false },
	{ "one pipe for both", ONE_PIPE, order_stays, { 0 }, false },
	{ "terminals are inherited", TERMINALS, terminals_are_inherited, { 0 }, false },
	{ "one pipe and one terminal", ERROR_ON_TERMINAL, one_terminal, { 0 }, false },
	{ "closed streams stay closed", CLOSED, closed_stay_closed, { 0 }, false },
	{ "/dev/null is tapped", NULLS, null_is_tapped, { 0 }, false },
	{ "no tap", PIPES, no_tap, { .no_tap = true }, false },
	{ "no tap, one pipe", ONE_PIPE, no_tap, { .no_tap = true }, false },
	{ "files", TERMINALS, files,
		{ .stdin_path = "in", .stdout_path = "out", .stderr_path = "err" }, false },
	{ "files although ours are closed", CLOSED, files,
		{ .stdin_path = "in", .stdout_path = "out", .stderr_path = "err" }, false },
	{ "one file for both", TERMINALS, same_path,
		{ .stdout_path = "both", .stderr_path = "both" }, false },
	{ "a FIFO without a reader", PIPES, fifo_without_reader, { .stdout_path = "fifo" }, false },
	{ "an input that is not there", PIPES, missing_input, { .stdin_path = "missing" }, false },
	{ "a directory that is not there", PIPES, missing_directory,
		{ .stdin_path = "in", .stdout_path = "out", .stderr_path = "missing/err" }, false },
	{ "no descriptors left", PIPES, no_descriptors_left, { 0 }, false },
	{ "no descriptors left, one pipe", ONE_PIPE, no_descriptors_left, { 0 }, false },
	{ "a symbolic link for an output", PIPES, link_is_refused, { .stdout_path = "link" },
		false },
	{ "another user", PIPES, pipe_is_open_to_write,
		{ .set_user = true, .user_id = 12345, .group_id = 23456 }, true },
};

static void run_case(const void *data)
{
	size_t i = *(const size_t *)data;

	spec = cases[i].spec;
	spec.struct_size = sizeof(spec);
	spec.argv = command;
	CHECK(chdir(directory) == 0);
	take_place(cases[i].ours);
	cases[i].check();
}

static void test_cases(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(directory));
	for (size_t i = 0; i < COUNT(cases); i++)
		if ((!cases[i].root || geteuid() == 0) &&
			(terminals || !needs_terminal(cases[i].ours)))
			run_apart(cases[i].because, run_case, &i);
	fixture_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };

	int controller, side;

	terminals = openpty(&controller, &side, NULL, NULL, NULL) == 0;
	return tests_finish(cmocka_run_group_tests(tests, NULL, NULL),
		!terminals       ? "inheriting terminals needs /dev/pts"
		: geteuid() != 0 ? "giving a pipe to another user needs root"
				 : NULL);
}
