/* SPDX-License-Identifier: MIT */
#include "cage/traced.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int load(const struct sock_fprog *filter)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0u, filter) < 0 ? -errno : 0;
}

void child_be_traced(const struct child_tracer *tracer)
{
	int32_t pid = (int32_t)getpid(), answer = 0;
	int result;

	/* Yama lets only ancestors trace; the tracer is none. Where there is no Yama this fails. */
	(void)prctl(PR_SET_PTRACER, (unsigned long)tracer->pid, 0, 0, 0);
	if (write(tracer->socket, &pid, sizeof(pid)) != sizeof(pid) ||
		read(tracer->socket, &answer, sizeof(answer)) != sizeof(answer))
		answer = ECHILD; /* it has died */
	if (answer != 0) {
		*tracer->loaded = -answer;
		return;
	}
	result = load(&tracer->filter);
	if (result == -EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		result = load(&tracer->filter);
	*tracer->loaded = result < 0 ? result : 1;
}
