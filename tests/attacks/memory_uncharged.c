/* SPDX-License-Identifier: MIT
 *
 * memory_uncharged.c - kernel memory that no memory limit counts by itself: on cgroup v1 what waits
 * in sockets of the Internet, of which there are some on the loopback device alone; locks of files.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attacks.h"

static const struct sockaddr_in loopback = { .sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f };
static char bytes[60000];

/* What the kernel says that it holds. */
static size_t held_by(int fd)
{
	uint32_t facts[SK_MEMINFO_VARS] = { 0 };
	socklen_t size = sizeof(facts);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, facts, &size) < 0)
		return 0;
	return (size_t)facts[SK_MEMINFO_RMEM_ALLOC] + facts[SK_MEMINFO_WMEM_QUEUED];
}

/* A socket at a port of its own; address tells which. */
static int at_loopback(int type, struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*address = loopback;
	if (fd < 0 || bind(fd, (struct sockaddr *)address, size) < 0 ||
		getsockname(fd, (struct sockaddr *)address, &size) < 0)
		return -1;
	return fd;
}

static size_t take_datagrams(size_t wanted)
{
	int from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to;
	size_t got = 0;

	for (int fd; got < wanted && (fd = at_loopback(SOCK_DGRAM, &to)) >= 0; got += held_by(fd))
		for (int i = 0; i < 8; i++)
			(void)!sendto(from, bytes, sizeof(bytes), MSG_DONTWAIT,
				(struct sockaddr *)&to, sizeof(to));
	return got;
}

static size_t take_connections(size_t wanted)
{
	struct sockaddr_in to;
	size_t got = 0;

	for (int fd; got < wanted && (fd = at_loopback(SOCK_STREAM, &to)) >= 0;) {
		int one = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), other;

		if (listen(fd, 1) < 0 || connect(one, (struct sockaddr *)&to, sizeof(to)) < 0)
			return got;
		other = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		while (send(one, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
			;
		got += held_by(one) + held_by(other);
		(void)close(fd);
	}
	return got;
}

/* Somebody else who has the file open must not have the lock, too. */
static bool locks_are_real(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	char path[64];
	int other;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	other = open(path, O_RDWR | O_CLOEXEC);
	return other >= 0 && fcntl(fd, F_SETLK, &lock) == 0 && fcntl(other, F_OFD_SETLK, &lock) < 0;
}

/* With room between them, as neighbours become one. */
static size_t take_locks(size_t wanted)
{
	enum { OF_ONE_FILE = 400, SIZE = 200 };
	size_t got = 0;

	for (int fd; got < wanted && (fd = memfd_create("locks", MFD_CLOEXEC)) >= 0 &&
		     (got > 0 || locks_are_real(fd));)
		for (int i = 0; i < OF_ONE_FILE; i++, got += SIZE) {
			struct flock lock = { .l_type = F_WRLCK,
				.l_whence = SEEK_SET,
				.l_start = 2L * i,
				.l_len = 1 };

			if (fcntl(fd, F_SETLK, &lock) < 0)
				return got;
		}
	return got;
}

int memory_datagrams(const char *argument)
{
	(void)argument;
	return by_children(take_datagrams, "datagrams that nobody reads");
}

int memory_connections(const char *argument)
{
	(void)argument;
	return by_children(take_connections, "connections that nobody reads");
}

int memory_file_locks(const char *argument)
{
	(void)argument;
	return by_children(take_locks, "locks of files");
}
