/* SPDX-License-Identifier: MIT
 *
 * memory.c - memory of a process's own, in as many kinds as there are: each until ENOUGH is held at
 * one time.
 */
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attacks.h"

#define PAGE ((size_t)4096)
#define STEP (4 * MIB)

static void touch(char *memory, size_t size)
{
	for (size_t at = 0; at < size; at += PAGE)
		memory[at] = (char)(at >> 12 | 1);
}

static int enough(const char *of)
{
	return worked("%zu MiB of %s", ENOUGH / MIB, of);
}

static int map_and_touch(int flags, const char *of)
{
	for (size_t held_bytes = 0; held_bytes < ENOUGH; held_bytes += STEP) {
		char *memory = mmap(NULL, STEP, PROT_READ | PROT_WRITE, flags, -1, 0);

		if (memory == MAP_FAILED)
			return tried(-1, "mmap");
		touch(memory, STEP);
	}
	return enough(of);
}

int memory_anonymous(const char *argument)
{
	(void)argument;
	return map_and_touch(MAP_PRIVATE | MAP_ANONYMOUS, "private mappings");
}

int memory_shared(const char *argument)
{
	(void)argument;
	return map_and_touch(MAP_SHARED | MAP_ANONYMOUS, "shared mappings");
}

int memory_populated(const char *argument)
{
	(void)argument;
	if (mmap(NULL, ENOUGH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		    -1, 0) == MAP_FAILED)
		return tried(-1, "mmap with MAP_POPULATE");
	/* The kernel may give up half way and say nothing. */
	return map_and_touch(MAP_PRIVATE | MAP_ANONYMOUS, "populated mappings and as much besides");
}

int memory_huge(const char *argument)
{
	const size_t huge = 2 * MIB;
	char *memory = mmap(NULL, ENOUGH + huge, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)argument;
	if (memory == MAP_FAILED)
		return tried(-1, "mmap");
	(void)madvise(memory, ENOUGH + huge, MADV_HUGEPAGE);
	memory = (char *)(((uintptr_t)memory + huge - 1) & ~(huge - 1));
	for (size_t at = 0; at < ENOUGH; at += huge)
		touch(memory + at, huge);
	return enough("transparent huge pages");
}

/* Pages that are given away to swap, if there is any. */
int memory_cold(const char *argument)
{
	(void)argument;
	for (size_t held_bytes = 0; held_bytes < 4 * CAGE_MEMORY; held_bytes += STEP) {
		char *memory = mmap(
			NULL, STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED)
			return tried(-1, "mmap");
		touch(memory, STEP);
		(void)madvise(memory, STEP, MADV_PAGEOUT);
	}
	return worked("four times the limit, in cold pages");
}

int memory_brk(const char *argument)
{
	(void)argument;
	for (size_t held_bytes = 0; held_bytes < ENOUGH; held_bytes += STEP) {
		char *memory = sbrk((intptr_t)STEP);

		if (memory == (void *)-1)
			return tried(-1, "sbrk");
		touch(memory, STEP);
	}
	return enough("heap by brk");
}

int memory_remap(const char *argument)
{
	size_t size = STEP;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)argument;
	while (memory != MAP_FAILED && size < ENOUGH) {
		memory = mremap(memory, size, 2 * size, MREMAP_MAYMOVE);
		if (memory == MAP_FAILED)
			break;
		size *= 2;
		touch(memory, size);
	}
	return memory == MAP_FAILED ? tried(-1, "mremap") : enough("a mapping that grew");
}

int memory_locked(const char *argument)
{
	char *memory = mmap(
		NULL, ENOUGH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)argument;
	if (memory == MAP_FAILED)
		return tried(-1, "mmap");
	return mlock(memory, ENOUGH) == 0 ? enough("locked pages") : tried(-1, "mlock");
}

/* ---- stacks ---- */

static void deeper(size_t left)
{
	volatile char frame[64 * 1024];

	for (size_t at = 0; at < sizeof(frame); at += PAGE)
		frame[at] = (char)left;
	if (left > sizeof(frame))
		deeper(left - sizeof(frame));
	frame[1] = frame[0];
}

static void *on_stack(void *unused)
{
	deeper(ENOUGH);
	return unused;
}

int memory_stack(const char *argument)
{
	pthread_attr_t attributes;
	pthread_t thread;

	(void)argument;
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, ENOUGH + 8 * MIB);
	errno = pthread_create(&thread, &attributes, on_stack, NULL);
	if (errno != 0)
		return tried(-1, "a thread with a large stack");
	(void)pthread_join(thread, NULL);
	return enough("stack");
}

