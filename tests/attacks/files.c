/* SPDX-License-Identifier: MIT
 *
 * files.c - to files of the host, by other ways than the front door.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attacks.h"

static const char *below_bait(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", bait_text("directory"), name);
	return path;
}

/* ---- reading ---- */

static int by_path(void)
{
	return open(below_bait("secret"), O_RDONLY | O_CLOEXEC);
}

static int by_dots(void)
{
	char path[256], *at = path;

	for (int i = 0; i < 40; i++)
		at = stpcpy(at, "../");
	(void)snprintf(at, sizeof(path) - (size_t)(at - path), "%s", below_bait("secret") + 1);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int by_symlink(void)
{
	int fd;

	(void)unlink("/tmp/memcage-attack-link");
	if (symlink(below_bait("secret"), "/tmp/memcage-attack-link") < 0)
		return -1;
	fd = open("/tmp/memcage-attack-link", O_RDONLY | O_CLOEXEC);
	(void)unlink("/tmp/memcage-attack-link");
	return fd;
}

static int by_process(const char *link)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "/proc/%ld/%s", bait_number("pid"), link);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int by_root_of_process(void)
{
	char link[160];

	(void)snprintf(link, sizeof(link), "root%s", below_bait("secret"));
	return by_process(link);
}

static int by_directory_of_process(void)
{
	return by_process("cwd/secret");
}

/* The root of the first process that there is: of the cage, or of the host. */
static int by_root_of_first(void)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "/proc/1/root%s", below_bait("secret"));
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int by_openat2(void)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC };

	return (int)syscall(SYS_openat2, AT_FDCWD, below_bait("secret"), &how, sizeof(how));
}

static int by_hard_link(void)
{
	char to[128];
	int result;

	(void)snprintf(to, sizeof(to), "%s", below_bait("link"));
	result = link(below_bait("secret"), to);

	return result < 0 && errno == EXDEV ? 0 : result;
}

static int by_shadow(void)
{
	return open("/etc/shadow", O_RDONLY | O_CLOEXEC);
}

static int by_execution(void)
{
	return access("/root/.", X_OK);
}

struct way {
	const char *name;
	int (*act)(void);
};

static int by(const struct way *ways, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(ways[i].name, name) == 0)
			return tried(ways[i].act(), name);
	return not_here("no such way");
}

#define BY(ways, name) by(ways, sizeof(ways) / sizeof(*(ways)), name)

int reads_host_file(const char *how)
{
	static const struct way ways[] = { { "its path", by_path },
		{ "dots above the root", by_dots }, { "a symbolic link", by_symlink },
		{ "/proc/PID/root", by_root_of_process },
		{ "/proc/PID/cwd", by_directory_of_process }, { "/proc/1/root", by_root_of_first },
		{ "openat2 with O_PATH", by_openat2 }, { "a hard link", by_hard_link },
		{ "/etc/shadow", by_shadow }, { "/root", by_execution } };

	return BY(ways, how);
}

/* ---- writing ---- */

static int open_file(void)
{
	return open(below_bait("open"), O_WRONLY | O_CLOEXEC);
}

static int truncation(void)
{
	return truncate(below_bait("open"), 5);
}

static int new_mode(void)
{
	return chmod(below_bait("open"), 0666);
}

static int new_name(void)
{
	int result = rename(below_bait("open"), "/tmp/memcage-attack-renamed");

	if (result == 0)
		(void)rename("/tmp/memcage-attack-renamed", below_bait("open"));
	return result;
}

int writes_host_file(const char *how)
{
	static const struct way ways[] = { { "open", open_file }, { "truncate", truncation },
		{ "chmod", new_mode }, { "rename", new_name } };

	return BY(ways, how);
}

