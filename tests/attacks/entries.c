/* SPDX-License-Identifier: MIT
 *
 * entries.c - input for a terminal, and the kernel's entries for other machines' programs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attacks.h"

static long past_rights(long result)
{
	return result < 0 && errno != EPERM && errno != ENOSYS && errno != EACCES ? 0 : result;
}

/* ---- the terminal ---- */

/* Into a terminal of our own, as it would be into the caller's. high: with bits in the argument
 * that the kernel does not look at, and that a filter might. */
int terminal_input(const char *how)
{
	unsigned long request = strcmp(how, "TIOCLINUX") == 0  ? TIOCLINUX
				: strcmp(how, "TIOCCONS") == 0 ? TIOCCONS
							       : TIOCSTI;
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	char byte = 'x';

	if (strcmp(how, "high bits") == 0)
		request |= 1ul << 63;
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 ||
		(slave = open(ptsname(master), O_RDWR | O_NOCTTY)) < 0)
		return not_here("no terminal can be made");
	if (fork() != 0) { /* who leads a session already cannot lead another */
		int status;

		(void)!wait(&status);
		return WIFEXITED(status) ? WEXITSTATUS(status) : HELD;
	}
	if (setsid() < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		_exit(not_here("no session"));
	if (strcmp(how, "TIOCLINUX") == 0)
		_exit(tried(past_rights(syscall(SYS_ioctl, slave, request, &byte)), how));
	_exit(tried(syscall(SYS_ioctl, slave, request, &byte), how));
}

/* ---- other entries of the kernel ---- */

#ifdef __x86_64__
/* getpid, by the numbers of another machine. */
static long by_interrupt(void)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(20L)
			 : "memory", "r8", "r9", "r10", "r11");
	errno = (int)-result;
	return result < 0 ? -1 : result;
}

static long by_x32(void)
{
	return syscall(0x40000000 + SYS_getpid);
}

int foreign_abi(const char *which)
{
	return strcmp(which, "x32") == 0 ? tried(by_x32(), "an x32 number")
					 : tried(by_interrupt(), "int 0x80");
}
#else
int foreign_abi(const char *which)
{
	return not_here("%s is of x86-64", which);
}
#endif
