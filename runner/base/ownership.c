/* SPDX-License-Identifier: MIT */
#include "base/ownership.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"

int own_name_make(char ret_name[static OWN_NAME_SIZE])
{
	uint32_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -errno;
	(void)snprintf(ret_name, OWN_NAME_SIZE, OWN_NAME_PREFIX "%d-%08x", (int)getpid(), random);
	return 0;
}

bool is_own_name(const char *name)
{
	static const char digits[] = "0123456789abcdef";
	size_t pid_length;

	if (strncmp(name, OWN_NAME_PREFIX, strlen(OWN_NAME_PREFIX)) != 0)
		return false;
	name += strlen(OWN_NAME_PREFIX);
	pid_length = strspn(name, "0123456789");
	return pid_length > 0 && name[pid_length] == '-' &&
	       strspn(name + pid_length + 1, digits) == 8 && name[pid_length + 9] == '\0';
}

/* One that was made this moment has no lock yet, hence the second look; should it take its maker
 * longer, that finds it gone and makes another. */
int lock_abandoned(const char *directory)
{
	for (int look = 0;; look++) {
		cleanup_fd int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
			return -1;
		if (look == 1)
			return fd_take(&fd);
		(void)flock(fd, LOCK_UN);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
}
