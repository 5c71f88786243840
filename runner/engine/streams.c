/* SPDX-License-Identifier: MIT */
#include "engine/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"

static bool is_fifo(const char *path)
{
	struct stat facts;

	return stat(path, &facts) == 0 && S_ISFIFO(facts.st_mode);
}

/* Outputs may lie where somebody else can write: a link there would lead us to another file. In
 * /dev links are the system's. */
static bool may_be_link(const char *path)
{
	return (strncmp(path, "/dev/", 5) == 0 && strncmp(path, "/dev/shm/", 9) != 0) ||
	       strncmp(path, "/proc/self/fd/", 14) == 0;
}

static int open_file(const char *path, int flags, const char *option, int *ret_fd,
	struct memcage_failure *failure)
{
	int result;

	/* Opening a FIFO for writing would wait for its reader, and nobody could end that wait. */
	if ((flags & O_ACCMODE) == O_WRONLY && is_fifo(path))
		flags = O_RDWR | O_NOFOLLOW;
	else if ((flags & O_ACCMODE) == O_WRONLY && !may_be_link(path))
		flags |= O_NOFOLLOW;
	*ret_fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0666);
	if (*ret_fd < 0 && errno == ELOOP && (flags & O_NOFOLLOW) != 0)
		return failure_set(failure, ELOOP,
			"--%s: %s is a symbolic link; name the file itself", option, path);
	if (*ret_fd < 0)
		return failure_errno(failure, errno, "--%s: cannot open %s", option, path);
	result = fd_above_stdio(ret_fd);
	return result < 0 ? failure_errno(failure, -result, "--%s: cannot open %s", option, path)
			  : 0;
}

static bool is_null_device(const struct stat *facts)
{
	return S_ISCHR(facts->st_mode) && facts->st_rdev == makedev(1, 3);
}

/* Status flags belong to the open file. O_NONBLOCK means nothing for a regular file or /dev/null,
 * so it can be flipped for a moment to see whether the other one changes too. */
static bool share_flags(int one, int other)
{
	int flags = fcntl(one, F_GETFL), before = fcntl(other, F_GETFL), after;

	if (flags < 0 || before < 0 || fcntl(one, F_SETFL, flags ^ O_NONBLOCK) < 0)
		return false;
	after = fcntl(other, F_GETFL);
	(void)fcntl(one, F_SETFL, flags);
	return after >= 0 && after != before;
}

/* Whether two descriptors are one open file: they share position and order. */
static bool same_open_file(int one, int other)
{
	pid_t self = getpid();
	struct stat a, b;
	long compared = syscall(SYS_kcmp, self, self, KCMP_FILE, one, other);

	if (compared >= 0)
		return compared == 0;
	if (fstat(one, &a) < 0 || fstat(other, &b) < 0 || a.st_dev != b.st_dev ||
		a.st_ino != b.st_ino)
		return false;
	/* Not every kernel has kcmp. Two opens of one pipe or device are as good as one. */
	return !(S_ISREG(a.st_mode) || is_null_device(&a)) || share_flags(one, other);
}

static int copy_of(int fd, int *ret_copy, struct memcage_failure *failure)
{
	*ret_copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return *ret_copy < 0 ? failure_errno(failure, errno, "copy a stream's descriptor") : 0;
}

/* Where a stream shall go: the file that is named, or a copy of ours. -1: we have none either. */
static int sink_of(int number, const char *path, const char *option, int *ret_sink,
	struct memcage_failure *failure)
{
	if (path != NULL)
		return open_file(path, O_WRONLY | O_CREAT | O_TRUNC, option, ret_sink, failure);
	return fcntl(number, F_GETFD) < 0 ? 0 : copy_of(number, ret_sink, failure);
}

static uint64_t cap_of(const struct memcage_spec *spec)
{
	return spec->output_max_bytes ? spec->output_max_bytes : UINT64_MAX;
}

