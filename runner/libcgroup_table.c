/* SPDX-License-Identifier: MIT
 *
 * libcgroup_table.c - makes the initialisation of libcgroup cheap, for the program that has it
 * built in (linked with --wrap=memset). It clears a table of 0.8 MB, one page fault for each page
 * of it, and then uses the first of a hundred entries: 0.3 ms, half of what /bin/true takes. Memory
 * of zeros that nobody has touched is had by giving the pages back.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define PAGE ((uintptr_t)4096)

extern char cg_mount_table[]; /* libcgroup's; private memory without a file */

void *__real_memset(void *memory, int value, size_t size);
void *__wrap_memset(void *memory, int value, size_t size);

void *__wrap_memset(void *memory, int value, size_t size)
{
	uintptr_t begin = (uintptr_t)memory, end = begin + size;
	uintptr_t first = (begin + PAGE - 1) & ~(PAGE - 1), last = end & ~(PAGE - 1);

	if (memory != cg_mount_table || value != 0 || first >= last ||
		madvise((void *)first, last - first, MADV_DONTNEED) < 0)
		return __real_memset(memory, value, size);
	(void)__real_memset(memory, 0, first - begin);
	(void)__real_memset((void *)last, 0, end - last);
	return memory;
}
