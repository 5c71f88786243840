/* SPDX-License-Identifier: MIT
 *
 * interpose_mappings.c - the functions that ask the kernel for memory without the malloc family.
 *
 * Which refusals count:
 * - mmap and mremap refused for private writable memory of one's own, outside of the malloc family.
 *   Allocators that the program brought along ask the kernel directly too, and have other ways when
 *   they are refused. So these are only noted as soft: all of them where the program has a malloc
 *   of its own, and CPython's arenas (at most 1 MiB), for which it turns to malloc() next.
 *   Reservations (PROT_NONE, MAP_NORESERVE), shared and file mappings are soft always.
 * - mprotect that makes memory writable: so runtimes commit what they have reserved. It says ENOMEM
 *   for addresses where nothing is mapped too: that is the caller's mistake.
 * - brk and sbrk, where a limit or a filter explains it. The heap also ends where something else is
 * mapped, and there are C libraries in which both always fail: soft.
 * - The same by syscall(3).
 * - pthread_create, where memory for the stack is what could not be had: the C library says EAGAIN
 *   then, as for too many processes.
 * A seccomp filter may refuse with any errno it likes; see cause_is_filter().
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>

#include "witness/preload/cause.h"
#include "witness/preload/confine.h"
#include "witness/preload/fixed.h"
#include "witness/preload/interpose_mappings.h"
#include "witness/preload/kernel.h"
#include "witness/preload/python.h"

#define PYTHON_ARENA (UINT64_C(1) << 20)

int pthread_create(void *ret_thread, const void *attributes, void *(*start)(void *), void *data);
void *mmap64(void *address, size_t length, int protection, int flags, int fd, off_t offset);
int brk(void *end);
void *sbrk(intptr_t increment);

static bool is_refusal(enum page_function function, size_t size)
{
	int error = errno;

	return error == ENOMEM || (error != EINVAL && cause_is_filter(function, size));
}

bool mapping_is_hard(size_t size, bool own)
{
	return own && !real.own_allocator && !(size <= PYTHON_ARENA && python_present());
}

static void tell(struct call call, enum page_function function, size_t size, bool own)
{
	if (call.nested || !mapping_is_hard(size, own))
		record_soft();
	else
		record_refused(function, size);
}

void mapping_refused(struct call call, enum page_function function, size_t size, bool own)
{
	record_thread.inside = call.nested ? call.outer : NULL;
	if (is_refusal(function, size))
		tell(call, function, size, own);
}

void heap_refused(struct call call, enum page_function function, size_t size)
{
	record_thread.inside = call.nested ? call.outer : NULL;
	if (size > 0)
		tell(call, function, size, cause_find(function, size).name != CAUSE_UNKNOWN);
}

bool mapping_is_own(int protection, int flags)
{
	const int private_flags = MAP_PRIVATE | MAP_ANONYMOUS;

	return (protection & PROT_WRITE) != 0 && (flags & private_flags) == private_flags &&
	       (flags & MAP_NORESERVE) == 0;
}

/* msync() without MS_SYNC writes nothing: it only looks whether everything is mapped. */
bool mapping_exists(const void *address, size_t length)
{
	return !confine_is_on() &&
	       kernel_call(SYS_msync, (long)address, (long)length, MS_ASYNC, 0, 0, 0) == 0;
}

static void *map(struct call call, void *address, size_t length, int protection, int flags, int fd,
	off_t offset)
{
	bool own = mapping_is_own(protection, flags);
	bool counts = (protection & PROT_WRITE) != 0 && (flags & MAP_PRIVATE) != 0;
	bool denied = counts && (flags & MAP_FIXED) != 0 && fixed_is_denied(address, length);
	void *mapping = MAP_FAILED;

	if (refused_on_purpose(&call, FUNCTION_MMAP, mapping_is_hard(length, own) ? length : 0))
		return MAP_FAILED;
	if (denied)
		errno = ENOMEM;
	else
		do
			mapping = real.mmap(address, length, protection, flags, fd, offset);
		while (mapping == MAP_FAILED && errno == ENOMEM && counts &&
			ask_again(&call, length));
	if (mapping == MAP_FAILED)
		mapping_refused(call, FUNCTION_MMAP, length, own);
	else
		leave(call, FUNCTION_MMAP, own ? length : 0, false);
	return mapping;
}

EXPORTED void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	return map(ENTER(), address, length, protection, flags, fd, offset);
}

