/* SPDX-License-Identifier: MIT
 *
 * interpose_exec.c - the exec family and posix_spawn: where the environment of the new program
 * lacks the witness, it is started with a copy that has it; see inherit.h. A new program that does
 * not fit beside our variables is started without them. Nothing else changes, and a call whose
 * environment is whole goes on as it came.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>

#include "witness/preload/bytes.h"
#include "witness/preload/inherit.h"
#include "witness/preload/interpose.h"

int execve(const char *path, char *const *argv, char *const *envp);
int execv(const char *path, char *const *argv);
int execvp(const char *name, char *const *argv);
int execvpe(const char *name, char *const *argv, char *const *envp);
int execl(const char *path, const char *first, ...);
int execlp(const char *name, const char *first, ...);
int execle(const char *path, const char *first, ...);
int fexecve(int fd, char *const *argv, char *const *envp);
int execveat(int directory, const char *path, char *const *argv, char *const *envp, int flags);
int posix_spawn(int *ret_pid, const char *path, const void *actions, const void *attributes,
	char *const *argv, char *const *envp);
int posix_spawnp(int *ret_pid, const char *name, const void *actions, const void *attributes,
	char *const *argv, char *const *envp);

/* On the stack of the caller: nobody ever returns from a successful exec to free it. */
#define EXTENDED(plan, envp) inherit_extend(&(plan), envp, __builtin_alloca((plan).size))

/* Whether an exec with more in its environment was the last word. */
static bool is_final(int result)
{
	return result == 0 || errno != E2BIG;
}

static void ensure_ready(void)
{
	if (__builtin_expect(!real.ready, false))
		resolve_real_functions();
}

EXPORTED int execve(const char *path, char *const *argv, char *const *envp)
{
	struct environment_plan plan = inherit_plan(envp, AT_FDCWD, path);

	ensure_ready();
	if (plan.size > 0 && is_final(real.execve(path, argv, EXTENDED(plan, envp))))
		return -1;
	return real.execve(path, argv, envp);
}

EXPORTED int execv(const char *path, char *const *argv)
{
	char **envp = inherit_environ();
	struct environment_plan plan = inherit_plan(envp, AT_FDCWD, path);

	ensure_ready();
	if (plan.size > 0 && is_final(real.execve(path, argv, EXTENDED(plan, envp))))
		return -1;
	return real.execv(path, argv);
}

EXPORTED int execvpe(const char *name, char *const *argv, char *const *envp)
{
	struct environment_plan plan = inherit_plan_for_name(envp, name);

	ensure_ready();
	if (plan.size > 0 && is_final(real.execvpe(name, argv, EXTENDED(plan, envp))))
		return -1;
	return real.execvpe(name, argv, envp);
}

EXPORTED int execvp(const char *name, char *const *argv)
{
	char **envp = inherit_environ();
	struct environment_plan plan = inherit_plan_for_name(envp, name);

	ensure_ready();
	if (plan.size > 0 && is_final(real.execvpe(name, argv, EXTENDED(plan, envp))))
		return -1;
	return real.execvp(name, argv);
}

/* The arguments of execl() and its like make an array of so many bytes, their NULL included. Leaves
 * arguments behind that NULL. */
static size_t array_size(const char *first, va_list *arguments)
{
	size_t count = 1;

	for (const char *at = first; at != NULL; at = va_arg(*arguments, const char *))
		count++;
	return count * sizeof(char *);
}

static void fill_array(char **argv, const char *first, va_list *arguments)
{
	*argv = (char *)(uintptr_t)first;
	while (*argv != NULL)
		*++argv = va_arg(*arguments, char *);
}

EXPORTED int execl(const char *path, const char *first, ...)
{
	va_list arguments;
	char **argv;

	va_start(arguments, first);
	argv = __builtin_alloca(array_size(first, &arguments));
	va_end(arguments);
	va_start(arguments, first);
	fill_array(argv, first, &arguments);
	va_end(arguments);
	return execv(path, argv);
}

