/* SPDX-License-Identifier: MIT
 *
 * descriptors.c - by what the caller has open. The driver leaves open: the bait's secret as 20 and
 * as 900, the directory / as 21; standard input is the bait's open file, for reading only, and
 * standard output a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attacks.h"

static int secret_behind(int fd)
{
	char seen[sizeof(SECRET)] = "";
	ssize_t got = pread(fd, seen, sizeof(seen) - 1, 0);

	if (got >= 0 && strcmp(seen, SECRET) != 0)
		return held("another file");
	return tried(got, "read a descriptor of the caller's");
}

int inherited_file(const char *argument)
{
	(void)argument;
	return secret_behind(20);
}

int inherited_high(const char *argument)
{
	(void)argument;
	return secret_behind(900);
}

int inherited_directory(const char *argument)
{
	(void)argument;
	return tried(openat(21, "etc/hostname", O_RDONLY | O_CLOEXEC), "open below the caller's /");
}

/* It was opened for reading; the link in /proc asks only whose file it is. */
int stdin_reopened(const char *argument)
{
	struct stat facts;

	(void)argument;
	if (fstat(STDIN_FILENO, &facts) == 0 && !S_ISREG(facts.st_mode))
		return held("standard input is no file");
	return tried(
		open("/proc/self/fd/0", O_WRONLY | O_CLOEXEC), "open standard input for writing");
}

int stdout_reopened(const char *argument)
{
	struct stat facts;

	(void)argument;
	if (fstat(STDOUT_FILENO, &facts) == 0 && !S_ISREG(facts.st_mode))
		return held("standard output is no file");
	return tried(
		open("/proc/self/fd/1", O_RDWR | O_CLOEXEC), "open standard output for reading");
}

/* A reader of the file would find a pebibyte. */
int stdout_extended(const char *argument)
{
	off_t end = lseek(STDOUT_FILENO, 0, SEEK_END);
	int result = ftruncate(STDOUT_FILENO, end >= 0 ? end + ((off_t)1 << 40) : (off_t)1 << 40);

	(void)argument;
	if (result == 0)
		(void)ftruncate(STDOUT_FILENO, end);
	return tried(result, "ftruncate of standard output");
}

int stdout_rewritten(const char *argument)
{
	(void)argument;
	return tried(pwrite(STDOUT_FILENO, "", 0, 0) < 0 ? -1 : lseek(STDOUT_FILENO, 0, SEEK_SET),
		"go back in standard output");
}
