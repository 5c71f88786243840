/* SPDX-License-Identifier: MIT
 *
 * interpose_malloc.c - the malloc family. NULL counts as a refusal when the caller is anything but
 * the malloc family itself.
 */
#include <errno.h>

#include "witness/preload/interpose.h"

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);
void *reallocarray(void *memory, size_t count, size_t size);
int posix_memalign(void **ret_memory, size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size);
void *valloc(size_t size);
void *pvalloc(size_t size);

/* The C library of this program has no such function. */
static void *missing(void)
{
	errno = ENOSYS;
	return NULL;
}

static bool is_alignment(size_t alignment)
{
	return alignment != 0 && (alignment & (alignment - 1)) == 0;
}

/* Slow ways, apart from the fast ones: those need less room on the stack then. */
#define APART __attribute__((noinline, cold))

/* The first call of a process, those inside another of the family, and all of a program in which
 * some are refused on purpose. */
APART static void *malloc_entered(const char *frame, size_t size)
{
	struct call call = enter(frame);
	void *memory;

	if (refused_on_purpose(&call, FUNCTION_MALLOC, size))
		return NULL;
	memory = real.malloc(size);
	while (memory == NULL && ask_again(&call, size))
		memory = real.malloc(size);
	leave(call, FUNCTION_MALLOC, size, memory == NULL);
	return memory;
}

/* Refused, or a grant that may settle a refusal. */
APART static void *malloc_noted(const char *frame, void *memory, size_t size)
{
	struct call call = enter(frame);

	while (memory == NULL && ask_again(&call, size))
		memory = real.malloc(size);
	leave(call, FUNCTION_MALLOC, size, memory == NULL);
	return memory;
}

/* enter() and leave() by hand, with nothing but the size to remember meanwhile: this is what a
 * program pays for being watched. */
EXPORTED void *malloc(size_t size)
{
	void *memory;

	if (__builtin_expect(!real.plain || record_thread.inside != NULL, false))
		return malloc_entered(stack_here(), size);
	record_thread.inside = stack_here();
	memory = real.malloc(size);
	record_thread.inside = NULL;
	if (__builtin_expect(
		    memory == NULL || size >= __atomic_load_n(&record_watch, __ATOMIC_RELAXED),
		    false))
		return malloc_noted(stack_here(), memory, size);
	return memory;
}

/* 0 where it overflows. */
static size_t product(size_t count, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? 0 : bytes;
}

/* The size of an array, or 0 where the product overflows; then the overflow is told. */
static size_t array_size(struct call call, enum page_function function, size_t count, size_t size)
{
	size_t bytes;

	if (!__builtin_mul_overflow(count, size, &bytes))
		return bytes;
	if (!call.nested)
		record_overflow(function);
	return 0;
}

APART static void *calloc_again(struct call call, size_t count, size_t size)
{
	void *memory = NULL;

	while (memory == NULL && ask_again(&call, product(count, size)))
		memory = real.calloc(count, size);
	return memory;
}

EXPORTED void *calloc(size_t count, size_t size)
{
	struct call call = ENTER();
	void *memory;

	if (refused_on_purpose(&call, FUNCTION_CALLOC, product(count, size)))
		return NULL;
	memory = real.calloc(count, size);
	if (__builtin_expect(memory == NULL, false))
		memory = calloc_again(call, count, size);
	leave(call, FUNCTION_CALLOC, array_size(call, FUNCTION_CALLOC, count, size),
		memory == NULL);
	return memory;
}

/* size is not 0: that would have freed memory. */
APART static void *realloc_again(struct call call, void *memory, size_t size)
{
	void *moved = NULL;

	while (moved == NULL && ask_again(&call, size))
		moved = real.realloc(memory, size);
	return moved;
}

EXPORTED void *realloc(void *memory, size_t size)
{
	struct call call = ENTER();
	void *moved;

	if (refused_on_purpose(&call, FUNCTION_REALLOC, size))
		return NULL;
	moved = real.realloc(memory, size);
	if (__builtin_expect(moved == NULL, false) && size > 0)
		moved = realloc_again(call, memory, size);
	leave(call, FUNCTION_REALLOC, size, moved == NULL);
	return moved;
}

EXPORTED void *reallocarray(void *memory, size_t count, size_t size)
{
	struct call call = ENTER();
	void *moved;

	if (refused_on_purpose(&call, FUNCTION_REALLOCARRAY, product(count, size)))
		return NULL;
	do
		moved = real.reallocarray != NULL ? real.reallocarray(memory, count, size)
						  : missing();
	while (moved == NULL && ask_again(&call, product(count, size)));
	leave(call, FUNCTION_REALLOCARRAY, array_size(call, FUNCTION_REALLOCARRAY, count, size),
		moved == NULL && real.reallocarray != NULL);
	return moved;
}

EXPORTED int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
	struct call call = ENTER();
	int result;

	if (refused_on_purpose(&call, FUNCTION_POSIX_MEMALIGN, is_alignment(alignment) ? size : 0))
		return ENOMEM;
	do
		result = real.posix_memalign(ret_memory, alignment, size);
	while (result == ENOMEM && ask_again(&call, size));
	leave(call, FUNCTION_POSIX_MEMALIGN, result == EINVAL ? 0 : size, result != 0);
	return result;
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size)
{
	struct call call = ENTER();
	void *memory;

	if (refused_on_purpose(&call, FUNCTION_ALIGNED_ALLOC, is_alignment(alignment) ? size : 0))
		return NULL;
	do
		memory = real.aligned_alloc(alignment, size);
	while (memory == NULL && is_alignment(alignment) && ask_again(&call, size));
	leave(call, FUNCTION_ALIGNED_ALLOC, is_alignment(alignment) ? size : 0, memory == NULL);
	return memory;
}

EXPORTED void *memalign(size_t alignment, size_t size)
{
	struct call call = ENTER();
	void *memory;

	if (refused_on_purpose(&call, FUNCTION_MEMALIGN, is_alignment(alignment) ? size : 0))
		return NULL;
	do
		memory = real.memalign != NULL ? real.memalign(alignment, size) : missing();
	while (memory == NULL && is_alignment(alignment) && ask_again(&call, size));
	leave(call, FUNCTION_MEMALIGN, is_alignment(alignment) && real.memalign != NULL ? size : 0,
		memory == NULL);
	return memory;
}

EXPORTED void *valloc(size_t size)
{
	struct call call = ENTER();
	void *memory;

	if (refused_on_purpose(&call, FUNCTION_VALLOC, size))
		return NULL;
	do
		memory = real.valloc != NULL ? real.valloc(size) : missing();
	while (memory == NULL && ask_again(&call, size));
	leave(call, FUNCTION_VALLOC, real.valloc != NULL ? size : 0, memory == NULL);
	return memory;
}

EXPORTED void *pvalloc(size_t size)
{
	struct call call = ENTER();
	void *memory;

	if (refused_on_purpose(&call, FUNCTION_PVALLOC, size))
		return NULL;
	do
		memory = real.pvalloc != NULL ? real.pvalloc(size) : missing();
	while (memory == NULL && ask_again(&call, size));
	leave(call, FUNCTION_PVALLOC, real.pvalloc != NULL ? size : 0, memory == NULL);
	return memory;
}