/* A pipe whose one end the child gets; the other feeds the stream. */
static int tap(struct streams *streams, int number, const struct memcage_spec *spec, int *sink,
	struct memcage_failure *failure)
{
	int ends[2] = { -1, -1 };
	int result = pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;

	if (result == 0)
		result = fd_above_stdio(&ends[0]);
	if (result == 0)
		result = fd_above_stdio(&ends[1]);
	if (result < 0) {
		fd_close(&ends[0]);
		fd_close(&ends[1]);
		return failure_errno(failure, -result, "make a pipe for a stream");
	}
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	(void)!fchmod(ends[1], 0622); /* /dev/stdout opens for whoever the command is, to write */
	streams->child[number] = ends[1];
	if (spec->digest_output)
		stream_open_digest(
			&streams->output[number - 1], ends[0], cap_of(spec), spec->output_truncate);
	else
		stream_open(&streams->output[number - 1], ends[0], fd_take(sink), cap_of(spec),
			spec->output_truncate);
	return 0;
}

static void close_all(struct streams *streams)
{
	streams_close_child_side(streams);
	stream_close(&streams->output[0]);
	stream_close(&streams->output[1]);
}

/* Where nothing is kept there is no order to keep: the two can be told apart. */
static bool same_path(const struct memcage_spec *spec)
{
	return spec->stdout_path != NULL && spec->stderr_path != NULL &&
	       strcmp(spec->stdout_path, spec->stderr_path) == 0 &&
	       strcmp(spec->stdout_path, "/dev/null") != 0;
}

/* Nothing is passed on: where our own streams go has no part in it. */
static int open_digests(
	struct streams *streams, const struct memcage_spec *spec, struct memcage_failure *failure)
{
	int result = tap(streams, STDOUT_FILENO, spec, NULL, failure);

	return result < 0 ? result : tap(streams, STDERR_FILENO, spec, NULL, failure);
}

static int open_outputs(struct streams *streams, const struct memcage_spec *spec, int sinks[2],
	struct memcage_failure *failure)
{
	int result = sink_of(STDOUT_FILENO, spec->stdout_path, "stdout", &sinks[0], failure);

	if (result == 0 && same_path(spec))
		result = copy_of(sinks[0], &sinks[1], failure);
	else if (result == 0)
		result = sink_of(STDERR_FILENO, spec->stderr_path, "stderr", &sinks[1], failure);
	for (int i = 0; result == 0 && i < 2; i++) {
		bool inherit = sinks[i] < 0 || spec->no_tap || isatty(sinks[i]);

		if (i == 1 && streams->output[0].tapped && sinks[1] >= 0 &&
			same_open_file(sinks[1], streams->output[0].sink)) {
			streams->merged = true;
			result = copy_of(streams->child[1], &streams->child[2], failure);
		} else if (inherit) {
			streams->child[i + 1] = fd_take(&sinks[i]);
		} else {
			result = tap(streams, i + 1, spec, &sinks[i], failure);
		}
	}
	return result;
}

int streams_open(struct streams *streams, const struct memcage_spec *spec,
	struct memcage_failure *reterr_failure)
{
	int sinks[2] = { -1, -1 }, result = 0;

	*streams = (struct streams){ .child = { -1, -1, -1 },
		.output = { STREAM_NONE, STREAM_NONE } };
	if (spec->stdin_path != NULL &&
		!is_fifo(spec->stdin_path)) /* the child opens a FIFO itself */
		result = open_file(
			spec->stdin_path, O_RDONLY, "stdin", &streams->child[0], reterr_failure);
	if (result == 0)
		result = spec->digest_output ? open_digests(streams, spec, reterr_failure)
					     : open_outputs(streams, spec, sinks, reterr_failure);
	fd_close(&sinks[0]);
	fd_close(&sinks[1]);
	if (result < 0)
		close_all(streams);
	return result;
}

void streams_close_child_side(struct streams *streams)
{
	for (int i = 0; i < 3; i++)
		fd_close(&streams->child[i]);
}
