/* SPDX-License-Identifier: MIT
 *
 * bait.c - what is worth attacking on the host: files, sockets, memory and a process, all ours and
 * open to everybody who gets to them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "attacks.h"

static char word_read[1024];

void bait_read(const char *word)
{
	(void)snprintf(word_read, sizeof(word_read), ",%s,", word);
}

const char *bait_text(const char *key)
{
	static char value[256];
	char wanted[32];
	const char *found;

	(void)snprintf(wanted, sizeof(wanted), ",%s=", key);
	found = strstr(word_read, wanted);
	if (found == NULL)
		return "";
	found += strlen(wanted);
	(void)snprintf(value, sizeof(value), "%.*s", (int)strcspn(found, ","), found);
	return value;
}

long bait_number(const char *key)
{
	const char *text = bait_text(key);

	return *text != '\0' ? number_of(text) : -1;
}

/* ---- making it ---- */

static char directory[] = "/tmp/memcage-bait-XXXXXX";
static char bait_name[32]; /* of everything that has a name */
static const char secret_memory[] = SECRET;

static int internet(int family, int type)
{
	struct sockaddr_in6 address6 = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in address4 = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const bool six = family == AF_INET6;
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd >= 0 &&
		bind(fd, six ? (struct sockaddr *)&address6 : (struct sockaddr *)&address4,
			six ? sizeof(address6) : sizeof(address4)) == 0 &&
		(type != SOCK_STREAM || listen(fd, 4) == 0))
		return fd;
	return -1;
}

static int port_of(int fd)
{
	struct sockaddr_in6 address; /* the port stands at the same place in both */
	socklen_t size = sizeof(address);

	if (fd < 0 || getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return -1;
	return ntohs(address.sin6_port);
}

static int local(int type, bool abstract, const char *suffix)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	int length = snprintf(address.sun_path + abstract, sizeof(address.sun_path) - 1, "%s%s",
		abstract ? bait_name : directory, suffix);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length +
					  (abstract ? 1 : 1))) < 0)
		return -1;
	if (!abstract)
		(void)chmod(address.sun_path, 0777);
	if (type == SOCK_STREAM)
		(void)listen(fd, 4);
	return fd;
}

static void write_file(const char *name, mode_t mode)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
	if (fd < 0)
		return;
	(void)!write(fd, SECRET, strlen(SECRET));
	(void)fchmod(fd, mode);
	(void)close(fd);
}

struct ipc {
	int shared, semaphore, queue, posix;
	mqd_t posix_queue;
};

static struct ipc make_ipc(void)
{
	key_t key = (key_t)(0x6d000000 | (getpid() & 0xffffff));
	struct ipc ipc = {
		.shared = shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0666),
		.semaphore = semget(key, 1, IPC_CREAT | IPC_EXCL | 0666),
		.queue = msgget(key, IPC_CREAT | IPC_EXCL | 0666),
		.posix = shm_open(bait_name, O_RDWR | O_CREAT | O_EXCL, 0666),
		.posix_queue = mq_open(bait_name, O_RDWR | O_CREAT | O_EXCL, 0666, NULL),
	};

	if (ipc.posix >= 0)
		(void)fchmod(ipc.posix, 0666);
	return ipc;
}

static void remove_ipc(const struct ipc *ipc)
{
	if (ipc->shared >= 0)
		(void)shmctl(ipc->shared, IPC_RMID, NULL);
	if (ipc->semaphore >= 0)
		(void)semctl(ipc->semaphore, 0, IPC_RMID);
	if (ipc->queue >= 0)
		(void)msgctl(ipc->queue, IPC_RMID, NULL);
	(void)shm_unlink(bait_name);
	(void)mq_unlink(bait_name);
}

/* Somebody who is not root, with descriptors on their way. Returns his pid, or 0. */
static pid_t make_crowd(void)
{
	int ready[2], carrier[2];
	bool all = false;
	pid_t pid;

	if (geteuid() != 0 || pipe2(ready, O_CLOEXEC) < 0)
		return 0;
	pid = fork();
	if (pid == 0) {
		if (setresuid(CROWD_USER, CROWD_USER, CROWD_USER) < 0 ||
			prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
			socketpair(AF_UNIX, SOCK_DGRAM, 0, carrier) < 0)
			_exit(1);
		all = crowd_in_flight(carrier, CROWD);
		(void)!write(ready[1], &all, sizeof(all));
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	if (read(ready[0], &all, sizeof(all)) != sizeof(all))
		all = false;
	(void)close(ready[0]);
	return all ? pid : 0;
}

/* Answers datagrams until standard input ends. Connections need nobody who takes them. */
static void serve(int udp)
{
	struct pollfd polled[] = { { STDIN_FILENO, POLLIN, 0 }, { udp, POLLIN, 0 } };

	for (;;) {
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		char byte;

		if (poll(polled, 2, -1) < 0 && errno != EINTR)
			return;
		if (polled[0].revents != 0 && read(STDIN_FILENO, &byte, 1) <= 0)
			return;
		if ((polled[1].revents & POLLIN) != 0 &&
			recvfrom(udp, &byte, 1, 0, (struct sockaddr *)&from, &size) >= 0)
			(void)sendto(udp, &byte, 1, 0, (struct sockaddr *)&from, size);
	}
}

int bait_main(void)
{
	int tcp = internet(AF_INET, SOCK_STREAM), tcp6 = internet(AF_INET6, SOCK_STREAM);
	int udp = internet(AF_INET, SOCK_DGRAM), file;
	char path[64];
	struct ipc ipc;
	pid_t crowd;

	(void)signal(SIGIO, SIG_IGN);
	(void)signal(SIGUSR1, SIG_IGN);
	(void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	if (mkdtemp(directory) == NULL)
		return 1;
	(void)chmod(directory, 0755);
	(void)snprintf(bait_name, sizeof(bait_name), "/memcage-bait-%d", (int)getpid());
	(void)umask(0);
	write_file("secret", 0644);
	write_file("open", 0666);
	ipc = make_ipc();
	(void)local(SOCK_STREAM, true, "-stream");
	(void)local(SOCK_DGRAM, true, "-datagram");
	(void)local(SOCK_STREAM, false, "/socket");
	(void)snprintf(path, sizeof(path), "%s/secret", directory);
	file = open(path, O_RDONLY | O_CLOEXEC);
	(void)!chdir(directory);
	crowd = make_crowd();
	(void)printf(
		"pid=%d,memory=%lu,tcp=%d,tcp6=%d,udp=%d,name=%s,directory=%s,key=%d,shared=%d,"
		"file=%d,crowd=%d\n",
		(int)getpid(), (unsigned long)(uintptr_t)secret_memory, port_of(tcp), port_of(tcp6),
		port_of(udp), bait_name, directory, 0x6d000000 | (getpid() & 0xffffff), ipc.shared,
		file, crowd > 0);
	(void)fflush(stdout);
	serve(udp);
	if (crowd > 0)
		(void)kill(crowd, SIGKILL);
	remove_ipc(&ipc);
	for (const char *const *name =
			(const char *const[]){ "secret", "open", "socket", "link", NULL };
		*name != NULL; name++)
		(void)unlink(*name);
	return chdir("/") < 0 || rmdir(directory) < 0;
}
