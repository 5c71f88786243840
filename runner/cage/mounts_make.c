/* SPDX-License-Identifier: MIT
 *
 * mounts_make.c - the steps of a mount plan. Runs between clone and exec.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "cage/mounts.h"

#define ROOT_BYTES "1048576" /* mount points and links only */
#define ROOT_INODES "4096"
#define TERMINALS                                                                                  \
	"32" /* the host has some thousand for all, and their buffers count for nobody             \
	      */

/* ---- paths inside the new root ---- */

/* Links, absolute ones too, lead no further than the root. */
static int open_inside(int root, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned)(flags | O_PATH | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, root, *path == '\0' ? "." : path, &how, sizeof(how));
}

/* The directory above the last name, made with all above it where it is not there. */
static int open_parent(int root, const char *path, const char **ret_name)
{
	char part[PATH_MAX];
	int above = open_inside(root, "", O_DIRECTORY);
	size_t length;

	for (size_t start = 0;; start += length + 1) {
		int next;

		length = strcspn(path + start, "/");
		*ret_name = path + start;
		if (path[start + length] == '\0' || above < 0)
			return above;
		if (start + length >= sizeof(part)) {
			fd_close(&above);
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(part, path, start + length);
		part[start + length] = '\0';
		next = open_inside(root, part, O_DIRECTORY);
		if (next < 0 && errno == ENOENT && mkdirat(above, part + start, 0755) == 0)
			next = open_inside(root, part, O_DIRECTORY);
		fd_close(&above);
		above = next;
	}
}

/* A place to mount on, made where it is not there. */
static int open_target(int root, const char *path, bool is_directory)
{
	int target = open_inside(root, path, 0), file;
	cleanup_fd int parent = -1;
	const char *name;

	if (target >= 0 || errno != ENOENT)
		return target;
	parent = open_parent(root, path, &name);
	if (parent < 0)
		return -1;
	if (is_directory) {
		if (mkdirat(parent, name, 0755) < 0)
			return -1;
	} else {
		file = openat(
			parent, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (file < 0)
			return -1;
		fd_close(&file);
	}
	return open_inside(root, path, 0);
}

static int mount_at(int mount, int target)
{
	return move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static int set_attributes(int mount, uint64_t attributes, unsigned flags)
{
	struct mount_attr attr = { .attr_set = attributes };

	return mount_setattr(mount, "", AT_EMPTY_PATH | flags, &attr, sizeof(attr));
}

/* ---- sources ---- */

/* With mounts below that were made by more privileged ones the kernel hands out a directory only
 * with them, as in a user namespace nobody may look under a mount. */
static int open_tree_of(int directory, const char *path, unsigned flags, uint64_t attributes)
{
	unsigned recursive = 0;
	int tree = open_tree(
		directory, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT | flags);

	if (tree < 0 && errno == EINVAL) {
		recursive = AT_RECURSIVE;
		tree = open_tree(directory, path,
			OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT | flags | recursive);
	}
	if (tree >= 0 &&
		(fd_above_stdio(&tree) < 0 || set_attributes(tree, attributes, recursive) < 0))
		fd_close(&tree);
	return tree;
}

int mounts_open_sources(struct mount_plan *plan, bool try_only, size_t *ret_step)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct mount_step *step = &plan->steps[i];

		if (step->action != MAKE_BIND || step->tree >= 0)
			continue;
		step->tree = open_tree_of(AT_FDCWD, step->source, 0, step->attributes);
		if (step->tree >= 0 || (try_only && (errno == EPERM || errno == EACCES)))
			continue;
		*ret_step = i;
		return -1;
	}
	return 0;
}

/* ---- file systems of our own ---- */

struct parameter {
	const char *name, *value; /* value NULL: a flag */
};

static int new_mount(
	const char *type, const struct parameter *parameters, size_t count, uint64_t attributes)
{
	cleanup_fd int context = fsopen(type, FSOPEN_CLOEXEC);
	int mount;

	if (context < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (fsconfig(context,
			    parameters[i].value != NULL ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
			    parameters[i].name, parameters[i].value, 0) < 0)
			return -1;
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	mount = fsmount(context, FSMOUNT_CLOEXEC, (unsigned)attributes);
	if (mount >= 0 && fd_above_stdio(&mount) < 0)
		fd_close(&mount);
	return mount;
}

int mounts_open_root(const char *user, const char *group)
{
	const struct parameter parameters[] = { { "size", ROOT_BYTES },
		{ "nr_inodes", ROOT_INODES }, { "mode", "0755" }, { "uid", user },
		{ "gid", group } };

	return new_mount("tmpfs", parameters, 5, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

static int new_mount_of(const struct mount_step *step)
{
	const struct parameter tmpfs[] = { { "size", step->size }, { "nr_inodes", step->inodes },
		{ "mode", step->mode } };
	static const struct parameter proc[] = { { "hidepid", "2" } };
	static const struct parameter devpts[] = { { "newinstance", NULL }, { "ptmxmode", "0666" },
		{ "mode", "0620" }, { "max", TERMINALS } };

	switch (step->action) {
	case MAKE_TMPFS:
		return new_mount("tmpfs", tmpfs, 3, step->attributes);
	case MAKE_PROC:
		return new_mount("proc", proc, 1, step->attributes);
	case MAKE_DEVPTS:
		return new_mount("devpts", devpts, 4, step->attributes);
	default:
		return new_mount("mqueue", NULL, 0, step->attributes);
	}
}

/* ---- steps ---- */

static int make_link(int root, const struct mount_step *step)
{
	const char *name;
	cleanup_fd int parent = open_parent(root, step->target, &name);

	return parent < 0 ? -1 : symlinkat(step->source, parent, name);
}

static int make_mount(int root, const struct mount_step *step)
{
	cleanup_fd int mount = step->action == MAKE_BIND ? step->tree : new_mount_of(step);
	cleanup_fd int target = -1;
	struct stat facts;

	if (mount < 0 || fstat(mount, &facts) < 0)
		return -1;
	target = open_target(root, step->target, S_ISDIR(facts.st_mode));
	return target < 0 ? -1 : mount_at(mount, target);
}

/* What a kernel does not have needs no cover. */
static int make_cover(int root, const struct mount_step *step)
{
	static const struct parameter empty[] = { { "size", "4096" }, { "nr_inodes", "1" },
		{ "mode", "0555" } };
	cleanup_fd int target = open_inside(root, step->target, O_NOFOLLOW), mount = -1;
	struct stat facts;

	if (target < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstat(target, &facts) < 0)
		return -1;
	mount = S_ISDIR(facts.st_mode) ? new_mount("tmpfs", empty, 3, step->attributes)
				       : open_tree_of(AT_FDCWD, "/dev/null", 0, step->attributes);
	return mount < 0 ? -1 : mount_at(mount, target);
}

static int make_unwritable(int root, const struct mount_step *step)
{
	cleanup_fd int target = open_inside(root, step->target, O_NOFOLLOW), mount = -1;

	if (target < 0)
		return errno == ENOENT ? 0 : -1;
	mount = open_tree_of(target, "", AT_EMPTY_PATH, step->attributes);
	return mount < 0 ? -1 : mount_at(mount, target);
}

static int make_read_only(int root, const struct mount_step *step)
{
	cleanup_fd int target = open_inside(root, step->target, 0);

	return target < 0 ? -1 : set_attributes(target, MOUNT_ATTR_RDONLY, 0);
}

int mounts_make(const struct mount_plan *plan, int root, size_t *ret_step)
{
	static int (*const makers[])(int, const struct mount_step *) = {
		[MAKE_BIND] = make_mount,
		[MAKE_TMPFS] = make_mount,
		[MAKE_PROC] = make_mount,
		[MAKE_DEVPTS] = make_mount,
		[MAKE_MQUEUE] = make_mount,
		[MAKE_LINK] = make_link,
		[MAKE_COVER] = make_cover,
		[MAKE_UNWRITABLE] = make_unwritable,
		[MAKE_READ_ONLY] = make_read_only,
	};

	for (size_t i = 0; i < plan->count; i++)
		if (makers[plan->steps[i].action](root, &plan->steps[i]) < 0) {
			*ret_step = i;
			return -1;
		}
	return 0;
}

int mounts_close_root(int root)
{
	return set_attributes(root, MOUNT_ATTR_RDONLY, 0);
}

int mounts_enter_root(int root)
{
	/* The old root comes to lie on the new one, and goes with all that is mounted in it. */
	if (fchdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
		umount2(".", MNT_DETACH) < 0)
		return -1;
	return chdir("/");
}
