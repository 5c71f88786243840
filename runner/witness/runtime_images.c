/* SPDX-License-Identifier: MIT */
#include "witness/runtime_images.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "cage/spawn.h"
#include "witness/elf_functions.h"
#include "witness/runtime_table.h"

#define PROBES_MAX 16
#define LINE_SIZE 320
#define FILTER_SIZE 2048
#define ENABLE_ATTEMPTS 8

#if defined(__aarch64__)
#define MULTIARCH "/usr/lib/aarch64-linux-gnu"
#else
#define MULTIARCH "/usr/lib/x86_64-linux-gnu"
#endif

static const char *const system_directories[] = { MULTIARCH, "/usr/lib64", "/usr/lib",
	"/usr/local/lib" };
static const char *const beside_program[] = { "", "/../lib", "/../lib/server" };

static bool is_new(struct runtime_images *images, const struct stat *facts)
{
	for (unsigned i = 0; i < images->count; i++)
		if (images->seen[i].device == facts->st_dev &&
			images->seen[i].inode == facts->st_ino)
			return false;
	if (images->count == RUNTIME_IMAGES_MAX) {
		images->cut = true;
		return false;
	}
	images->seen[images->count].device = facts->st_dev;
	images->seen[images->count++].inode = facts->st_ino;
	return true;
}

static const char *or_nothing(const char *expression, const char *nothing)
{
	return expression != NULL ? expression : nothing;
}

/* The kernel finds the file by our descriptor: the very one that was looked at, whatever its name
 * and mount namespace. All probes of a batch are one event, since the kernel takes as long to
 * remove one as to remove many. */
static void plant(struct runtime_images *images, const struct tracing *tracing, int fd, size_t row,
	uint64_t offset)
{
	const struct runtime_probe *probe = &runtime_probes[row];
	char line[LINE_SIZE];

	(void)snprintf(line, sizeof(line),
		"p:%s/e%u /proc/self/fd/%d:0x%" PRIx64
		" row=\\%zu:u8 text=%s:string first=%s:x64 second=%s:x64\n",
		tracing->group, images->batches, fd, offset, row, or_nothing(probe->text, "\\\"\""),
		or_nothing(probe->first, "\\0"), or_nothing(probe->second, "\\0"));
	if (tracing_define(tracing, line) < 0)
		images->failed = true;
	else
		images->probes++;
}

/* "row == 0 || row == 2 && (first & 1) || ..." */
static void write_filter(char *filter, size_t size)
{
	size_t length = 0;

	for (size_t row = 0; row < runtime_probe_count; row++) {
		const struct runtime_probe *probe = &runtime_probes[row];

		length += (size_t)snprintf(filter + length, size - length, "%srow == %zu%s%s%s",
			row > 0 ? " || " : "", row, probe->filter != NULL ? " && (" : "",
			or_nothing(probe->filter, ""), probe->filter != NULL ? ")" : "");
		if (length >= size)
			length = size - 1;
	}
}

/* To enable a probe the kernel writes into every process that has the file mapped, and gives up
 * where one of them just ends, or is at its own memory limit. */
static int enable(const struct tracing *tracing, const char *file)
{
	int result = 0;

	for (int attempt = 0; attempt < ENABLE_ATTEMPTS; attempt++) {
		result = file_write(tracing->directory, file, "1");
		if (result == 0)
			break;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
	return result;
}

/* From now on what was planted since the last time is hit. */
static void end_batch(struct runtime_images *images, const struct tracing *tracing)
{
	char file[LINE_SIZE], filter[FILTER_SIZE];

	if (images->probes == images->enabled)
		return;
	write_filter(filter, sizeof(filter));
	(void)snprintf(file, sizeof(file), "events/%s/e%u/filter", tracing->group, images->batches);
	if (file_write(tracing->directory, file, filter) < 0) {
		images->failed = true;
		return;
	}
	(void)snprintf(file, sizeof(file), "events/%s/e%u/enable", tracing->group, images->batches);
	if (enable(tracing, file) < 0)
		images->failed = true;
	images->batches++;
	images->enabled = images->probes;
}

/* name: of a library, NULL of a program, in which every row may be. */
static void look_into(struct runtime_images *images, const struct tracing *tracing,
	const char *path, const char *name)
{
	struct elf_function functions[PROBES_MAX];
	size_t rows[PROBES_MAX], count = 0;
	cleanup_fd int fd = -1;
	struct stat facts;

	if (stat(path, &facts) < 0 || !S_ISREG(facts.st_mode))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &facts) < 0 || !S_ISREG(facts.st_mode) || !is_new(images, &facts))
		return;
	for (size_t row = 0; row < runtime_probe_count && count < PROBES_MAX; row++) {
		const struct runtime_probe *probe = &runtime_probes[row];

		if (name != NULL && !runtime_library_fits(probe, name))
			continue;
		rows[count] = row;
		functions[count++] = (struct elf_function){ .pattern = probe->symbol };
	}
	if (elf_functions_find(fd, functions, count) <= 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (functions[i].offset != 0)
			plant(images, tracing, fd, rows[i], functions[i].offset);
}

