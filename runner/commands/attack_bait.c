/* SPDX-License-Identifier: MIT */
#include "commands/attack_bait.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"

int bait_start(const char *program, struct bait *ret_bait)
{
	struct bait bait = { .input = -1 };
	int in[2], out[2];
	ssize_t length;
	const char *at;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	bait.pid = fork();
	if (bait.pid == 0) {
		(void)dup2(in[0], STDIN_FILENO);
		(void)dup2(out[1], STDOUT_FILENO);
		(void)setenv("MEMCAGE_ATTACKS_SECRET", "secret", 1);
		(void)setpgid(0, 0);
		(void)execl(program, program, "--bait", (char *)NULL);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	bait.input = in[1];
	length = read(out[0], bait.word, sizeof(bait.word) - 1);
	(void)close(out[0]);
	bait.word[length > 0 ? length - 1 : 0] = '\0';
	at = strstr(bait.word, "directory=");
	if (at != NULL) {
		text_copy(bait.directory, sizeof(bait.directory), at + strlen("directory="));
		bait.directory[strcspn(bait.directory, ",")] = '\0';
	}
	*ret_bait = bait;
	return at != NULL ? 0 : -EPROTO;
}

void bait_stop(struct bait *bait)
{
	fd_close(&bait->input);
	(void)kill(bait->pid, SIGCONT);
	(void)waitpid(bait->pid, NULL, 0);
}
