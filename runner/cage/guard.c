/* SPDX-License-Identifier: MIT */
#include "cage/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "base/text.h"
#include "base/tracing.h"

#define TREES 3 /* memory, twin, pids */

/* What the guard is told: paths of a leaf in each tree ("" none); the home is the path above it. */
struct message {
	bool add;
	char leaf[TREES][GROUP_PATH_SIZE];
	char litter[LITTER_SIZE];    /* as in the cage */
	char tracing[OWN_NAME_SIZE]; /* a tracing instance to remove; "" none */
};

struct charge {
	struct message cage;
	struct charge *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int guard_socket = -1;
static pid_t guard_pid, guard_parent;
static unsigned users; /* cages, and who holds it */
static bool heard;     /* the guard has said that it is ready */

static void empty_tree(const char *path)
{
	struct group group = GROUP_NONE;

	if (*path == '\0' || group_open(&group, path) < 0)
		return;
	for (unsigned waited = 0; !group_is_empty(&group) && waited < 5000; waited++) {
		(void)group_kill(&group);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	group_close(&group);
}

/* A supervisor locks its home. When it dies that lock goes a moment before or after the socket; a
 * forked copy of it that lives on keeps it. */
static bool nobody_uses(const char *home)
{
	cleanup_fd int fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int waited = 0; fd >= 0 && waited < 50; waited++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return false;
}

static void remove_tree(const char *leaf)
{
	char home[GROUP_PATH_SIZE];
	struct group group = GROUP_NONE;

	if (*leaf == '\0')
		return;
	if (group_open(&group, leaf) == 0)
		(void)group_remove(&group, 500);
	group_close(&group);
	text_copy(home, sizeof(home), leaf);
	*strrchr(home, '/') = '\0';
	if (nobody_uses(home) && group_open(&group, home) == 0)
		(void)group_remove(
			&group, 1); /* with leaves that were made and not yet told to us */
	else
		(void)rmdir(home);
	group_close(&group);
}

/* With its directory, when that is empty. */
static void remove_litter(const char *litter)
{
	char directory[LITTER_SIZE];

	if (litter[0] == '\0')
		return;
	(void)unlink(litter);
	text_copy(directory, sizeof(directory), litter);
	*strrchr(directory, '/') = '\0';
	(void)rmdir(directory);
}

/* The twin's cgroup.kill empties the other trees too, so it comes first. */
static void rescue(const struct message *cage)
{
	static const int order[TREES] = { 1, 2, 0 };

	for (int i = 0; i < TREES; i++)
		empty_tree(cage->leaf[order[i]]);
	for (int i = 0; i < TREES; i++)
		remove_tree(cage->leaf[order[i]]);
	remove_litter(cage->litter);
	if (cage->tracing[0] != '\0')
		tracing_remove(cage->tracing);
}

static void forget(struct charge **charges, const struct message *message)
{
	for (struct charge **at = charges; *at != NULL; at = &(*at)->next) {
		struct charge *charge = *at;

		if (strcmp(charge->cage.leaf[0], message->leaf[0]) == 0) {
			*at = charge->next;
			free(charge);
			return;
		}
	}
}

static void detach(int socket_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid(); /* no Ctrl-C, no hangup of the supervisor's terminal */
	(void)prctl(PR_SET_NAME, "memcage-guard");
	(void)!chdir("/");
	for (int fd = 0; fd < 3; fd++)
		if (fd != socket_fd)
			(void)dup2(null, fd);
	/* Nothing of the supervisor's may stay open here: a pipe would never end. */
	(void)syscall(SYS_close_range, 3u, (unsigned)socket_fd - 1, 0);
	(void)syscall(SYS_close_range, (unsigned)socket_fd + 1, ~0u, 0);
}

static _Noreturn void guard_main(int socket_fd)
{
	struct charge *charges = NULL;
	struct message message;
	ssize_t got;

	detach(socket_fd);
	(void)!send(socket_fd, "", 1, MSG_NOSIGNAL); /* what is sent from now on, we shall read */
	while ((got = recv(socket_fd, &message, sizeof(message), 0)) != 0) {
		struct charge *charge;

		if (got < 0 && errno == EINTR)
			continue;
		if (got != sizeof(message))
			break;
		if (!message.add) {
			forget(&charges, &message);
			continue;
		}
		charge = malloc(sizeof(*charge));
		if (charge == NULL) {
			rescue(&message); /* nobody would remember it: better no run than that */
			continue;
		}
		*charge = (struct charge){ .cage = message, .next = charges };
		charges = charge;
	}
	for (; charges != NULL; charges = charges->next)
		rescue(&charges->cage);
	_exit(0);
}

static int guard_start(struct memcage_failure *failure)
{
	sigset_t all, own_mask;
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return failure_errno(failure, errno, "make a socket for the guard");
	if (fd_above_stdio(&ends[0]) < 0 || fd_above_stdio(&ends[1]) < 0) {
		fd_close(&ends[0]);
		fd_close(&ends[1]);
		return failure_errno(failure, errno, "make a socket for the guard");
	}
	(void)sigfillset(&all); /* from its first moment: a terminal's signals are not for it */
	(void)pthread_sigmask(SIG_SETMASK, &all, &own_mask);
	pid = fork();
	if (pid == 0) {
		(void)close(ends[0]);
		guard_main(ends[1]);
	}
	(void)pthread_sigmask(SIG_SETMASK, &own_mask, NULL);
	fd_close(&ends[1]);
	if (pid < 0) {
		fd_close(&ends[0]);
		return failure_errno(failure, errno, "start the guard process");
	}
	guard_socket = ends[0];
	guard_pid = pid;
	guard_parent = getpid();
	return 0;
}

static void reap(void)
{
	if (users > 0 || guard_pid == 0 || guard_parent != getpid())
		return;
	while (waitpid(guard_pid, NULL, 0) < 0 && errno == EINTR)
		;
	guard_pid = 0;
}

/* A forked copy of a supervisor has no guard: the one it remembers is its parent's. */
static int use(struct memcage_failure *failure)
{
	int result = 0;

	if (users == 0 || guard_parent != getpid()) {
		reap();
		users = 0;
		heard = false;
		fd_close(&guard_socket); /* held here, it would hide the parent's end from its guard
					  */
		result = guard_start(failure);
	}
	if (result == 0)
		users++;
	return result;
}

static void leave(void)
{
	if (users == 0 || --users > 0)
		return;
	/* Closing alone would not tell it: a forked copy of us may hold the socket, too. */
	(void)shutdown(guard_socket, SHUT_WR);
	fd_close(&guard_socket);
}

int guard_hold(struct memcage_failure *reterr_failure)
{
	int result;

	(void)pthread_mutex_lock(&lock);
	result = use(reterr_failure);
	(void)pthread_mutex_unlock(&lock);
	return result;
}

void guard_let_go(void)
{
	(void)pthread_mutex_lock(&lock);
	leave();
	(void)pthread_mutex_unlock(&lock);
}

void guard_reap(void)
{
	(void)pthread_mutex_lock(&lock);
	reap();
	(void)pthread_mutex_unlock(&lock);
}

static void fill(struct message *message, const struct cage *cage)
{
	const struct group *groups[TREES] = { &cage->memory, &cage->twin, &cage->pids };

	for (int i = 0; i < TREES; i++)
		if (group_exists(groups[i]))
			text_copy(message->leaf[i], sizeof(message->leaf[i]), groups[i]->path);
	text_copy(message->litter, sizeof(message->litter), cage->litter);
	text_copy(message->tracing, sizeof(message->tracing), cage->tracing);
}

/* Once it has said that it is ready, a message that was sent is as good as in its hands: it reads
 * all of them before it sees our end. */
static bool entrust(const struct message *message)
{
	char byte;

	heard = heard || recv(guard_socket, &byte, 1, 0) == 1;
	return heard && send(guard_socket, message, sizeof(*message), MSG_NOSIGNAL) >= 0;
}

int guard_add(const struct cage *cage, struct memcage_failure *reterr_failure)
{
	struct message message = { .add = true };
	int result;

	if (!group_exists(&cage->memory))
		return 0;
	fill(&message, cage);
	(void)pthread_mutex_lock(&lock);
	result = use(reterr_failure);
	if (result == 0 && !entrust(&message)) {
		leave();
		result = failure_set(reterr_failure, ECHILD,
			"the guard process has died; without it a killed memcage would leave "
			"processes");
	}
	(void)pthread_mutex_unlock(&lock);
	return result;
}

void guard_remove(const struct cage *cage)
{
	struct message message = { .add = false };

	if (!group_exists(&cage->memory))
		return;
	fill(&message, cage);
	(void)pthread_mutex_lock(&lock);
	(void)!send(guard_socket, &message, sizeof(message), MSG_NOSIGNAL);
	leave();
	reap();
	(void)pthread_mutex_unlock(&lock);
}
