/* SPDX-License-Identifier: MIT
 *
 * interpose_shell.c - system() and popen(). They give the shell the process's own environment:
 * where that was cleared, the C library is lent one that has the witness while it starts the shell.
 */
#include "witness/preload/inherit.h"
#include "witness/preload/interpose.h"
#include "witness/preload/kernel.h"

int system(const char *command);
void *popen(const char *command, const char *mode);

/* Another thread may read the lent environment after it was taken back: its memory stays. */
static char **lent;
static size_t room;
static bool is_lent;

/* Memory for the copy; one at a time. NULL: there is none, or somebody has it. */
static void *take_room(size_t size)
{
	long mapped;

	if (__atomic_exchange_n(&is_lent, true, __ATOMIC_ACQUIRE))
		return NULL;
	if (size <= room)
		return lent;
	mapped = kernel_call(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mapped < 0 && mapped > -4096) {
		__atomic_store_n(&is_lent, false, __ATOMIC_RELEASE);
		return NULL;
	}
	lent = (char **)mapped;
	room = (size + 4095) & ~(size_t)4095;
	return lent;
}

/* Whether the environment was exchanged; *ret_before gets what was there. */
static bool lend(char ***ret_before)
{
	char **before = inherit_environ();
	struct environment_plan plan = inherit_plan(before, AT_FDCWD, "/bin/sh");
	void *memory = plan.size > 0 ? take_room(plan.size) : NULL;

	if (!__atomic_load_n(&real.ready, __ATOMIC_ACQUIRE))
		resolve_real_functions();
	if (memory == NULL)
		return false;
	*ret_before = before;
	environ = inherit_extend(&plan, before, memory);
	return true;
}

/* Another thread may have put variables into it meanwhile: then it is the program's now. */
static void take_back(char **before)
{
	if (environ == lent)
		environ = before;
	__atomic_store_n(&is_lent, false, __ATOMIC_RELEASE);
}

EXPORTED int system(const char *command)
{
	char **before;
	bool was_lent = lend(&before);
	int result = real.system(command);

	if (was_lent)
		take_back(before);
	return result;
}

EXPORTED void *popen(const char *command, const char *mode)
{
	char **before;
	bool was_lent = lend(&before);
	void *stream = real.popen(command, mode);

	if (was_lent)
		take_back(before);
	return stream;
}
