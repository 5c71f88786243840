/* SPDX-License-Identifier: MIT */
#include "cage/guard_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "base/tracing.h"

struct charge {
	struct guard_message cage;
	struct charge *next;
};

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

static void remove_home_of(const char *leaf)
{
	char home[GROUP_PATH_SIZE];
	struct group group = GROUP_NONE;

	text_copy(home, sizeof(home), leaf);
	*strrchr(home, '/') = '\0';
	if (nobody_uses(home) && group_open(&group, home) == 0)
		(void)group_remove(
			&group, 1); /* with leaves that were made and not yet told to us */
	else
		(void)rmdir(home);
	group_close(&group);
}

static void remove_tree(const char *leaf, bool has_home)
{
	struct group group = GROUP_NONE;

	if (*leaf == '\0')
		return;
	if (group_open(&group, leaf) == 0)
		(void)group_remove(&group, 500);
	group_close(&group);
	if (has_home)
		remove_home_of(leaf);
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
static void rescue(const struct guard_message *cage)
{
	static const int order[GUARD_TREES] = { 1, 2, 0 };

	for (int i = 0; i < GUARD_TREES; i++)
		empty_tree(cage->leaf[order[i]]);
	for (int i = 0; i < GUARD_TREES; i++)
		remove_tree(cage->leaf[i], cage->has_home);
	remove_litter(cage->litter);
	if (cage->tracing[0] != '\0')
		tracing_remove(cage->tracing);
}

static void forget(struct charge **charges, const struct guard_message *message)
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

_Noreturn void guard_become(int socket_fd)
{
	struct charge *charges = NULL;
	struct guard_message message;
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
