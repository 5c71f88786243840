/* SPDX-License-Identifier: MIT
 *
 * sharing.c - what the host and all cages have in common: a channel from one to another, and a way
 * to see or to hinder.
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attacks.h"

/* There in every cage, and nobody's to write. */
#define SHARED_FILE "/usr/bin/env"
#define SHARED_DIRECTORY "/usr/bin"

int shares_lock(const char *how)
{
	int fd = open(SHARED_FILE, O_RDONLY | O_CLOEXEC);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };

	if (fd < 0)
		return tried(fd, "open " SHARED_FILE);
	if (strcmp(how, "flock") == 0) {
		int other = open(SHARED_FILE, O_RDONLY | O_CLOEXEC);

		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && flock(other, LOCK_EX | LOCK_NB) == 0)
			return held("two have the lock of " SHARED_FILE " at one time");
		return tried(flock(fd, LOCK_EX | LOCK_NB), "flock of " SHARED_FILE);
	}
	if (strcmp(how, "F_GETLK") == 0) /* sees the read locks of everybody */
		return tried(fcntl(fd, F_GETLK, &lock), "F_GETLK of " SHARED_FILE);
	if (strcmp(how, "F_OFD_GETLK") == 0)
		return tried(fcntl(fd, F_OFD_GETLK, &lock), "F_OFD_GETLK of " SHARED_FILE);
	return tried(fcntl(fd, F_SETLEASE, F_RDLCK), "F_SETLEASE of " SHARED_FILE);
}

int watches_host(const char *how)
{
	int fd;

	if (strcmp(how, "inotify") == 0) {
		fd = inotify_init1(IN_CLOEXEC);
		return tried(fd < 0 ? fd : inotify_add_watch(fd, SHARED_DIRECTORY, IN_OPEN),
			"watch who opens " SHARED_DIRECTORY);
	}
	fd = open(SHARED_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)signal(SIGIO, SIG_IGN);
	return tried(fcntl(fd, F_NOTIFY, DN_ACCESS | DN_MODIFY), "dnotify of " SHARED_DIRECTORY);
}

int reaches_ipc(const char *how)
{
	key_t key = (key_t)bait_number("key");
	void *memory;

	if (strcmp(how, "shmget") == 0)
		return tried(shmget(key, 0, 0), "shared memory by its key");
	if (strcmp(how, "shmat") == 0) { /* numbers can be guessed */
		memory = shmat((int)bait_number("shared"), NULL, SHM_RDONLY);
		return tried(memory == (void *)-1 ? -1 : 0, "shared memory by its number");
	}
	if (strcmp(how, "semget") == 0)
		return tried(semget(key, 0, 0), "a semaphore by its key");
	if (strcmp(how, "msgget") == 0)
		return tried(msgget(key, 0), "a message queue by its key");
	if (strcmp(how, "SHM_STAT") == 0) {
		struct shm_info info;
		int last = shmctl(0, SHM_INFO, (struct shmid_ds *)(void *)&info);

		return last >= 0 && info.used_ids > 0 ? worked("%d segments", info.used_ids)
						      : held("no segments");
	}
	if (strcmp(how, "mq_open") == 0)
		return tried(mq_open(bait_text("name"), O_RDWR), "a message queue by its name");
	return tried(shm_open(bait_text("name"), O_RDWR, 0), "shared memory by its name");
}

/* Copies of our standard input, in one message that nobody takes. */
bool crowd_in_flight(const int carrier[2], int count)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(CROWD * sizeof(int))];
	} control = { .header = { CMSG_LEN((size_t)count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec one = { "x", 1 };
	struct msghdr message = { .msg_iov = &one,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int)) };

	memset(CMSG_DATA(&control.header), 0, (size_t)count * sizeof(int));
	return sendmsg(carrier[0], &message, MSG_DONTWAIT) == 1;
}

/* The kernel counts for a user what is in flight, wherever he is, and lets no more fly than a
 * process may have open. */
int counted_together(const char *argument)
{
	const struct rlimit limit = { CROWD_LIMIT, CROWD_LIMIT };
	int carrier[2];

	(void)argument;
	if (bait_number("crowd") != 1)
		return not_here(
			"only root has others' users; those of one user are counted together");
	if (getuid() == 0 && setresuid(CROWD_USER, CROWD_USER, CROWD_USER) < 0)
		return tried(-1, "be another user");
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || socketpair(AF_UNIX, SOCK_DGRAM, 0, carrier) < 0)
		return not_here("no sockets");
	if (crowd_in_flight(carrier, 1))
		return held("a descriptor passes");
	return errno == ETOOMANYREFS ? worked("others have more than %d on their way", CROWD_LIMIT)
				     : not_here("no descriptor passes");
}
