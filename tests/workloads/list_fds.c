/* SPDX-License-Identifier: MIT
 *
 * list_fds - print the numbers of all open descriptors, one line, in order.
 */
#include "workload.h"

#include <fcntl.h>

#define FDS_MAX 4096

int main(void)
{
	const char *separator = "";

	for (int fd = 0; fd < FDS_MAX; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			continue;
		(void)printf("%s%d", separator, fd);
		separator = " ";
	}
	(void)printf("\n");
	return 0;
}
