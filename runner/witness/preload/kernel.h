/* SPDX-License-Identifier: MIT
 *
 * kernel.h - system calls without a C library: they touch no errno, take no lock, allocate nothing.
 * Results are the kernel's: negative errno on failure.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_KERNEL_H
#define MEMCAGE_WITNESS_PRELOAD_KERNEL_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#if defined(__x86_64__)
static inline long kernel_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long kernel_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
#else
#error "no system calls for this machine yet"
#endif

static inline int kernel_open(const char *path, int flags)
{
	return (int)kernel_call(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC, 0, 0, 0);
}

static inline long kernel_read(int fd, void *buffer, size_t size)
{
	return kernel_call(SYS_read, fd, (long)buffer, (long)size, 0, 0, 0);
}

static inline void kernel_close(int fd)
{
	(void)kernel_call(SYS_close, fd, 0, 0, 0, 0, 0);
}

static inline void *kernel_map_shared(int fd, size_t size)
{
	long result = kernel_call(
		SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return result < 0 && result > -4096 ? NULL : (void *)result;
}

static inline int kernel_pid(void)
{
	return (int)kernel_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

static inline int kernel_pipe(int ends[2])
{
	return (int)kernel_call(SYS_pipe2, (long)ends, O_CLOEXEC | O_NONBLOCK, 0, 0, 0, 0);
}

struct kernel_limits {
	uint64_t soft, hard;
};

static inline bool kernel_limits(int resource, struct kernel_limits *ret_limits)
{
	return kernel_call(SYS_prlimit64, 0, resource, 0, (long)ret_limits, 0, 0) >= 0;
}

/* The calling process's own. */
static inline bool kernel_set_limits(int resource, const struct kernel_limits *limits)
{
	return kernel_call(SYS_prlimit64, 0, resource, (long)limits, 0, 0, 0) >= 0;
}

/* The soft limit; UINT64_MAX where there is none or it cannot be read. */
static inline uint64_t kernel_limit(int resource)
{
	struct kernel_limits limits;

	return kernel_limits(resource, &limits) ? limits.soft : UINT64_MAX;
}

static inline uint64_t kernel_boottime_us(void)
{
	struct timespec now = { 0 };

	(void)kernel_call(SYS_clock_gettime, CLOCK_BOOTTIME, (long)&now, 0, 0, 0, 0);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

#endif
