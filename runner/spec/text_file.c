/* SPDX-License-Identifier: MIT */
#include "spec/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/failure.h"
#include "base/fd.h"

int text_file_read(const char *path, char **ret_text, size_t *ret_length,
	struct memcage_failure *reterr_failure)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat facts;
	ssize_t length;
	char *text;

	if (fd < 0 || fstat(fd, &facts) < 0)
		return failure_errno(reterr_failure, errno, "%s", path);
	if (!S_ISREG(facts.st_mode))
		return failure_set(reterr_failure, EINVAL, "%s: not a regular file", path);
	if (facts.st_size > (off_t)TEXT_FILE_MAX)
		return failure_set(reterr_failure, EFBIG, "%s: larger than 1 MiB", path);
	text = malloc((size_t)facts.st_size + 2);
	if (text == NULL)
		return failure_set(reterr_failure, ENOMEM, "%s: no memory to read it", path);
	length = fd_read_all(fd, text, (size_t)facts.st_size + 2);
	if (length < 0 || length > (ssize_t)facts.st_size) {
		free(text);
		return failure_errno(
			reterr_failure, length < 0 ? (int)-length : EAGAIN, "%s", path);
	}
	*ret_text = text;
	*ret_length = (size_t)length;
	return 0;
}
