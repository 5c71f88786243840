/* SPDX-License-Identifier: MIT */
#include "cage/traced.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"

static int load(const struct sock_fprog *filter)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0u, filter) < 0 ? -errno : 0;
}

/* 0 where /proc does not say. */
static int32_t pid_outside(void)
{
	char text[TEXT_NUMBER_SIZE];
	ssize_t length = readlink("/proc/self", text, sizeof(text) - 1);
	uint64_t pid;

	if (length < 0)
		return 0;
	text[length] = '\0';
	return parse_number(text, &pid) == 0 ? (int32_t)pid : 0;
}

void child_be_traced(const struct child_tracer *tracer, bool own_pid_namespace)
{
	int32_t pid = own_pid_namespace ? pid_outside() : (int32_t)getpid(), answer = 0;
	int result;

	if (pid == 0) {
		*tracer->loaded = -ESRCH;
		return;
	}

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
