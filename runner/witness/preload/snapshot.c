/* SPDX-License-Identifier: MIT */
#include "witness/preload/snapshot.h"

#include <stdbool.h>
#include <sys/uio.h>

#include "witness/preload/bytes.h"
#include "witness/preload/kernel.h"

#if defined(__x86_64__)

/* Of the list of mappings no more than this is read, in pieces: a program at the limit of its
 * mappings has 65 530 of them. */
#define PIECE 4096
#define PIECES_MAX 256
#define FRAMES_MAX 16

/* Where the linker put this library. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));

/* Our functions have frame pointers, so that our callers can be told for certain. */
static uint64_t find_caller(const uint64_t *frame)
{
	for (int i = 0; i < FRAMES_MAX; i++) {
		uint64_t back = frame[1];

		if (back < (uintptr_t)__ehdr_start || back >= (uintptr_t)etext)
			return back;
		frame = (const uint64_t *)frame[0];
	}
	return 0;
}

/* By the kernel, which stops where the stack ends; beyond it may be what another thread just gives
 * back. */
static uint32_t copy_stack(unsigned char *to, uint64_t from)
{
	struct iovec here = { to, SNAPSHOT_STACK }, there = { (void *)from, SNAPSHOT_STACK };
	long got = kernel_call(
		SYS_process_vm_readv, kernel_pid(), (long)&here, 1, (long)&there, 1, 0);

	return got > 0 ? (uint32_t)got : 0;
}

/* A line of /proc/self/maps: "START-END PERMISSIONS OFFSET DEVICE INODE PATH". */
static bool is_module(const char *line, const char *end)
{
	while (line < end && *line != ' ')
		line++;
	if (end - line < 5 || line[3] != 'x')
		return false;
	while (line < end && *line != '/')
		line++;
	return line < end;
}

/* Moves the lines of size bytes of text that tell of a module to *kept, and returns what is left at
 * the end: the beginning of a line. */
static char *keep_modules(char *text, char *end, char **kept)
{
	char *line = text;

	for (char *at = text; at < end; at++) {
		if (*at != '\n')
			continue;
		if (is_module(line, at))
			while (line <= at)
				*(*kept)++ = *line++;
		line = at + 1;
	}
	return line;
}

/* The text is read behind the lines that are kept already, right into the page: the stack of a
 * thread may have no room for a buffer. */
static void list_modules(struct page_snapshot *snapshot)
{
	char *kept = snapshot->modules, *limit = kept + sizeof(snapshot->modules);
	int fd = kernel_open("/proc/self/maps", O_RDONLY), pieces = 0;
	char *end = kept;
	long got = -1;

	while (fd >= 0 && limit - end >= PIECE && pieces++ < PIECES_MAX &&
		(got = kernel_read(fd, end, PIECE)) > 0) {
		char *rest = keep_modules(kept, end + got, &kept);
		char *stop = end + got;

		for (end = kept; rest < stop;)
			*end++ = *rest++;
	}
	if (fd >= 0)
		kernel_close(fd);
	snapshot->modules_bytes = (uint32_t)(kept - snapshot->modules);
	snapshot->modules_cut = got != 0;
}

__attribute__((noinline)) void snapshot_take(struct page_snapshot *snapshot, uint64_t sequence)
{
	uint64_t *registers = snapshot->registers;

	__atomic_store_n(&snapshot->sequence, 0, __ATOMIC_RELEASE);
	/* rbx, rbp, rsp, r12 to r15, rip: what a call leaves as it was. */
	__asm__ volatile("movq %%rbx, 24(%0)\n\t"
			 "movq %%rbp, 48(%0)\n\t"
			 "movq %%rsp, 56(%0)\n\t"
			 "movq %%r12, 96(%0)\n\t"
			 "movq %%r13, 104(%0)\n\t"
			 "movq %%r14, 112(%0)\n\t"
			 "movq %%r15, 120(%0)\n\t"
			 "leaq 0(%%rip), %%rax\n\t"
			 "movq %%rax, 128(%0)"
			 :
			 : "r"(registers)
			 : "rax", "memory");
	snapshot->caller = find_caller(__builtin_frame_address(0));
	snapshot->stack_bytes = copy_stack(snapshot->stack, registers[SNAPSHOT_REGISTER_STACK]);
	list_modules(snapshot);
	__atomic_store_n(&snapshot->sequence, sequence, __ATOMIC_RELEASE);
}

#else

void snapshot_take(struct page_snapshot *snapshot, uint64_t sequence)
{
	(void)sequence;
	__atomic_store_n(&snapshot->sequence, 0, __ATOMIC_RELEASE);
}

#endif
