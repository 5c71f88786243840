/* SPDX-License-Identifier: MIT */
#include "commands/reexec.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "memcage/memcage.h"

#define REEXEC_VARIABLE "MEMCAGE_REEXEC"

void reexec_by_systemd(int error_number, const sigset_t *mask, char **argv)
{
	const char *arguments[] = { "systemd-run", "--scope", "--quiet", "--collect", "-p",
		"Delegate=yes", "--", NULL };
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char **all;
	size_t count = 0, own = 0;
	bool as_user;

	if ((error_number != EBUSY && error_number != EACCES && error_number != EPERM) ||
		length < 0 || getenv(REEXEC_VARIABLE) != NULL ||
		!memcage_systemd_could_help(&as_user))
		return;
	self[length] = '\0';
	while (argv[own] != NULL)
		own++;
	all = calloc(own + 12, sizeof(*all));
	if (all == NULL)
		return;
	for (size_t i = 0; arguments[i] != NULL; i++) {
		all[count++] = arguments[i];
		if (i == 0 && as_user)
			all[count++] = "--user";
	}
	all[count++] = self;
	for (size_t i = 0; i < own; i++)
		all[count++] = argv[i]; /* "run" and what follows */
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	(void)setenv(REEXEC_VARIABLE, "1", 1);
	(void)execvp("systemd-run", (char *const *)(uintptr_t)all);
	(void)unsetenv(REEXEC_VARIABLE);
	free(all);
}
