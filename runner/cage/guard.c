/* SPDX-License-Identifier: MIT */
#include "cage/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "base/text.h"
#include "cage/guard_process.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int guard_socket = -1;
static pid_t guard_pid, guard_parent;
static unsigned users; /* cages, and who holds it */
static bool heard;     /* the guard has said that it is ready */

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
		guard_become(ends[1]);
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

static void fill(struct guard_message *message, const struct cage *cage)
{
	const struct group *groups[GUARD_TREES] = { &cage->memory, &cage->twin, &cage->pids };

	message->has_home = cage->home != NULL && !cage->home->is_leaf;
	for (int i = 0; i < GUARD_TREES; i++)
		if (group_exists(groups[i]))
			text_copy(message->leaf[i], sizeof(message->leaf[i]), groups[i]->path);
	text_copy(message->litter, sizeof(message->litter), cage->litter);
	text_copy(message->tracing, sizeof(message->tracing), cage->tracing);
}

/* Once it has said that it is ready, a message that was sent is as good as in its hands: it reads
 * all of them before it sees our end. */
static bool entrust(const struct guard_message *message)
{
	char byte;

	heard = heard || recv(guard_socket, &byte, 1, 0) == 1;
	return heard && send(guard_socket, message, sizeof(*message), MSG_NOSIGNAL) >= 0;
}

int guard_add(const struct cage *cage, struct memcage_failure *reterr_failure)
{
	struct guard_message message = { .add = true };
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
	struct guard_message message = { .add = false };

	if (!group_exists(&cage->memory))
		return;
	fill(&message, cage);
	(void)pthread_mutex_lock(&lock);
	(void)!send(guard_socket, &message, sizeof(message), MSG_NOSIGNAL);
	leave();
	reap();
	(void)pthread_mutex_unlock(&lock);
}
