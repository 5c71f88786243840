/* SPDX-License-Identifier: MIT */
#include "witness/preload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "base/text.h"
#include "witness/library.h"
#include "witness/preload/page.h"

#define PRELOAD_VARIABLE "LD_PRELOAD="
#define PAGE_VARIABLE PAGE_ENVIRONMENT "="

/* ---- the library ---- */

int preload_library_path(char *ret_path, size_t size)
{
	if (library_find(PRELOAD_LIBRARY, ret_path, size) == 0 ||
		library_take(getenv("MEMCAGE_WITNESS_LIBRARY"), ret_path, size))
		return 0;
	return -ENOENT;
}

/* ---- the file ---- */

static const char *const page_directories[] = { "/dev/shm", "/tmp" };

#define DIRECTORY_NAME "memcage-page-" /* and 16 hexadecimal digits */
#define DIRECTORY_DIGITS 16
#define RACES 3 /* times that somebody who cleans up may take an empty directory for a lost one */

static void remove_directory_of(const char *path)
{
	char directory[PAGE_PATH_SIZE];

	text_copy(directory, sizeof(directory), path);
	*strrchr(directory, '/') = '\0';
	(void)rmdir(directory);
}

/* Whoever knows the name can write into the page, and /dev/shm can be listed: so it lies in a
 * directory of ours that others can pass through, not read, and its name cannot be guessed. */
static int create_page_in(const char *place, char path[static PAGE_PATH_SIZE])
{
	uint64_t random[3];
	int fd = -1, error_number;
	int length;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	length = snprintf(
		path, PAGE_PATH_SIZE, "%s/" DIRECTORY_NAME "%016" PRIx64, place, random[0]);
	if (mkdir(path, 0700) < 0)
		return -errno;
	if (chmod(path, 0711) == 0) { /* whatever the caller's umask is */
		(void)snprintf(path + length, PAGE_PATH_SIZE - (size_t)length,
			"/%016" PRIx64 "%016" PRIx64, random[1], random[2]);
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	}
	error_number = errno;
	if (fd < 0) {
		path[length] = '\0';
		(void)rmdir(path);
	}
	return fd >= 0 ? fd : -error_number;
}

static int create_page(char path[static PAGE_PATH_SIZE])
{
	int fd = -ENOENT;

	for (size_t i = 0; i < sizeof(page_directories) / sizeof(*page_directories) && fd < 0;
		i++) {
		fd = -ENOENT;
		for (int race = 0; race < RACES && fd == -ENOENT; race++)
			fd = create_page_in(page_directories[i], path);
	}
	return fd;
}

int preload_open(struct preload_witness *ret_witness, const char *library, const struct room *room,
	struct memcage_failure *reterr_failure)
{
	struct preload_witness witness = PRELOAD_NONE;
	struct witness_page page = { .magic = PAGE_MAGIC, .size = sizeof(struct page_file) };
	int result;

	if (room != NULL)
		page.room = *room;
	if (library != NULL && !library_take(library, witness.library, sizeof(witness.library)))
		return failure_set(reterr_failure, ENOENT, "%s is no readable file", library);
	if (library == NULL && preload_library_path(witness.library, sizeof(witness.library)) < 0)
		return failure_set(reterr_failure, ENOENT,
			PRELOAD_LIBRARY " is neither beside the program nor in " MEMCAGE_LIBDIR);
	if (strpbrk(witness.library, ": \t") != NULL)
		return failure_set(reterr_failure, EINVAL,
			"%s: LD_PRELOAD cannot hold a path with blanks or colons", witness.library);
	witness.fd = create_page(witness.page_path);
	if (witness.fd < 0)
		return failure_errno(
			reterr_failure, -witness.fd, "no file for the witness in /dev/shm or /tmp");
	/* All of it is had here, so that its memory is charged to us and not to the cage. */
	result = fd_write_all(witness.fd, &page, sizeof(page));
	if (result == 0)
		result = -posix_fallocate(witness.fd, 0, sizeof(struct page_file));
	if (result == 0 &&
		(flock(witness.fd, LOCK_EX | LOCK_NB) < 0 || fchmod(witness.fd, 0666) < 0))
		result = -errno;
	if (result < 0) {
		preload_close(&witness);
		return failure_errno(reterr_failure, -result, "%s", witness.page_path);
	}
	*ret_witness = witness;
	return 0;
}

