/* SPDX-License-Identifier: MIT
 *
 * replay FILE|DIRECTORY... - runs each file through a fuzz entry point, so that a corpus is an
 * ordinary test that needs no fuzzer. Fails when there is nothing to run.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fail(const char *path)
{
	(void)fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
	return -1;
}

/* The input ends where its allocation ends, so that sanitizers see a read beyond it. */
static int run_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size > 0 ? size : 1);
	FILE *file = fopen(path, "rb");
	size_t length = 0;
	int result = -1;

	if (data == NULL || file == NULL)
		(void)fail(path);
	else if ((length = fread(data, 1, size, file)) != size)
		(void)fprintf(stderr, "replay: %s: short read\n", path);
	else
		result = 0;
	if (result == 0)
		(void)LLVMFuzzerTestOneInput(data, length);
	if (file != NULL)
		(void)fclose(file);
	free(data);
	return result < 0 ? result : 1;
}

/* Returns how many files were run, or -1. */
static int run_path(const char *path)
{
	struct stat status;
	struct dirent *entry;
	DIR *directory;
	int count = 0;

	if (stat(path, &status) < 0)
		return fail(path);
	if (!S_ISDIR(status.st_mode))
		return run_file(path, (size_t)status.st_size);
	directory = opendir(path);
	if (directory == NULL)
		return fail(path);
	while (count >= 0 && (entry = readdir(directory)) != NULL) {
		char name[PATH_MAX];
		int run;

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		run = run_path(name);
		count = run < 0 ? run : count + run;
	}
	(void)closedir(directory);
	return count;
}

int main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++) {
		int run = run_path(argv[i]);

		if (run < 0)
			return 1;
		count += run;
	}
	(void)printf("%d inputs\n", count);
	return count > 0 ? 0 : 1;
}
