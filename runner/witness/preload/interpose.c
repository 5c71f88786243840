/* SPDX-License-Identifier: MIT
 *
 * interpose.c - the functions that the dynamic loader puts before the C library's. Each calls the
 * real one, leaves its result and errno as they are, and tells of refusals.
 *
 * Which refusals count:
 * - NULL from the malloc family, called by anything but the malloc family itself.
 * - mmap and mremap refused for private writable memory of one's own, outside of the malloc family.
 *   Allocators that the program brought along ask the kernel directly too, and have other ways when
 *   they are refused. So these are only noted as soft: all of them where the program has a malloc
 *   of its own, and CPython's arenas (at most 1 MiB), for which it turns to malloc() next.
 *   Reservations (PROT_NONE, MAP_NORESERVE), shared and file mappings are soft always.
 * - pthread_create, where memory for the stack is what could not be had: the C library says EAGAIN
 *   then, as for too many processes.
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>

#include "witness/preload/cause.h"
#include "witness/preload/kernel.h"
#include "witness/preload/python.h"
#include "witness/preload/record.h"
#include "witness/preload/resolve.h"

#define EXPORTED __attribute__((visibility("default")))
#define PYTHON_ARENA (UINT64_C(1) << 20)

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);
void *reallocarray(void *memory, size_t count, size_t size);
int posix_memalign(void **ret_memory, size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size);
void *valloc(size_t size);
void *pvalloc(size_t size);
int pthread_create(void *ret_thread, const void *attributes, void *(*start)(void *), void *data);
void *mmap64(void *address, size_t length, int protection, int flags, int fd, off_t offset);

/* One call, from entering to leaving. The mark of a call that was left by longjmp() stays behind;
 *
 * it stands on a part of the stack that is no longer in use, and the next call from further up
 * takes it away. */
struct call {
	const char *outer;
	bool nested;
};

static inline struct call enter(const char *frame)
{
	struct call call = { record_thread.inside, false };

	if (__builtin_expect(!real.ready, false))
		resolve_real_functions();
	call.nested = call.outer != NULL && frame < call.outer;
	record_thread.inside = frame;
	return call;
}

static inline void leave(struct call call, enum page_function function, size_t size, bool refused)
{
	record_thread.inside = call.nested ? call.outer : NULL;
	if (__builtin_expect(refused, false)) {
		if (!call.nested && size > 0)
			record_refused(function, size);
	} else if (__builtin_expect(
			   size >= __atomic_load_n(&record_watch, __ATOMIC_RELAXED), false)) {
		if (!call.nested)
			record_granted(size);
	}
}

#define ENTER() enter(__builtin_frame_address(0))

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
	void *memory = real.malloc(size);

	leave(call, FUNCTION_MALLOC, size, memory == NULL);
	return memory;
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
	void *memory = real.calloc(count, size);

	leave(call, FUNCTION_CALLOC, array_size(call, FUNCTION_CALLOC, count, size),
		memory == NULL);
	return memory;
}

EXPORTED void *realloc(void *memory, size_t size)
{
	struct call call = ENTER();
	void *moved = real.realloc(memory, size);

	leave(call, FUNCTION_REALLOC, size, moved == NULL);
	return moved;
}

EXPORTED void *reallocarray(void *memory, size_t count, size_t size)
{
	struct call call = ENTER();
	void *moved = real.reallocarray != NULL ? real.reallocarray(memory, count, size)
						: missing();

	leave(call, FUNCTION_REALLOCARRAY, array_size(call, FUNCTION_REALLOCARRAY, count, size),
		moved == NULL && real.reallocarray != NULL);
	return moved;
}

EXPORTED int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
	struct call call = ENTER();
	int result = real.posix_memalign(ret_memory, alignment, size);

	leave(call, FUNCTION_POSIX_MEMALIGN, result == EINVAL ? 0 : size, result != 0);
	return result;
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size)
{
	struct call call = ENTER();
	void *memory = real.aligned_alloc(alignment, size);

	leave(call, FUNCTION_ALIGNED_ALLOC, is_alignment(alignment) ? size : 0, memory == NULL);
	return memory;
}

EXPORTED void *memalign(size_t alignment, size_t size)
{
	struct call call = ENTER();
	void *memory = real.memalign != NULL ? real.memalign(alignment, size) : missing();

	leave(call, FUNCTION_MEMALIGN, is_alignment(alignment) && real.memalign != NULL ? size : 0,
		memory == NULL);
	return memory;
}

EXPORTED void *valloc(size_t size)
{
	struct call call = ENTER();
	void *memory = real.valloc != NULL ? real.valloc(size) : missing();

	leave(call, FUNCTION_VALLOC, real.valloc != NULL ? size : 0, memory == NULL);
	return memory;
}

EXPORTED void *pvalloc(size_t size)
{
	struct call call = ENTER();
	void *memory = real.pvalloc != NULL ? real.pvalloc(size) : missing();

	leave(call, FUNCTION_PVALLOC, real.pvalloc != NULL ? size : 0, memory == NULL);
	return memory;
}

/* A refused mapping: a refusal, soft, or the caller's own mistake. */
static void refused_mapping(struct call call, enum page_function function, size_t length, bool own)
{
	record_thread.inside = call.nested ? call.outer : NULL;
	if (errno != ENOMEM)
		return;
	if (call.nested || !own || real.own_allocator ||
		(python_present() && length <= PYTHON_ARENA))
		record_soft();
	else
		record_refused(function, length);
}

static void *map(struct call call, void *address, size_t length, int protection, int flags, int fd,
	off_t offset)
{
	const int private_flags = MAP_PRIVATE | MAP_ANONYMOUS;
	bool own = (protection & PROT_WRITE) != 0 && (flags & private_flags) == private_flags &&
		   (flags & MAP_NORESERVE) == 0;
	void *mapping = real.mmap(address, length, protection, flags, fd, offset);

	if (mapping == MAP_FAILED)
		refused_mapping(call, FUNCTION_MMAP, length, own);
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
	mapping = real.mremap(address, old_length, new_length, flags, target);
	if (mapping == MAP_FAILED)
		refused_mapping(call, FUNCTION_MREMAP, new_length, new_length > old_length);
	else
		leave(call, FUNCTION_MREMAP, new_length > old_length ? new_length : 0, false);
	return mapping;
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
	int result = real.pthread_create == NULL
			     ? ENOSYS
			     : real.pthread_create(ret_thread, attributes, start, data);
	size_t size = result == EAGAIN || result == ENOMEM ? stack_size(attributes) : 0;
	bool memory = size > 0 && cause_find(size).name != CAUSE_UNKNOWN;

	leave(call, FUNCTION_PTHREAD_CREATE, memory ? size : 0, memory);
	return result;
}
