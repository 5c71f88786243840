/* SPDX-License-Identifier: MIT */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(
			*fd); /* nothing can be done about a failing close of what we only read */
	*fd = -1;
	errno = saved;
}

int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

ssize_t fd_read_all(int fd, char *buffer, size_t size)
{
	size_t length = 0;

	while (length + 1 < size) {
		ssize_t got = pread(fd, buffer + length, size - 1 - length, (off_t)length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	buffer[length] = '\0';
	return (ssize_t)length;
}

/* What the kernel writes for us it gives in pages of whole records, and ours are short: when so
 * little came, it was all there is. Asking again would double the cost of a counter. */
#define WHOLE_MAX 1024

ssize_t file_read(int directory, const char *path, char *buffer, size_t size)
{
	cleanup_fd int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	ssize_t got;

	if (fd < 0)
		return -errno;
	got = size <= 1 ? 0 : read(fd, buffer, size - 1);
	if (got < 0)
		return fd_read_all(fd, buffer, size);
	/* On from there: from the start the kernel would make all of it once more. */
	for (ssize_t more = got; got > WHOLE_MAX && more != 0 && (size_t)got + 1 < size;) {
		more = read(fd, buffer + got, size - 1 - (size_t)got);
		if (more < 0 && errno != EINTR)
			return -errno;
		got += more > 0 ? more : 0;
	}
	buffer[got] = '\0';
	return got;
}

int file_write(int directory, const char *path, const char *text)
{
	cleanup_fd int fd = openat(directory, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t length = strlen(text);

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t written = write(fd, text, length);

		if (written == (ssize_t)length)
			return 0;
		if (written >= 0)
			return -EIO;
		if (errno != EINTR)
			return -errno;
	}
}

int fd_write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t written = write(fd, at, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		at += written;
		size -= (size_t)written;
	}
	return 0;
}

int fd_above_stdio(int *fd)
{
	int moved;

	if (*fd > STDERR_FILENO)
		return 0;
	moved = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (moved < 0)
		return -errno;
	fd_close(fd);
	*fd = moved;
	return 0;
}

bool fd_is_file(int fd)
{
	struct stat facts;

	return fstat(fd, &facts) == 0 && (S_ISREG(facts.st_mode) || S_ISBLK(facts.st_mode));
}

ssize_t fd_write_what_fits(int fd, bool is_file, const char *bytes, size_t size)
{
	struct iovec vector = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size };
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	ssize_t written;

	if (!is_file) {
		written = pwritev2(fd, &vector, 1, -1, RWF_NOWAIT);
		if (written >= 0)
			return written;
		if (errno == EAGAIN || errno == EINTR)
			return 0;
		if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL && errno != ESPIPE)
			return -errno;
		/* Where the kernel cannot promise not to wait: a pipe that polls writable has room
		 * for PIPE_BUF bytes. */
		if (poll(&room, 1, 0) <= 0)
			return 0;
		if (size > PIPE_BUF)
			size = PIPE_BUF;
	}
	do /* a file cannot be polled for another try */
		written = write(fd, bytes, size);
	while (written < 0 && errno == EINTR && is_file);
	if (written >= 0)
		return written;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}
