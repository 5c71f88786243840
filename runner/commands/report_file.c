/* SPDX-License-Identifier: MIT */
#include "commands/report_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "base/text.h"

/* /dev/fd/N and its kin are links, but to what we hold open ourselves. */
static bool names_descriptor(const char *path, int *ret_fd)
{
	static const char *const directories[] = { "/dev/fd/", "/proc/self/fd/", NULL };
	uint64_t number;

	if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0) {
		*ret_fd = STDOUT_FILENO;
		return true;
	}
	if (strcmp(path, "/dev/stderr") == 0) {
		*ret_fd = STDERR_FILENO;
		return true;
	}
	for (int i = 0; directories[i] != NULL; i++) {
		size_t length = strlen(directories[i]);

		if (strncmp(path, directories[i], length) == 0 &&
			parse_number(path + length, &number) == 0 && number < 1 << 20) {
			*ret_fd = (int)number;
			return true;
		}
	}
	return false;
}

/* Nobody has to guess it. */
static void name_temporary(struct report_file *file)
{
	uint64_t random = 0;

	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	text_format(file->temporary, sizeof(file->temporary), ".%.200s.%d-%016" PRIx64, file->name,
		(int)getpid(), random);
}

/* A file without a name where the file system can do that: nothing stays behind even after a crash.
 * Otherwise one with a name of its own. */
static int open_replacement(
	struct report_file *file, const struct stat *existing, struct memcage_failure *failure)
{
	char copy[4096], other[4096];
	const char *directory, *name;

	if (strlen(file->path) >= sizeof(copy))
		return failure_set(failure, ENAMETOOLONG, "%s: the name is too long", file->option);
	text_copy(copy, sizeof(copy), file->path);
	text_copy(other, sizeof(other), file->path);
	directory = dirname(copy);
	name = basename(other);
	if (strlen(name) >= sizeof(file->name))
		return failure_set(failure, ENAMETOOLONG, "%s: the name is too long", file->option);
	text_copy(file->name, sizeof(file->name), name);
	file->replaces = true;
	file->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->directory >= 0)
		file->fd = openat(file->directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	if (file->directory >= 0 && file->fd < 0 &&
		(errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
		name_temporary(file);
		file->fd = openat(file->directory, file->temporary,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	}
	if (file->fd < 0)
		return failure_errno(failure, errno, "%s %s: cannot create a file in %s",
			file->option, file->path, directory);
	if (existing != NULL)
		(void)fchmod(file->fd,
			existing->st_mode & 07777); /* it keeps its mode, as if written in place */
	return 0;
}

int report_file_open(struct report_file *file, const char *option, const char *path,
	struct memcage_failure *reterr_failure)
{
	struct stat facts;
	int descriptor;

	*file = (struct report_file){ .option = option, .path = path, .fd = -1, .directory = -1 };
	if (path == NULL)
		return 0;
	if (names_descriptor(path, &descriptor)) {
		file->fd = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
		return file->fd < 0 ? failure_errno(reterr_failure, errno, "%s %s", option, path)
				    : 0;
	}
	if (lstat(path, &facts) < 0)
		return errno == ENOENT
			       ? open_replacement(file, NULL, reterr_failure)
			       : failure_errno(reterr_failure, errno, "%s %s", option, path);
	if (S_ISLNK(facts.st_mode))
		return failure_set(reterr_failure, ELOOP,
			"%s %s: is a symbolic link; name the file itself", option, path);
	if (S_ISDIR(facts.st_mode))
		return failure_set(reterr_failure, EISDIR,
			"%s %s: is a directory; name a file in it", option, path);
	if (S_ISREG(facts.st_mode))
		return open_replacement(file, &facts, reterr_failure);
	file->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
	return file->fd < 0 ? failure_errno(reterr_failure, errno, "%s %s", option, path) : 0;
}

/* Gives a nameless file a name beside the target, for rename(2) to take. */
static int name_it(struct report_file *file)
{
	char link[64];

	if (file->temporary[0] != '\0')
		return 0;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", file->fd);
	name_temporary(file);
	if (linkat(AT_FDCWD, link, file->directory, file->temporary, AT_SYMLINK_FOLLOW) < 0) {
		int result = -errno;

		file->temporary[0] = '\0'; /* what has that name is not ours */
		return result;
	}
	return 0;
}

/* Puts the file in place when all of it was written. */
static int finish(struct report_file *file, int written, struct memcage_failure *failure)
{
	int result = written;

	if (result == 0 && file->replaces)
		result = name_it(file);
	if (result == 0 && file->replaces &&
		renameat(file->directory, file->temporary, file->directory, file->name) < 0)
		result = -errno;
	if (result < 0)
		return failure_errno(failure, -result, "%s: cannot write to %s", file->option,
			strcmp(file->path, "-") == 0 ? "standard output" : file->path);
	file->temporary[0] = '\0';
	return 0;
}

int report_file_write(
	struct report_file *file, const char *text, struct memcage_failure *reterr_failure)
{
	int result;

	if (file->path == NULL)
		return 0;
	result = fd_write_all(file->fd, text, strlen(text));
	if (result == 0)
		result = fd_write_all(file->fd, "\n", 1);
	return finish(file, result, reterr_failure);
}

int report_file_write_bytes(struct report_file *file, const void *bytes, size_t size,
	struct memcage_failure *reterr_failure)
{
	if (file->path == NULL)
		return 0;
	return finish(file, fd_write_all(file->fd, bytes, size), reterr_failure);
}

void report_file_close(struct report_file *file)
{
	if (file->temporary[0] != '\0')
		(void)unlinkat(file->directory, file->temporary, 0);
	fd_close(&file->directory);
	fd_close(&file->fd);
}
