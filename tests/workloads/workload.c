/* SPDX-License-Identifier: MIT */
#include "workload.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

#define PAGE_BYTES 4096

_Noreturn void cannot(const char *format, ...)
{
	va_list arguments;
	int error_number = errno;

	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fprintf(stderr, ": %s\n", strerror(error_number));
	exit(2);
}

_Noreturn void usage(const char *text)
{
	(void)fprintf(stderr, "usage: %s\n", text);
	exit(2);
}

size_t size_of(const char *argument)
{
	uint64_t bytes;

	if (parse_size(argument, &bytes) < 0 || bytes > SIZE_MAX / 2)
		usage("a size such as 64M");
	return (size_t)bytes;
}

int number_of(const char *argument)
{
	uint64_t number;

	if (parse_number(argument, &number) < 0 || number > INT_MAX)
		usage("a number");
	return (int)number;
}

void *checked_malloc(size_t size)
{
	void *memory = malloc(size);

	if (memory == NULL) {
		perror("malloc");
		exit(1);
	}
	return memory;
}

void touch(void *memory, size_t size)
{
	volatile char *bytes = memory;

	for (size_t at = 0; at < size; at += PAGE_BYTES)
		bytes[at] = 1;
}

void *hog(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	touch(memory, size);
	return memory;
}

int checked_fork(void)
{
	int pid = fork();

	if (pid < 0)
		cannot("fork");
	return pid;
}

int wait_for(int pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			cannot("waitpid");
	return status;
}
