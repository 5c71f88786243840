/* SPDX-License-Identifier: MIT
 *
 * interpose_syscall.c - syscall(3), by which some runtimes map memory. Each other number goes on to
 * the C library as it came, by a jump: nothing of ours may lie on the stack then, since a clone()
 * returns on another one, and a vfork() twice. So this is not declared with "...", whose arguments
 * cannot be passed on; a caller that gives all six has the same convention.
 */
#include <errno.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "witness/preload/confine.h"
#include "witness/preload/interpose_mappings.h"
#include "witness/preload/kernel.h"

/* clang jumps where it is told to, gcc at -O2 wherever it can; a live test makes a clone() here. */
#if __has_attribute(musttail)
#define JUMP __attribute__((musttail))
#else
#define JUMP
#endif

long syscall(long number, long a, long b, long c, long d, long e, long f);

static long end(struct call call, enum page_function function, long result, size_t size, bool own)
{
	if (result == -1)
		mapping_refused(call, function, size, own);
	else
		leave(call, function, own ? size : 0, false);
	return result;
}

/* The kernel's brk never fails: it returns the end of the heap as it is then. */
static long end_brk(struct call call, long before, long wanted, long result)
{
	size_t size = wanted > before ? (size_t)(wanted - before) : 0;

	if (result < wanted)
		heap_refused(call, FUNCTION_BRK, size);
	else
		leave(call, FUNCTION_BRK, size, false);
	return result;
}

/* What of it --at-limit fail may have refused; 0 for nothing. */
static size_t size_refused(long number, long result, const long *arguments, long before)
{
	switch (number) {
	case SYS_brk:
		return result < arguments[0] && arguments[0] > before
			       ? (size_t)(arguments[0] - before)
			       : 0;
	case SYS_mremap:
		return result == -1 && errno == ENOMEM && arguments[2] > arguments[1]
			       ? (size_t)(arguments[2] - arguments[1])
			       : 0;
	default: /* mmap and mprotect have length and access at the same place */
		return result == -1 && errno == ENOMEM && (arguments[2] & PROT_WRITE) != 0
			       ? (size_t)arguments[1]
			       : 0;
	}
}

static enum page_function function_of(long number)
{
	return number == SYS_mmap     ? FUNCTION_MMAP
	       : number == SYS_mremap ? FUNCTION_MREMAP
				      : FUNCTION_BRK;
}

/* What of it is a request that counts; 0 for nothing. */
static size_t size_asked(long number, const long *arguments, long before)
{
	size_t size = 0;

	if (number == SYS_brk && arguments[0] > before)
		size = (size_t)(arguments[0] - before);
	else if (number == SYS_mremap && arguments[2] > arguments[1])
		size = (size_t)arguments[2];
	else if (number == SYS_mmap && mapping_is_own((int)arguments[2], (int)arguments[3]))
		size = (size_t)arguments[1];
	return mapping_is_hard(size, true) ? size : 0;
}

__attribute__((noinline)) static long ask_for_memory(
	long number, long a, long b, long c, long d, long e, long f)
{
	struct call call = ENTER();
	long before = number == SYS_brk ? kernel_call(SYS_brk, 0, 0, 0, 0, 0, 0) : 0;
	long result;

	if (call.counts && refused_on_purpose(&call, function_of(number),
				   size_asked(number, (const long[]){ a, b, c, d }, before)))
		return number == SYS_brk ? before : -1;
	do
		result = real.syscall(number, a, b, c, d, e, f);
	while (ask_again(&call, size_refused(number, result, (const long[]){ a, b, c }, before)));
	switch (number) {
	case SYS_mmap:
		return end(call, FUNCTION_MMAP, result, (size_t)b, mapping_is_own((int)c, (int)d));
	case SYS_mremap:
		return end(call, FUNCTION_MREMAP, result, (size_t)c, c > b);
	case SYS_mprotect:
		return end(call, FUNCTION_MPROTECT, result, (size_t)b,
			((int)c & PROT_WRITE) != 0 && mapping_exists((const void *)a, (size_t)b));
	default:
		return end_brk(call, before, a, result);
	}
}

/* Called before the loader got to us. Apart, so that syscall() itself needs no room on the stack.
 */
__attribute__((noinline, cold)) static long first_call(
	long number, long a, long b, long c, long d, long e, long f)
{
	resolve_real_functions();
	JUMP return real.syscall(number, a, b, c, d, e, f);
}

EXPORTED long syscall(long number, long a, long b, long c, long d, long e, long f)
{
	if (__builtin_expect(!real.ready, false))
		JUMP return first_call(number, a, b, c, d, e, f);
	switch (number) {
	case SYS_mmap:
	case SYS_mremap:
	case SYS_mprotect:
	case SYS_brk:
		JUMP return ask_for_memory(number, a, b, c, d, e, f);
	case SYS_seccomp:
		if (a == SECCOMP_SET_MODE_FILTER)
			confine_by((const struct sock_fprog *)c);
		JUMP return real.syscall(number, a, b, c, d, e, f);
	case SYS_prctl:
		if (a == PR_SET_SECCOMP && b == SECCOMP_MODE_FILTER)
			confine_by((const struct sock_fprog *)c);
		JUMP return real.syscall(number, a, b, c, d, e, f);
	default:
		JUMP return real.syscall(number, a, b, c, d, e, f);
	}
}
