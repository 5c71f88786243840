/* SPDX-License-Identifier: MIT */
#include "commands/attack_children.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"

#define ROOM 65536 /* for pids; those that do not fit are found the next time */

/* Reaps who has ended. Returns how many live, and signals those. */
static unsigned look_at_all(pid_t except, int signal_number)
{
	static char text[ROOM];
	char path[64];
	unsigned alive = 0;

	text_format(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	if (file_read(-1, path, text, sizeof(text)) < 0)
		return 0;
	for (char *rest = text, *word; (word = strsep(&rest, " ")) != NULL;) {
		uint64_t number;
		pid_t pid;

		if (parse_number(word, &number) < 0)
			continue; /* the empty one at the end */
		pid = (pid_t)number;
		if (pid == except || waitpid(pid, NULL, WNOHANG) != 0)
			continue;
		alive++;
		if (signal_number != 0)
			(void)kill(pid, signal_number);
	}
	return alive;
}

bool children_end(pid_t except, uint64_t ms)
{
	const uint64_t until = clock_ms() + ms;
	bool left;

	while ((left = look_at_all(except, 0) > 0) && clock_ms() < until)
		(void)usleep(2000);
	/* Killing one hands its children to us. */
	while (look_at_all(except, SIGKILL) > 0)
		(void)usleep(1000);
	return left;
}
