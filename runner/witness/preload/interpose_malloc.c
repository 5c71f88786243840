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

EXPORTED void *malloc(size_t size)
{
	struct call call = ENTER();
	void *memory;

	do
		memory = real.malloc(size);
	while (memory == NULL && ask_again(&call, size));

	leave(call, FUNCTION_MALLOC, size, memory == NULL);
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

EXPORTED void *calloc(size_t count, size_t size)
{
	struct call call = ENTER();
	void *memory;

	do
		memory = real.calloc(count, size);
	while (memory == NULL && ask_again(&call, product(count, size)));
	leave(call, FUNCTION_CALLOC, array_size(call, FUNCTION_CALLOC, count, size),
		memory == NULL);
	return memory;
}

EXPORTED void *realloc(void *memory, size_t size)
{
	struct call call = ENTER();
	void *moved;

	do
		moved = real.realloc(memory, size);
	while (moved == NULL && ask_again(&call, size));
	leave(call, FUNCTION_REALLOC, size, moved == NULL);
	return moved;
}

EXPORTED void *reallocarray(void *memory, size_t count, size_t size)
{
	struct call call = ENTER();
	void *moved;

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

	do
		memory = real.pvalloc != NULL ? real.pvalloc(size) : missing();
	while (memory == NULL && ask_again(&call, size));
	leave(call, FUNCTION_PVALLOC, real.pvalloc != NULL ? size : 0, memory == NULL);
	return memory;
}