int preload_inject(struct preload_witness *witness, const struct injection_plan *plan)
{
	ssize_t written = pwrite(
		witness->fd, plan, sizeof(*plan), offsetof(struct witness_page, injection));

	witness->injects = plan->count > 0;
	return written == (ssize_t)sizeof(*plan) ? 0 : written < 0 ? -errno : -EIO;
}

void preload_close(struct preload_witness *witness)
{
	if (witness->fd < 0)
		return;
	(void)unlink(witness->page_path); /* gone already: the workload removed it itself */
	remove_directory_of(witness->page_path);
	fd_close(&witness->fd);
}

/* Whether nobody holds the page any more; then it is removed. */
static bool remove_abandoned_page(int directory, const char *name)
{
	cleanup_fd int fd = openat(directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat facts;

	return fd >= 0 && fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) &&
	       facts.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	       unlinkat(directory, name, 0) == 0;
}

/* Whether it was a directory of ours with nothing in it that is still used. */
static bool remove_abandoned(int place, const char *name)
{
	int fd = openat(place, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	struct stat facts;

	if (directory == NULL) {
		fd_close(&fd);
		return false;
	}
	if (fstat(fd, &facts) == 0 && facts.st_uid == geteuid())
		while ((entry = readdir(directory)) != NULL)
			(void)remove_abandoned_page(fd, entry->d_name);
	(void)closedir(directory);
	return unlinkat(place, name, AT_REMOVEDIR) == 0;
}

int preload_clean(void)
{
	int removed = 0;

	for (size_t i = 0; i < sizeof(page_directories) / sizeof(*page_directories); i++) {
		DIR *place = opendir(page_directories[i]);
		struct dirent *entry;

		while (place != NULL && (entry = readdir(place)) != NULL)
			if (strncmp(entry->d_name, DIRECTORY_NAME, strlen(DIRECTORY_NAME)) == 0 &&
				strlen(entry->d_name) == strlen(DIRECTORY_NAME) + DIRECTORY_DIGITS)
				removed += remove_abandoned(dirfd(place), entry->d_name);
		if (place != NULL)
			(void)closedir(place);
	}
	return removed;
}

/* ---- the environment ---- */

static bool is_variable(const char *entry, const char *variable)
{
	return strncmp(entry, variable, strlen(variable)) == 0;
}

/* The parts of one new entry: name, value, and what stood there before behind a colon. */
struct entry {
	const char *name, *value, *before;
};

static size_t entry_size(struct entry entry)
{
	size_t before = strlen(entry.before);

	return strlen(entry.name) + strlen(entry.value) + (before > 0 ? before + 1 : 0) + 1;
}

/* Writes the entry at *text and moves *text behind it. */
static char *write_entry(struct entry entry, char **text)
{
	char *start = *text;

	*text = stpcpy(stpcpy(start, entry.name), entry.value);
	if (entry.before[0] != '\0')
		*text = stpcpy(stpcpy(*text, ":"), entry.before);
	(*text)++;
	return start;
}

int preload_environment(
	const struct preload_witness *witness, const char *const *envp, char ***ret_envp)
{
	struct entry preload = { PRELOAD_VARIABLE, witness->library, "" };
	struct entry page = { PAGE_VARIABLE, witness->page_path, "" };
	size_t count = 0, bytes = 0, kept = 0;
	char **block, *text;

	for (; envp[count] != NULL; count++) {
		bytes += strlen(envp[count]) + 1;
		/* Of several, the last is the one that the loader takes. */
		if (is_variable(envp[count], PRELOAD_VARIABLE))
			preload.before = envp[count] + strlen(PRELOAD_VARIABLE);
	}
	block = malloc(
		(count + 3) * sizeof(*block) + bytes + entry_size(preload) + entry_size(page));
	if (block == NULL)
		return -ENOMEM;
	text = (char *)(block + count + 3);
	for (size_t i = 0; i < count; i++) {
		if (is_variable(envp[i], PRELOAD_VARIABLE) || is_variable(envp[i], PAGE_VARIABLE))
			continue;
		block[kept++] = text;
		text = stpcpy(text, envp[i]) + 1;
	}
	block[kept++] = write_entry(preload, &text);
	block[kept++] = write_entry(page, &text);
	block[kept] = NULL;
	*ret_envp = block;
	return 0;
}
