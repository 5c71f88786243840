/* SPDX-License-Identifier: MIT
 *
 * own_time.c - own_time FILE COMMAND...: runs the command and writes what it and its children took,
 * "CPU_US WALL_US", into FILE. The report of memcage has whole milliseconds, too coarse for
 * programs that take ten. Exits as the command did; 125 when it cannot measure.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long us_of(struct timeval time)
{
	return (long long)time.tv_sec * 1000000 + time.tv_usec;
}

static long long now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	struct rusage used;
	long long begin = now_us();
	pid_t child = argc > 2 ? fork() : -1;
	FILE *file;
	int status;

	if (child == 0) {
		(void)execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 125;
	(void)getrusage(RUSAGE_CHILDREN, &used);
	file = fopen(argv[1], "w");
	if (file == NULL ||
		fprintf(file, "%lld %lld\n", us_of(used.ru_utime) + us_of(used.ru_stime),
			now_us() - begin) < 0 ||
		fclose(file) != 0)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
