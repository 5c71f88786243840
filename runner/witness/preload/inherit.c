/* SPDX-License-Identifier: MIT */
#include "witness/preload/inherit.h"

#include "witness/preload/bytes.h"
#include "witness/preload/confine.h"
#include "witness/preload/kernel.h"
#include "witness/preload/target.h"

#define SHELL "/bin/sh"
#define PATH_SIZE 1024

static const struct environment_plan nothing;

static struct environment_ours ours;

static const char *variable(const char *name)
{
	for (char **at = inherit_environ(); at != NULL && *at != NULL; at++)
		if (bytes_start(*at, name)) {
			const char *value = *at;

			while (*name++ != '\0')
				value++;
			return value;
		}
	return NULL;
}

void inherit_begin(const char *library, const char *page_path)
{
	ours = (struct environment_ours){ library, page_path };
}

static struct environment_plan plan_of(char *const *envp)
{
	return ours.page != NULL && !confine_is_on() ? environment_plan(&ours, envp) : nothing;
}

static bool library_is_in_reach(void)
{
	int fd = kernel_open(ours.library, O_RDONLY);

	if (fd < 0)
		return false;
	kernel_close(fd);
	return true;
}

struct environment_plan inherit_plan(char *const *envp, int directory, const char *path)
{
	struct environment_plan plan = plan_of(envp);
	const char *why;

	if (plan.size == 0 || path == NULL || !target_takes_library(directory, path, &why) ||
		!library_is_in_reach())
		return nothing;
	return plan;
}

/* Whether the file of a name takes the library, or the shell that would read it. */
static bool takes_or_is_read(const char *path)
{
	const char *why = NULL;

	return target_takes_library(AT_FDCWD, path, &why) ||
	       (why == target_has_no_format && target_takes_library(AT_FDCWD, SHELL, &why));
}

static bool is_executable(const char *path)
{
	return kernel_call(SYS_faccessat, AT_FDCWD, (long)path, 1 /* X_OK */, 0, 0, 0) == 0;
}

/* directory/name; what does not fit is no path. */
static bool join(char path[PATH_SIZE], const char *directory, size_t length, const char *name)
{
	size_t at = 0;

	if (length + 2 > PATH_SIZE)
		return false;
	for (; at < length; at++)
		path[at] = directory[at];
	if (length > 0)
		path[at++] = '/';
	for (; *name != '\0' && at + 1 < PATH_SIZE; name++)
		path[at++] = *name;
	path[at] = '\0';
	return *name == '\0';
}

/* The first file of this name in PATH that may be executed. */
static bool find_in_path(char path[PATH_SIZE], const char *name)
{
	const char *directory = variable("PATH=");

	if (directory == NULL)
		directory = "/bin:/usr/bin"; /* as the C libraries have it */
	for (;;) {
		size_t length = 0;

		while (directory[length] != '\0' && directory[length] != ':')
			length++;
		if (join(path, directory, length, name) && is_executable(path))
			return true;
		if (directory[length] == '\0')
			return false;
		directory += length + 1;
	}
}

/* Apart, for the room that it takes on the stack. */
__attribute__((noinline)) static bool name_takes_library(const char *name)
{
	char path[PATH_SIZE];

	for (const char *at = name; *at != '\0'; at++)
		if (*at == '/')
			return takes_or_is_read(name);
	return *name != '\0' && find_in_path(path, name) && takes_or_is_read(path);
}

struct environment_plan inherit_plan_for_name(char *const *envp, const char *name)
{
	struct environment_plan plan = plan_of(envp);

	if (plan.size == 0 || name == NULL || !name_takes_library(name) || !library_is_in_reach())
		return nothing;
	return plan;
}

char **inherit_extend(const struct environment_plan *plan, char *const *envp, void *memory)
{
	return environment_extend(plan, &ours, envp, memory);
}
