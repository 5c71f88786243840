/* SPDX-License-Identifier: MIT */
#include "witness/preload/attach.h"

#include <errno.h>
#include <signal.h>

#include "witness/preload/bytes.h"
#include "witness/preload/confine.h"
#include "witness/preload/inherit.h"
#include "witness/preload/inject.h"
#include "witness/preload/kernel.h"
#include "witness/preload/resolve.h"
#include "witness/preload/second_look.h"
#include "witness/preload/tally.h"

struct page_file *attached_file;

/* A copy: programs write over their first environment to change their title. "": it is too long. */
static char path[128];

/* NULL where there is none, or it is none of ours. */
static struct page_file *map_file(const char *name)
{
	int fd = kernel_open(name, O_RDWR | O_NOFOLLOW | O_NOCTTY);
	struct page_file *file = NULL;

	if (fd < 0)
		return NULL;
	/* A file that is too short would end the program at the first look beyond its end. */
	if (kernel_call(SYS_lseek, fd, 0, SEEK_END, 0, 0, 0) >= (long)sizeof(*file))
		file = kernel_map_shared(fd, sizeof(*file));
	kernel_close(fd);
	if (file == NULL || (file->page.magic == PAGE_MAGIC && file->page.size == sizeof(*file)))
		return file;
	(void)kernel_call(SYS_munmap, (long)file, sizeof(*file), 0, 0, 0, 0);
	return NULL;
}

/* The kernel looks, and says EFAULT where we would get a signal. It changes nothing: a signal mask
 * is read for an operation that there is none of, or written where nobody else looks. */
bool attach_can_read(const void *address)
{
	return kernel_call(SYS_rt_sigprocmask, -1, (long)address, 0, 8, 0, 0) == -EINVAL;
}

static bool is_writable(uint64_t *scratch)
{
	return kernel_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)scratch, 8, 0, 0) == 0;
}

static bool is_whole(struct page_file *file)
{
	return attach_can_read(&file->page.magic) && file->page.magic == PAGE_MAGIC &&
	       is_writable(&file->page.scratch) && is_writable(&file->scratch);
}

struct page_file *attach_look(void)
{
	struct page_file *file = __atomic_load_n(&attached_file, __ATOMIC_ACQUIRE);

	if (file == NULL || confine_is_on() || is_whole(file))
		return file;
	file = path[0] != '\0' ? map_file(path) : NULL;
	__atomic_store_n(&attached_file, file, __ATOMIC_RELEASE);
	return file;
}

static const char *path_told(void)
{
	static const char name[] = PAGE_ENVIRONMENT "=";

	for (char **at = inherit_environ(); at != NULL && *at != NULL; at++)
		if (bytes_start(*at, name))
			return *at + sizeof(name) - 1;
	return NULL;
}

__attribute__((constructor)) static void attach(void)
{
	const char *told = path_told();
	struct page_file *file = told != NULL ? map_file(told) : NULL;

	if (!__atomic_load_n(&real.ready, __ATOMIC_ACQUIRE))
		resolve_real_functions();
	if (told == NULL)
		return;
	bytes_copy(path, sizeof(path), told, sizeof(path));
	if (!bytes_equal(path, told))
		path[0] = '\0';
	else if (real.library != NULL && real.library[0] == '/')
		inherit_begin(real.library, path);
	if (file == NULL)
		return;
	tally_add(&file->page.attached, 1);
	second_look_begin(&file->page.room);
	inject_begin(&file->page);
	__atomic_store_n(&attached_file, file, __ATOMIC_RELEASE);
}
