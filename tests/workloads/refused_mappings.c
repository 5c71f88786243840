/* SPDX-License-Identifier: MIT
 *
 * refused_mappings CASE SIZE - asks the kernel for SIZE bytes in the way that CASE names, without
 * the malloc family, and exits 1 where they are refused as the manual says. Exit 0: nothing was
 * refused that counts; 2: something was not as it should be.
 */
#include "workload.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_WRITE (PROT_READ | PROT_WRITE)
#define SMALL 8192

static void expect(bool holds, const char *what)
{
	if (!holds)
		cannot("not as expected: %s (errno %d)", what, errno);
}

/* The end of a case: the result of the refused call is what it should be, and errno is error. */
static int refused(bool failed, int error)
{
	expect(failed, "a refusal");
	expect(errno == error, strerror(error));
	return 1;
}

static void *map(size_t size, int protection, int flags)
{
	return mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static void *reserve(size_t size)
{
	void *memory = map(size, PROT_NONE, MAP_NORESERVE);

	expect(memory != MAP_FAILED, "a reservation");
	return memory;
}

static int by_mmap(size_t size)
{
	return refused(map(size, READ_WRITE, 0) == MAP_FAILED, ENOMEM);
}

static int by_mprotect(size_t size)
{
	return refused(mprotect(reserve(size), size, READ_WRITE) == -1, ENOMEM);
}

static int by_brk(size_t size)
{
	char *end = sbrk(0);

	expect(brk(end + SMALL) == 0, "a small heap");
	return refused(brk(end + size) == -1, ENOMEM);
}

static int by_sbrk(size_t size)
{
	expect(sbrk(SMALL) != (void *)-1, "a small heap");
	return refused(sbrk((intptr_t)size) == (void *)-1, ENOMEM);
}

static int by_syscall_mmap(size_t size)
{
	return refused(
		syscall(SYS_mmap, NULL, size, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == -1,
		ENOMEM);
}

static int by_syscall_mremap(size_t size)
{
	void *memory = map(SMALL, READ_WRITE, 0);

	return refused(
		syscall(SYS_mremap, memory, SMALL, size, MREMAP_MAYMOVE, NULL) == -1, ENOMEM);
}

static int by_syscall_mprotect(size_t size)
{
	return refused(syscall(SYS_mprotect, reserve(size), size, READ_WRITE) == -1, ENOMEM);
}

/* The kernel's own: it says where the heap ends. */
static int by_syscall_brk(size_t size)
{
	long end = syscall(SYS_brk, 0);

	expect(syscall(SYS_brk, end + (long)size) == end, "the old end of the heap");
	return 1;
}

/* Refused for other reasons than memory: ENOMEM for a hole, EINVAL for an odd address. */
static int by_mistake(size_t size)
{
	char *memory = map(3 * SMALL, PROT_NONE, 0);

	(void)size;
	expect(munmap(memory + SMALL, SMALL) == 0, "a hole");
	expect(mprotect(memory, 3 * SMALL, READ_WRITE) == -1 && errno == ENOMEM, "ENOMEM");
	expect(mprotect(memory + 1, SMALL, READ_WRITE) == -1 && errno == EINVAL, "EINVAL");
	expect(mprotect(memory, SMALL, READ_WRITE) == 0, "mprotect");
	return 0;
}

static int other_stack_pid;

/* Where a new process on a stack of its own goes on: syscall() returns to here. */
__attribute__((noreturn)) static void on_other_stack(void)
{
	(void)syscall(SYS_exit, 7);
	__builtin_unreachable();
}

/* syscall(3) for everything else: results, errno, six arguments, and no frame of anybody's. */
static int by_syscall_others(size_t size)
{
	static void *stack[4096] __attribute__((aligned(16)));
	char first[4] = "", second[4] = "";
	struct iovec parts[] = { { first, 3 }, { second, 3 } };
	int fd = memfd_create("memcage", MFD_CLOEXEC), status;

	(void)size;
	expect(fd >= 0 && write(fd, "-abcdef", 7) == 7, "a file");
	expect(syscall(SYS_preadv2, fd, parts, 2, 1L, 0L, 0) == 6, "six bytes");
	expect(strcmp(first, "abc") == 0 && strcmp(second, "def") == 0, "abcdef");
	expect(syscall(SYS_preadv2, fd, parts, 2, 1L, 0L, 0x40000000) == -1 && errno == EOPNOTSUPP,
		"the sixth argument");
	expect(syscall(-1) == -1 && errno == ENOSYS, "ENOSYS");
	expect(syscall(SYS_getpid) == getpid(), "our own pid");
	/* aligned as by a call: the address that it returns to lies below a multiple of 16 */
	stack[4095 - 2] = (void *)(uintptr_t)on_other_stack;
	other_stack_pid = (int)syscall(
		SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, &stack[4095 - 2], NULL, NULL, NULL);
	expect(other_stack_pid > 0, "a process on a stack of its own");
	status = wait_for(other_stack_pid);
	expect(WIFEXITED(status) && WEXITSTATUS(status) == 7, "its exit status");
	return 0;
}

/* From here on a seccomp filter answers each call of this number with this error, if its argument
 * of that index is at least 64 MiB. */
static void filter(int number, unsigned int argument, int error)
{
	const unsigned int offset = (unsigned int)offsetof(struct seccomp_data, args) +
				    8 * argument;
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 64U << 20, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog all = { sizeof(program) / sizeof(*program), program };

	expect(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
	expect(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &all) == 0, "a filter");
}

static int by_filter_mmap(size_t size)
{
	filter(SYS_mmap, 1, ENOMEM);
	return refused(map(size, READ_WRITE, 0) == MAP_FAILED, ENOMEM);
}

static int by_filter_eperm(size_t size)
{
	filter(SYS_mmap, 1, EPERM);
	return refused(map(size, READ_WRITE, 0) == MAP_FAILED, EPERM);
}

static int by_filter_mremap(size_t size)
{
	void *memory = map(SMALL, READ_WRITE, 0);

	filter(SYS_mremap, 2, ENOMEM);
	return refused(mremap(memory, SMALL, size, MREMAP_MAYMOVE) == MAP_FAILED, ENOMEM);
}

static int by_filter_mprotect(size_t size)
{
	void *memory = reserve(size);

	filter(SYS_mprotect, 1, EACCES);
	return refused(mprotect(memory, size, READ_WRITE) == -1, EACCES);
}

/* A filter that has nothing to do with it: the limit is named, and a mistake stays one. */
static int by_filter_other(size_t size)
{
	filter(SYS_mremap, 2, ENOMEM);
	expect(map(0, READ_WRITE, 0) == MAP_FAILED && errno == EINVAL, "EINVAL");
	return refused(map(size, READ_WRITE, 0) == MAP_FAILED, ENOMEM);
}

/* One page after the other, each unlike its neighbour, until there are too many. */
static int by_count(size_t size)
{
	(void)size;
	for (int i = 0; i < 10000000; i++)
		if (map(4096, i % 2 == 0 ? READ_WRITE : PROT_READ, 0) == MAP_FAILED && i % 2 == 0)
			return refused(true, ENOMEM);
	return 0;
}

static const struct {
	const char *name;
	int (*ask)(size_t size);
} cases[] = {
	{ "mmap", by_mmap },
	{ "mprotect", by_mprotect },
	{ "brk", by_brk },
	{ "sbrk", by_sbrk },
	{ "syscall_mmap", by_syscall_mmap },
	{ "syscall_mremap", by_syscall_mremap },
	{ "syscall_mprotect", by_syscall_mprotect },
	{ "syscall_brk", by_syscall_brk },
	{ "mistake", by_mistake },
	{ "syscall_others", by_syscall_others },
	{ "filter_mmap", by_filter_mmap },
	{ "filter_eperm", by_filter_eperm },
	{ "filter_mremap", by_filter_mremap },
	{ "filter_mprotect", by_filter_mprotect },
	{ "filter_other", by_filter_other },
	{ "count", by_count },
};

int main(int argc, char **argv)
{
	if (argc != 3)
		usage("refused_mappings CASE SIZE");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (strcmp(argv[1], cases[i].name) == 0) {
			size_t size = size_of(argv[2]);

			errno = 0;
			return cases[i].ask(size);
		}
	cannot("no case %s", argv[1]);
}
