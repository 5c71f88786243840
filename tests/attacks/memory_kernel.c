/* SPDX-License-Identifier: MIT
 *
 * memory_kernel.c - memory that files, pipes, sockets and the kernel itself hold for a process.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attacks.h"

#define STEP (4 * MIB)

/* As many descriptors as may be had. */
static void take_all_descriptors(void)
{
	struct rlimit limit;

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static char bytes[MIB];

static int fill(int fd, const char *what)
{
	if (fd < 0)
		return tried(-1, what);
	memset(bytes, 1, sizeof(bytes));
	for (size_t written = 0; written < ENOUGH;) {
		ssize_t got = write(fd, bytes, sizeof(bytes));

		if (got <= 0)
			return tried(-1, what);
		written += (size_t)got;
	}
	return worked("%zu MiB: %s", ENOUGH / MIB, what);
}

/* Nameless, so that nothing is left. Where the directory is memory; else a disk would answer. */
static int fill_in(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	(void)signal(SIGXFSZ, SIG_IGN);
	return fill(fd, directory);
}

int memory_file(const char *argument)
{
	(void)argument;
	return fill_in("/tmp");
}

int memory_memfd(const char *argument)
{
	(void)argument;
	(void)signal(SIGXFSZ, SIG_IGN);
	/* A file may be limited in its size: so several. */
	for (size_t total = 0; total < ENOUGH; total += 32 * MIB) {
		int fd = memfd_create("memory", 0);

		for (size_t written = 0; written < 32 * MIB; written += MIB)
			if (fd < 0 || write(fd, bytes, MIB) != (ssize_t)MIB)
				return tried(-1, "memfd_create");
	}
	return worked("memory in nameless files");
}

int memory_posix_shm(const char *argument)
{
	(void)argument;
	return fill_in("/dev/shm");
}

int memory_sysv_shm(const char *argument)
{
	(void)argument;
	for (size_t total = 0; total < ENOUGH; total += STEP) {
		int id = shmget(IPC_PRIVATE, STEP, IPC_CREAT | 0600);
		char *memory = id >= 0 ? shmat(id, NULL, 0) : (void *)-1;

		if (id >= 0)
			(void)shmctl(id, IPC_RMID, NULL);
		if (memory == (void *)-1)
			return tried(-1, "shmat");
		memset(memory, 1, STEP);
	}
	return worked("System V shared memory");
}

/* ---- pipes and sockets: several processes, as each may have few descriptors ---- */

int by_children(size_t (*take)(size_t wanted), const char *what)
{
	enum { CHILDREN = 16 };
	size_t total = 0;
	int ends[2];

	if (pipe(ends) < 0)
		return tried(-1, "pipe");
	for (int i = 0; i < CHILDREN; i++) {
		size_t got;
		pid_t pid = fork();

		if (pid < 0)
			return tried(-1, "fork");
		if (pid == 0) {
			take_all_descriptors();
			got = take(ENOUGH / CHILDREN);
			(void)!write(ends[1], &got, sizeof(got));
			(void)pause();
		}
	}
	(void)close(ends[1]);
	for (int i = 0; i < CHILDREN; i++) {
		size_t got;

		if (read(ends[0], &got, sizeof(got)) == (ssize_t)sizeof(got))
			total += got;
	}
	(void)signal(SIGTERM, SIG_IGN);
	(void)kill(0, SIGTERM);
	return total >= ENOUGH - ENOUGH / 8 ? worked("%zu MiB in %s", total / MIB, what)
					    : held("only %zu MiB in %s", total / MIB, what);
}

static size_t take_pipes(size_t wanted)
{
	size_t got = 0;

	for (int ends[2]; got < wanted && pipe2(ends, O_NONBLOCK) == 0;) {
		ssize_t size;

		(void)fcntl(ends[1], F_SETPIPE_SZ, MIB);
		while ((size = write(ends[1], bytes, 65536)) > 0)
			got += (size_t)size;
	}
	return got;
}

static size_t take_sockets(size_t wanted)
{
	const int room = 1 << 20;
	size_t got = 0;

	for (int ends[2];
		got < wanted && socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) == 0;) {
		ssize_t size;

		(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
		while ((size = send(ends[0], bytes, 32768, 0)) > 0)
			got += (size_t)size;
	}
	return got;
}

/* Full pipes whose ends are only in messages on their way: in no process's table. */
static size_t take_in_flight(size_t wanted)
{
	int carrier[2] = { -1, -1 };
	size_t got = 0;

	for (int ends[2]; got < wanted && pipe2(ends, O_NONBLOCK) == 0;) {
		union {
			struct cmsghdr header;
			char room[CMSG_SPACE(sizeof(ends))];
		} control = { .header = { CMSG_LEN(sizeof(ends)), SOL_SOCKET, SCM_RIGHTS } };
		struct iovec one = { bytes, 1 };
		struct msghdr message = { .msg_iov = &one,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control.room) };
		ssize_t size;

		while ((size = write(ends[1], bytes, 65536)) > 0)
			got += (size_t)size;
		memcpy(CMSG_DATA(&control.header), ends, sizeof(ends));
		if (carrier[0] < 0 || sendmsg(carrier[0], &message, MSG_DONTWAIT) < 0) {
			if (socketpair(AF_UNIX, SOCK_DGRAM, 0, carrier) < 0 ||
				sendmsg(carrier[0], &message, MSG_DONTWAIT) < 0)
				return got;
		}
		(void)close(ends[0]);
		(void)close(ends[1]);
	}
	return got;
}

int memory_pipes(const char *argument)
{
	(void)argument;
	return by_children(take_pipes, "pipes");
}

int memory_sockets(const char *argument)
{
	(void)argument;
	return by_children(take_sockets, "socket buffers");
}

int memory_in_flight(const char *argument)
{
	(void)argument;
	return by_children(take_in_flight, "pipes that are on their way");
}

/* ---- the kernel's own ---- */

/* The page of zeros in every second megabyte needs a table of its own each time, and no page. */
int memory_page_tables(const char *argument)
{
	const size_t span = ENOUGH / 4096 * (2 * MIB);
	char *memory = mmap(
		NULL, span, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	volatile char seen;

	(void)argument;
	if (memory == MAP_FAILED)
		return tried(-1, "mmap");
	(void)madvise(memory, span, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < span; at += 2 * MIB)
		seen = memory[at];
	(void)seen;
	return worked("%zu MiB of page tables", ENOUGH / MIB);
}

int memory_sysv_messages(const char *argument)
{
	struct {
		long type;
		char text[8192];
	} message = { .type = 1 };
	size_t total = 0;
	int ids[16384], count = 0;

	(void)argument;
	while (total < ENOUGH && count < 16384 &&
		(ids[count] = msgget(IPC_PRIVATE, IPC_CREAT | 0600)) >= 0) {
		while (msgsnd(ids[count], &message, sizeof(message.text), IPC_NOWAIT) == 0)
			total += sizeof(message.text);
		count++;
	}
	for (int i = 0; i < count; i++)
		(void)msgctl(ids[i], IPC_RMID, NULL);
	return total >= ENOUGH ? worked("%zu MiB of messages", total / MIB)
			       : held("only %zu MiB of messages", total / MIB);
}