/* What every program is made of: by another caller's next run, if not by the host itself. */
int writes_usr(const char *how)
{
	const char *path = "/usr/memcage-attack";
	const struct timespec same[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_nsec = UTIME_OMIT } };
	int result = -1;

	if (strcmp(how, "create") == 0) {
		result = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (result >= 0)
			(void)unlink(path);
	} else if (strcmp(how, "utimensat") == 0) {
		result = utimensat(AT_FDCWD, "/usr/bin", same, 0);
		/* Leaving both as they are asks for no right: so a real one. */
		if (result == 0) {
			struct stat facts;

			(void)stat("/usr/bin", &facts);
			result = utimensat(AT_FDCWD, "/usr/bin",
				(struct timespec[]){ facts.st_atim, facts.st_mtim }, 0);
		}
	} else if (strcmp(how, "setxattr") == 0) {
		result = setxattr("/usr/bin", "trusted.memcage", "x", 1, 0);
		if (result == 0)
			(void)removexattr("/usr/bin", "trusted.memcage");
	} else if (strcmp(how, "remount") == 0) {
		result = mount(NULL, "/usr", NULL, MS_REMOUNT | MS_BIND, NULL);
		if (result < 0 && errno == EINVAL)
			result = mount("/usr", "/usr", NULL, MS_BIND, NULL);
	}
	return tried(result, how);
}

int opens(const char *path)
{
	return tried(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), "open for reading");
}

int opens_to_write(const char *path)
{
	return tried(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC), "open for writing");
}

/* ---- out of the root ---- */

/* A directory above the root is not under it: from there one goes up without end. */
int chroot_escape(const char *argument)
{
	char directory[] = "/tmp/memcage-root-XXXXXX";
	int result, fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)argument;
	if (mkdtemp(directory) == NULL)
		return not_here("no directory");
	result = chroot(directory);
	if (result == 0) {
		(void)fchdir(fd);
		for (int i = 0; i < 100; i++)
			(void)chdir("..");
		result = chroot(".");
	}
	(void)rmdir(directory);
	return tried(result, "chroot twice");
}

/* Files by their number: it needs no path, so no wall of paths stops it. */
int handle_escape(const char *argument)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} one = { .handle.handle_bytes = MAX_HANDLE_SZ };
	int mount, at = open("/usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)argument;
	if (name_to_handle_at(AT_FDCWD, "/usr", &one.handle, &mount, 0) < 0)
		return tried(-1, "name_to_handle_at");
	return tried(open_by_handle_at(at, &one.handle, O_RDONLY | O_CLOEXEC), "open_by_handle_at");
}

int device_node(const char *argument)
{
	const char *path = "/tmp/memcage-attack-device";
	int result = mknod(path, S_IFCHR | 0600, makedev(1, 1)); /* the memory */

	(void)argument;
	if (result == 0)
		(void)unlink(path);
	return tried(result, "mknod of a device");
}

/* ---- what is still there afterwards ---- */

#define LEFT "/memcage-attack-left"
#define LEFT_KEY 0x6d656d65

int leaves_behind(const char *what)
{
	char path[64];

	if (strcmp(what, "shared memory") == 0)
		return held("made it: %d", shmget(LEFT_KEY, MIB, IPC_CREAT | 0600));
	if (strcmp(what, "queue") == 0)
		return held("made it: %d", mq_open(LEFT, O_RDWR | O_CREAT, 0600, NULL));
	(void)snprintf(path, sizeof(path), "%s" LEFT, what);
	if (strcmp(what, "/run/lock") == 0)
		return held("made it: %d", symlink("/etc/passwd", path));
	return held("made it: %d", open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

/* Outside, afterwards: each is removed where it is found. */
int look_main(void)
{
	const char *const paths[] = { "/tmp" LEFT, "/dev/shm" LEFT, "/run/lock" LEFT };
	int id = shmget(LEFT_KEY, 0, 0), found = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		found += unlink(paths[i]) == 0;
	found += mq_unlink(LEFT) == 0;
	found += id >= 0 && shmctl(id, IPC_RMID, NULL) == 0;
	return found > 0 ? worked("it is still there") : held("nothing is left of it");
}
