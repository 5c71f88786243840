/* SPDX-License-Identifier: MIT */
#include "cage/init.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void make_mounts(const struct porter_plan *plan)
{
	const struct confinement *confinement = &plan->confinement;
	bool private_root = is_given(confinement->given, GUARANTEE_PRIVATE_ROOT);
	struct mount_plan mounts = plan->mounts;
	int root = private_root ? confinement->root : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t step = 0;

	/* Somebody's umask is no reason for mount points that nobody can enter. */
	(void)umask(022);
	if (mounts_open_sources(&mounts, false, &step) < 0)
		porter_fail(plan, STEP_SOURCE, mounts.steps[step].origin);
	if (mounts_make(&mounts, root, &step) < 0)
		porter_fail(plan, STEP_MOUNT, mounts.steps[step].origin);
	if (private_root && mounts_close_root(root) < 0)
		porter_fail(plan, STEP_NEW_ROOT, 0);
}

/* Nothing that the command could make use of: no memory to be read, no right, no descriptor but the
 * two that it waits for, no terminal. */
static void become_nobody(const struct porter_plan *plan)
{
	struct sigaction reap = { .sa_handler = SIG_IGN };

	(void)prctl(PR_SET_NAME, "memcage-init");
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		identity_drop_capabilities(0) < 0)
		porter_fail(plan, STEP_INIT, 0);
	(void)setsid();
	(void)sigaction(SIGCHLD, &reap, NULL); /* the kernel reaps orphans for us */
}

/* The pidfd holds where a forked copy of the supervisor has the socket, too; the socket where the
 * supervisor executes another program. */
static _Noreturn void wait_for_end(void)
{
	struct pollfd ends[2] = { { .fd = 0, .events = 0 }, { .fd = 1, .events = POLLIN } };

	while (poll(ends, 2, -1) <= 0)
		;
	_exit(0);
}

_Noreturn void init_become(struct porter_plan *plan, int ready)
{
	uint32_t given = plan->confinement.given;

	if (is_given(given, GUARANTEE_USER_NAMESPACE) &&
		identity_become(&plan->confinement.identity) < 0)
		porter_fail(plan, STEP_INIT, (int)GUARANTEE_USER);
	make_mounts(plan);
	if (!is_given(given, GUARANTEE_PID_NAMESPACE)) {
		(void)!write(ready, "", 1);
		_exit(0);
	}
	become_nobody(plan);
	if (write(ready, "", 1) != 1) /* the porter is dead */
		_exit(127);
	if (dup2(plan->lifeline, 0) < 0 || dup2(plan->supervisor, 1) < 0)
		_exit(127);
	(void)syscall(SYS_close_range, 2u, ~0u, 0);
	wait_for_end();
}