EXPORTED int execlp(const char *name, const char *first, ...)
{
	va_list arguments;
	char **argv;

	va_start(arguments, first);
	argv = __builtin_alloca(array_size(first, &arguments));
	va_end(arguments);
	va_start(arguments, first);
	fill_array(argv, first, &arguments);
	va_end(arguments);
	return execvp(name, argv);
}

EXPORTED int execle(const char *path, const char *first, ...)
{
	va_list arguments;
	char **argv, **envp;

	va_start(arguments, first);
	argv = __builtin_alloca(array_size(first, &arguments));
	envp = va_arg(arguments, char **);
	va_end(arguments);
	va_start(arguments, first);
	fill_array(argv, first, &arguments);
	va_end(arguments);
	return execve(path, argv, envp);
}

/* "/proc/self/fd/N": opened there, a descriptor that may not be read becomes one that may. */
static const char *path_of(int fd, char path[40])
{
	static const char folder[] = "/proc/self/fd/";
	unsigned int number = (unsigned int)fd;
	char digits[12], *at = path + sizeof(folder) - 1;
	int count = 0;

	bytes_copy(path, 40, folder, sizeof(folder));
	do
		digits[count++] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	while (count > 0)
		*at++ = digits[--count];
	*at = '\0';
	return path;
}

EXPORTED int fexecve(int fd, char *const *argv, char *const *envp)
{
	char path[40];
	struct environment_plan plan = fd >= 0 ? inherit_plan(envp, AT_FDCWD, path_of(fd, path))
					       : (struct environment_plan){ 0 };

	ensure_ready();
	if (plan.size > 0 && is_final(real.fexecve(fd, argv, EXTENDED(plan, envp))))
		return -1;
	return real.fexecve(fd, argv, envp);
}

/* Not every C library has it: there it fails as on an old kernel. */
static int execute_at(
	int directory, const char *path, char *const *argv, char *const *envp, int flags)
{
	if (real.execveat != NULL)
		return real.execveat(directory, path, argv, envp, flags);
	errno = ENOSYS;
	return -1;
}

EXPORTED int execveat(
	int directory, const char *path, char *const *argv, char *const *envp, int flags)
{
	bool by_descriptor = (flags & AT_EMPTY_PATH) != 0 && directory >= 0 && path != NULL &&
			     path[0] == '\0';
	char own_path[40];
	struct environment_plan plan = inherit_plan(
		envp, directory, by_descriptor ? path_of(directory, own_path) : path);

	ensure_ready();
	if (plan.size > 0 &&
		is_final(execute_at(directory, path, argv, EXTENDED(plan, envp), flags)))
		return -1;
	return execute_at(directory, path, argv, envp, flags);
}

EXPORTED int posix_spawn(int *ret_pid, const char *path, const void *actions,
	const void *attributes, char *const *argv, char *const *envp)
{
	struct environment_plan plan = inherit_plan(envp, AT_FDCWD, path);
	int result = E2BIG;

	ensure_ready();
	if (plan.size > 0)
		result = real.posix_spawn(
			ret_pid, path, actions, attributes, argv, EXTENDED(plan, envp));
	if (result == E2BIG)
		result = real.posix_spawn(ret_pid, path, actions, attributes, argv, envp);
	return result;
}

EXPORTED int posix_spawnp(int *ret_pid, const char *name, const void *actions,
	const void *attributes, char *const *argv, char *const *envp)
{
	struct environment_plan plan = inherit_plan_for_name(envp, name);
	int result = E2BIG;

	ensure_ready();
	if (plan.size > 0)
		result = real.posix_spawnp(
			ret_pid, name, actions, attributes, argv, EXTENDED(plan, envp));
	if (result == E2BIG)
		result = real.posix_spawnp(ret_pid, name, actions, attributes, argv, envp);
	return result;
}