static bool is_of_runtime(const char *name)
{
	for (size_t row = 0; row < runtime_probe_count; row++)
		if (runtime_library_fits(&runtime_probes[row], name))
			return true;
	return false;
}

static void look_into_directory(
	struct runtime_images *images, const struct tracing *tracing, const char *directory)
{
	char path[PATH_MAX + NAME_MAX];
	struct dirent *entry;
	struct stat facts;
	DIR *entries;

	if (stat(directory, &facts) < 0 || !S_ISDIR(facts.st_mode) || !is_new(images, &facts))
		return;
	entries = opendir(directory);
	while (entries != NULL && (entry = readdir(entries)) != NULL) {
		if (!is_of_runtime(entry->d_name))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		look_into(images, tracing, path, entry->d_name);
	}
	if (entries != NULL)
		(void)closedir(entries);
}

/* A program, and what an installation of a runtime has beside it. */
static void look_into_program(
	struct runtime_images *images, const struct tracing *tracing, const char *path)
{
	char real[PATH_MAX], directory[PATH_MAX + 32];

	look_into(images, tracing, path, NULL);
	if (realpath(path, real) == NULL)
		return;
	*strrchr(real, '/') = '\0';
	for (size_t i = 0; i < sizeof(beside_program) / sizeof(*beside_program); i++) {
		(void)snprintf(directory, sizeof(directory), "%s%s", real, beside_program[i]);
		look_into_directory(images, tracing, directory);
	}
}

/* Not only the first of a name: that may be a script which finds the real one. */
static void look_into_path(
	struct runtime_images *images, const struct tracing *tracing, const char *search)
{
	char path[PATH_MAX];

	while (*search != '\0') {
		int length = (int)strcspn(search, ":");

		for (size_t i = 0; length > 0 && runtime_programs[i] != NULL; i++) {
			(void)snprintf(
				path, sizeof(path), "%.*s/%s", length, search, runtime_programs[i]);
			if (access(path, X_OK) == 0)
				look_into_program(images, tracing, path);
		}
		search += length + (search[length] == ':');
	}
}

static const char *search_path(const struct memcage_spec *spec)
{
	const char *const *envp = spec->envp ? spec->envp : (const char *const *)environ;

	for (; *envp != NULL; envp++)
		if (strncmp(*envp, "PATH=", 5) == 0)
			return *envp + 5;
	return "";
}

void runtime_images_begin(struct runtime_images *images, const struct tracing *tracing,
	const struct memcage_spec *spec)
{
	char path[PATH_MAX];

	if (executable_find(spec, path, sizeof(path)) == 0)
		look_into_program(images, tracing, path);
	look_into_path(images, tracing, search_path(spec));
	look_into_path(images, tracing, "/usr/local/bin:/usr/bin");
	for (size_t i = 0; i < sizeof(system_directories) / sizeof(*system_directories); i++)
		look_into_directory(images, tracing, system_directories[i]);
	end_batch(images, tracing);
}

void runtime_images_executed(
	struct runtime_images *images, const struct tracing *tracing, pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	look_into_program(images, tracing, path);
	end_batch(images, tracing);
}

/* "7f00a000-7f00b000 r-xp 00002000 fe:00 1234    /usr/lib/jvm/lib/server/libjvm.so": the file by
 * its mapping, for its name may mean another one here than there. */
static void look_into_mapping(
	struct runtime_images *images, const struct tracing *tracing, pid_t pid, char *line)
{
	char path[128], *range_end = strchr(line, ' '), *name = strrchr(line, '/');

	if (range_end == NULL || name == NULL || strlen(range_end) < 5 || range_end[3] != 'x')
		return;
	name++;
	name[strcspn(name, "\n ")] = '\0';
	if (!is_of_runtime(name))
		return;
	*range_end = '\0';
	(void)snprintf(path, sizeof(path), "/proc/%d/map_files/%.64s", (int)pid, line);
	look_into(images, tracing, path, name);
}

void runtime_images_mapped(struct runtime_images *images, const struct tracing *tracing, pid_t pid)
{
	char path[64], line[PATH_MAX + 128];
	FILE *maps;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL)
		look_into_mapping(images, tracing, pid, line);
	if (maps != NULL)
		(void)fclose(maps);
	end_batch(images, tracing);
}