/* The same function: off_t has 64 bits on every machine that this is built for. */
EXPORTED void *mmap64(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	return map(ENTER(), address, length, protection, flags, fd, offset);
}

EXPORTED void *mremap(void *address, size_t old_length, size_t new_length, int flags, ...)
{
	struct call call = ENTER();
	void *target = NULL, *mapping;
	va_list arguments;

	if ((flags & MREMAP_FIXED) != 0) {
		va_start(arguments, flags);
		target = va_arg(arguments, void *);
		va_end(arguments);
	}
	if (refused_on_purpose(&call, FUNCTION_MREMAP,
		    mapping_is_hard(new_length, new_length > old_length) ? new_length : 0))
		return MAP_FAILED;
	do
		mapping = real.mremap(address, old_length, new_length, flags, target);
	while (mapping == MAP_FAILED && errno == ENOMEM && new_length > old_length &&
		ask_again(&call, new_length - old_length));
	if (mapping == MAP_FAILED)
		mapping_refused(call, FUNCTION_MREMAP, new_length, new_length > old_length);
	else
		leave(call, FUNCTION_MREMAP, new_length > old_length ? new_length : 0, false);
	return mapping;
}

EXPORTED int mprotect(void *address, size_t length, int protection)
{
	struct call call = ENTER();
	bool writable = (protection & PROT_WRITE) != 0;
	int result;

	do
		result = real.mprotect(address, length, protection);
	while (result != 0 && errno == ENOMEM && writable && ask_again(&call, length));
	if (result != 0)
		mapping_refused(call, FUNCTION_MPROTECT, length,
			writable && mapping_exists(address, length));
	else
		leave(call, FUNCTION_MPROTECT, writable ? length : 0, false);
	return result;
}

EXPORTED int brk(void *end)
{
	struct call call = ENTER();
	uintptr_t before = (uintptr_t)real.sbrk(0);
	size_t size = (uintptr_t)end > before ? (uintptr_t)end - before : 0;
	int result;

	if (refused_on_purpose(&call, FUNCTION_BRK, mapping_is_hard(size, true) ? size : 0))
		return -1;
	do
		result = real.brk(end);
	while (result != 0 && ask_again(&call, size));
	if (result != 0)
		heap_refused(call, FUNCTION_BRK, size);
	else
		leave(call, FUNCTION_BRK, size, false);
	return result;
}

EXPORTED void *sbrk(intptr_t increment)
{
	struct call call = ENTER();
	size_t size = increment > 0 ? (size_t)increment : 0;
	void *before;

	if (refused_on_purpose(&call, FUNCTION_SBRK, mapping_is_hard(size, true) ? size : 0))
		return (void *)-1;
	do
		before = real.sbrk(increment);
	while (before == (void *)-1 && ask_again(&call, size));
	if (before == (void *)-1)
		heap_refused(call, FUNCTION_SBRK, size);
	else
		leave(call, FUNCTION_SBRK, size, false);
	return before;
}

/* What the C library maps for a thread; 0 where it does not tell. */
static size_t stack_size(const void *attributes)
{
	uint64_t limit = kernel_limit(RLIMIT_STACK);
	size_t size = 0;

	if (attributes == NULL)
		return limit == UINT64_MAX ? (size_t)2 << 20 : (size_t)limit;
	if (real.pthread_attr_getstacksize == NULL ||
		real.pthread_attr_getstacksize(attributes, &size) != 0)
		return 0;
	return size;
}

EXPORTED int pthread_create(
	void *ret_thread, const void *attributes, void *(*start)(void *), void *data)
{
	struct call call = ENTER();
	size_t size = 0;
	bool memory;
	int result;

	if (refused_on_purpose(
		    &call, FUNCTION_PTHREAD_CREATE, call.counts ? stack_size(attributes) : 0))
		return EAGAIN;
	do {
		result = real.pthread_create == NULL
				 ? ENOSYS
				 : real.pthread_create(ret_thread, attributes, start, data);
		size = (result == EAGAIN || result == ENOMEM) && !confine_is_on()
			       ? stack_size(attributes)
			       : 0;
	} while (size > 0 && ask_again(&call, size));
	memory = size > 0 && cause_of_limits(FUNCTION_PTHREAD_CREATE, size).name != CAUSE_UNKNOWN;
	leave(call, FUNCTION_PTHREAD_CREATE, memory ? size : 0, memory);
	return result;
}
