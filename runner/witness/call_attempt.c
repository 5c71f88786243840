/* SPDX-License-Identifier: MIT */
#include "witness/call_attempt.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>

#define ARENA_BYTES (UINT64_C(64) << 20) /* of glibc's further arenas; it tries for two at once */

static struct call_attempt attempt_of(enum call_outcome outcome, uint64_t size)
{
	return (struct call_attempt){ .outcome = outcome, .size = size };
}

static bool is_refused(int64_t result)
{
	return result == -ENOMEM;
}

static bool is_error(int64_t result)
{
	return result < 0 && result >= -4095;
}

static struct call_attempt attempt_mmap(const struct memory_call *call, int64_t result)
{
	uint64_t size = call->arguments[1], protection = call->arguments[2],
		 flags = call->arguments[3];
	bool arena = (flags & MAP_NORESERVE) != 0 &&
		     (size == ARENA_BYTES || size == 2 * ARENA_BYTES);

	if (is_refused(result))
		return attempt_of(
			protection == PROT_NONE || arena ? OUTCOME_SOFT : OUTCOME_REFUSED, size);
	if (is_error(result) || (protection & PROT_WRITE) == 0)
		return attempt_of(OUTCOME_NEITHER, size);
	return attempt_of(OUTCOME_GRANTED, size);
}

static struct call_attempt attempt_mremap(const struct memory_call *call, int64_t result)
{
	uint64_t size = call->arguments[2];

	if (is_refused(result))
		return attempt_of(OUTCOME_REFUSED, size);
	return attempt_of(is_error(result) ? OUTCOME_NEITHER : OUTCOME_GRANTED, size);
}

static struct call_attempt attempt_mprotect(const struct memory_call *call, int64_t result)
{
	uint64_t size = call->arguments[1];

	if ((call->arguments[2] & PROT_WRITE) == 0 || (is_error(result) && !is_refused(result)))
		return attempt_of(OUTCOME_NEITHER, size);
	return attempt_of(is_refused(result) ? OUTCOME_REFUSED : OUTCOME_GRANTED, size);
}

/* It never fails: it returns the end of the heap as it is then. */
static struct call_attempt attempt_brk(
	const struct memory_call *call, int64_t result, uint64_t *heap_end)
{
	uint64_t wanted = call->arguments[0], end = (uint64_t)result, before = *heap_end;

	*heap_end = end;
	if (wanted > end && end != 0)
		return attempt_of(OUTCOME_REFUSED, wanted - end);
	if (wanted == end && before != 0 && end > before)
		return attempt_of(OUTCOME_GRANTED, end - before);
	return attempt_of(OUTCOME_NEITHER, 0);
}

static struct call_attempt attempt_by(
	const struct memory_call *call, int64_t result, uint64_t *heap_end)
{
	switch (call->function) {
	case CALL_MMAP:
		return attempt_mmap(call, result);
	case CALL_MREMAP:
		return attempt_mremap(call, result);
	case CALL_MPROTECT:
		return attempt_mprotect(call, result);
	case CALL_BRK:
		return attempt_brk(call, result, heap_end);
	case CALL_MMAP_FIXED:
		break;
	}
	return attempt_of(OUTCOME_NEITHER, 0);
}

struct call_attempt call_attempt_of(
	const struct memory_call *call, int64_t result, uint64_t *heap_end)
{
	struct call_attempt attempt = attempt_by(call, result, heap_end);

	attempt.way = call->function == CALL_MMAP && (call->arguments[3] & MAP_FIXED) != 0
			      ? CALL_MMAP_FIXED
			      : call->function;
	return attempt;
}

const char *memory_function_name(enum memory_function function)
{
	static const char *const names[] = { "", "mmap", "mremap", "mprotect", "brk" };

	return (unsigned)function < sizeof(names) / sizeof(*names) ? names[function] : "";
}