static void *small_stack(void *started)
{
	char frame[6 * MIB];

	memset(frame, 1, sizeof(frame));
	__asm__ volatile("" : : "r"(frame) : "memory");
	(void)pthread_barrier_wait(started);
	return NULL;
}

int memory_threads(const char *argument)
{
	enum { THREADS = 11 };
	pthread_barrier_t everybody;
	pthread_attr_t attributes;

	(void)argument;
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, 7 * MIB);
	(void)pthread_barrier_init(&everybody, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++) {
		pthread_t thread;

		errno = pthread_create(&thread, &attributes, small_stack, &everybody);
		if (errno != 0)
			return tried(-1, "pthread_create");
	}
	(void)pthread_barrier_wait(&everybody);
	return enough("stacks of threads");
}

/* ---- several processes ---- */

/* Each holds little. All that are there at the end are counted, not all that were started. */
int memory_children(const char *argument)
{
	enum { CHILDREN = 20 };
	pid_t children[CHILDREN];
	int alive = 0, ends[2];

	(void)argument;
	if (pipe(ends) < 0)
		return tried(-1, "pipe");
	for (int i = 0; i < CHILDREN; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			touch(mmap(NULL, ENOUGH / CHILDREN, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
				ENOUGH / CHILDREN);
			(void)!write(ends[1], "", 1);
			(void)pause();
			_exit(0);
		}
	}
	(void)close(ends[1]);
	for (char byte; alive < CHILDREN && read(ends[0], &byte, 1) == 1;)
		alive++;
	for (int i = 0; i < CHILDREN; i++)
		if (children[i] > 0 && waitpid(children[i], NULL, WNOHANG) != 0)
			alive--;
	for (int i = 0; i < CHILDREN; i++)
		if (children[i] > 0)
			(void)!kill(children[i], SIGKILL);
	return alive >= CHILDREN ? enough("memory of many small processes")
				 : held("only %d of %d children lived", alive, CHILDREN);
}

/* ---- before the first instruction ---- */

/* A whole program: it reads one byte of each page of a segment that is all zero, and says so. Its
 * memory is had while it is loaded, as far as the kernel goes, and then at once. */
static const unsigned char code[] = {
	0xbf, 0x00, 0x00, 0x40, 0x10,                                   /* mov $0x10400000, %edi */
	0xb9, (ENOUGH / PAGE) & 0xff, (ENOUGH / PAGE) >> 8, 0x00, 0x00, /* mov pages, %ecx */
	0xc6, 0x07, 0x01,                                               /* 1: movb $1, (%rdi) */
	0x48, 0x81, 0xc7, 0x00, 0x10, 0x00, 0x00,                       /* add $4096, %rdi */
	0xff, 0xc9, 0x75, 0xf2,                                         /* dec %ecx; jnz 1b */
	0xb8, 0x3c, 0x00, 0x00, 0x00,                                   /* mov $SYS_exit, %eax */
	0xbf, WORKED, 0x00, 0x00, 0x00,                                 /* mov $WORKED, %edi */
	0x0f, 0x05,                                                     /* syscall */
};

int memory_at_start(const char *argument)
{
#ifdef __x86_64__
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segments[2];
		unsigned char code[sizeof(code)];
	} file = {
		.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
				    ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_entry = 0x10000000 + offsetof(__typeof__(file), code),
			.e_phoff = sizeof(Elf64_Ehdr),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 2 },
		.segments = { { .p_type = PT_LOAD,
				      .p_flags = PF_R | PF_X,
				      .p_vaddr = 0x10000000,
				      .p_paddr = 0x10000000,
				      .p_filesz = sizeof(file),
				      .p_memsz = sizeof(file),
				      .p_align = PAGE },
			{ .p_type = PT_LOAD,
				.p_flags = PF_R | PF_W,
				.p_vaddr = 0x10400000,
				.p_paddr = 0x10400000,
				.p_memsz = ENOUGH,
				.p_align = PAGE } },
	};
	int fd = memfd_create("program", 0);

	(void)argument;
	memcpy(file.code, code, sizeof(code));
	if (fd < 0 || write(fd, &file, sizeof(file)) != (ssize_t)sizeof(file))
		return tried(-1, "memfd_create");
	(void)fexecve(fd, (char *const[]){ (char *)"program", NULL }, (char *const[]){ NULL });
	return tried(-1, "execve");
#else
	(void)argument;
	return not_here("the program is for x86-64");
#endif
}
