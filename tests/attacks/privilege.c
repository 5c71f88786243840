/* SPDX-License-Identifier: MIT
 *
 * privilege.c - to rights that the command was not given.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attacks.h"

static int become_root(void)
{
	return setresuid(0, 0, 0);
}

static int become_other(void)
{
	return setresgid(12345, 12345, 12345) < 0 ? -1 : setresuid(12345, 12345, 12345);
}

static int other_groups(void)
{
	const gid_t groups[] = { 0, 42 };

	return setgroups(2, groups);
}

/* All that stand in the bounding set come back with the next program of root's. */
static int bounding(void)
{
	int kept = 0;

	for (int i = 0; i < 41; i++)
		kept += prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1;
	errno = EPERM;
	return kept > 0 ? kept : -1;
}

static int raised(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	data[0].effective = data[0].permitted = data[0].inheritable = 1u << CAP_SYS_ADMIN;
	return (int)syscall(SYS_capset, &header, data);
}

/* Programs with a set-user-ID bit: they work where neither the process nor the mount forbids it. */
static int programs(void)
{
	struct statvfs facts;

	errno = EPERM;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 && statvfs("/usr", &facts) == 0 &&
			       (facts.f_flag & ST_NOSUID) == 0
		       ? 0
		       : -1;
}

static int bits(void)
{
	return prctl(PR_SET_SECUREBITS, prctl(PR_GET_SECUREBITS, 0, 0, 0, 0), 0, 0, 0);
}

static int owner(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd < 0 ? fd : fchown(fd, getuid() + 1, getgid() + 1);
}

static int memory_map(void)
{
	return prctl(PR_SET_MM, PR_SET_MM_START_BRK, sbrk(0), 0, 0);
}

int gains(const char *what)
{
	static const struct {
		const char *name;
		int (*act)(void);
	} ways[] = { { "root", become_root }, { "another user", become_other },
		{ "groups", other_groups }, { "the bounding set", bounding }, { "capset", raised },
		{ "set-user-ID programs", programs }, { "securebits", bits },
		{ "another owner", owner }, { "PR_SET_MM", memory_map } };

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(ways[i].name, what) == 0)
			return tried(ways[i].act(), what);
	return not_here("no such right");
}

/* The driver's environment has a secret, and variables that the loader listens to. */
int finds_in_environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL ? worked("%s is %s", name, value) : held("%s is not there", name);
}
