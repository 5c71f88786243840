/* SPDX-License-Identifier: MIT
 *
 * interpose.h - what every function that the dynamic loader puts before the C library's has in
 * common: it calls the real one, leaves its result and errno as they are, and tells of refusals.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_INTERPOSE_H
#define MEMCAGE_WITNESS_PRELOAD_INTERPOSE_H

#include "witness/preload/inject.h"
#include "witness/preload/record.h"
#include "witness/preload/resolve.h"
#include "witness/preload/second_look.h"

#define EXPORTED __attribute__((visibility("default")))

/* One call, from entering to leaving. The mark of a call that was left by longjmp() stays behind;
 * it stands on a part of the stack that is no longer in use, and the next call from further up
 * takes it away. */
struct call {
	const char *outer;
	bool nested;
	bool counts;    /* for --fail-alloc */
	uint32_t looks; /* second ones */
};

static inline struct call enter(const char *frame)
{
	struct call call = { record_thread.inside, false, false, 0 };

	if (__builtin_expect(!real.plain, false)) {
		if (!real.ready)
			resolve_real_functions();
		call.counts = inject_is_on();
	}
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

/* Whether the call is refused on purpose; then it is over, with errno set. Where nobody does that
 * it costs one comparison, with what enter() has in a register. */
static inline bool refused_on_purpose(
	const struct call *call, enum page_function function, size_t size)
{
	if (__builtin_expect(!call->counts, true) || call->nested || !inject(function, size))
		return false;
	record_thread.inside = NULL;
	return true;
}

/* What came back refused may be granted after all: then it is to be asked again. */
static inline bool ask_again(struct call *call, size_t size)
{
	return second_look(size, &call->looks);
}

/* Where the stack is now. Not the frame's address: a function that asks for that keeps a register
 * for it, and malloc() is called often. */
static inline const char *stack_here(void)
{
	const char *here;

#if defined(__x86_64__)
	__asm__("mov %%rsp, %0" : "=r"(here));
#else
	__asm__("mov %0, sp" : "=r"(here));
#endif
	return here;
}

#define ENTER() enter(stack_here())

#endif
