/* SPDX-License-Identifier: MIT
 *
 * refused_calls CASE SIZE - asks for SIZE bytes, which must be refused, in the way that CASE names,
 * and exits 0 when everything was as the C standard and the manual say, errno too. Exit 2: the
 * workload could not do its work. Run it under a limit that refuses SIZE.
 */
#include "workload.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define SMALL 1000

/* Sizes that compilers cannot see through. */
static volatile size_t half = SIZE_MAX / 2;
static char mark;

static void expect(bool holds, const char *what)
{
	if (!holds)
		cannot("not as expected: %s (errno %d)", what, errno);
}

static void refused(void *memory)
{
	expect(memory == NULL && errno == ENOMEM, "NULL and ENOMEM");
}

static void by_malloc(size_t size)
{
	refused(malloc(size));
}

static void by_calloc(size_t size)
{
	refused(calloc(size / 8, 8));
}

static void by_realloc(size_t size)
{
	char *memory = checked_malloc(SMALL), *moved;

	memory[SMALL - 1] = 'x';
	errno = 0;
	moved = realloc(memory, size);
	refused(moved);
	if (moved != NULL)
		return;
	expect(memory[SMALL - 1] == 'x', "the old block is kept");
	free(memory);
}

static void by_reallocarray(size_t size)
{
	refused(reallocarray(NULL, size / 8, 8));
}

static void by_posix_memalign(size_t size)
{
	void *memory = &mark;

	errno = EDOM;
	expect(posix_memalign(&memory, 4096, size) == ENOMEM, "the result ENOMEM");
	expect(memory == &mark, "the pointer is kept");
	expect(errno == ENOMEM || errno == EDOM, "errno");
}

static void by_aligned_alloc(size_t size)
{
	refused(aligned_alloc(4096, size));
}

static void by_memalign(size_t size)
{
	refused(memalign(4096, size));
}

static void by_valloc(size_t size)
{
	refused(valloc(size));
}

static void *map_private(size_t size, int flags)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
}

static void by_mmap(size_t size)
{
	expect(map_private(size, MAP_PRIVATE) == MAP_FAILED && errno == ENOMEM, "MAP_FAILED");
}

static void by_mremap(size_t size)
{
	void *memory = map_private(8192, MAP_PRIVATE);

	expect(memory != MAP_FAILED, "a small mapping");
	expect(mremap(memory, 8192, size, MREMAP_MAYMOVE) == MAP_FAILED && errno == ENOMEM,
		"MAP_FAILED");
}

/* Refused mappings that are no refusal of memory: a mistake, and one beyond any address. */
static void by_mistake(size_t size)
{
	(void)size;
	expect(map_private(0, MAP_PRIVATE) == MAP_FAILED && errno == EINVAL, "EINVAL");
	expect(mmap(NULL, half, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) ==
			MAP_FAILED,
		"a refused reservation");
	errno = 0;
	expect(posix_memalign(&(void *){ NULL }, 3, SMALL) == EINVAL, "EINVAL");
}

static void by_impossible(size_t size)
{
	(void)size;
	refused(malloc(half));
	refused(malloc(half + SMALL));
}

static void by_overflow(size_t size)
{
	(void)size;
	refused(calloc(half, 3));
	refused(reallocarray(NULL, half, 3));
}

/* The limit is lowered until SIZE is refused, then raised again: the next attempt is granted. */
static void by_retry(size_t size)
{
	struct rlimit limit, low = { .rlim_cur = size / 2 };

	expect(getrlimit(RLIMIT_DATA, &limit) == 0, "getrlimit");
	low.rlim_max = limit.rlim_max;
	expect(setrlimit(RLIMIT_DATA, &low) == 0, "setrlimit");
	refused(malloc(size));
	refused(malloc(size));
	expect(setrlimit(RLIMIT_DATA, &limit) == 0, "setrlimit");
	free(checked_malloc(size));
}

/* Refused, then something larger is granted. */
static void by_outlived(size_t size)
{
	struct rlimit limit, low = { .rlim_cur = size / 2 };

	expect(getrlimit(RLIMIT_DATA, &limit) == 0, "getrlimit");
	low.rlim_max = limit.rlim_max;
	expect(setrlimit(RLIMIT_DATA, &low) == 0, "setrlimit");
	refused(malloc(size));
	expect(setrlimit(RLIMIT_DATA, &limit) == 0, "setrlimit");
	free(checked_malloc(size + SMALL));
}

static void *ask_often(void *argument)
{
	const size_t *size = argument;

	for (int i = 0; i < 100; i++) {
		refused(malloc(*size));
		free(checked_malloc(SMALL));
	}
	return NULL;
}

/* Four threads, a hundred refusals each. */
static void by_threads(size_t size)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		expect(pthread_create(&threads[i], NULL, ask_often, &size) == 0, "pthread_create");
	for (int i = 0; i < 4; i++)
		expect(pthread_join(threads[i], NULL) == 0, "pthread_join");
}

/* The parent is refused once, each of ten children once more. */
static void by_children(size_t size)
{
	refused(malloc(size));
	for (int i = 0; i < 10; i++) {
		int child = checked_fork();

		if (child == 0) {
			refused(malloc(size));
			free(checked_malloc(SMALL));
			_exit(0);
		}
		expect(wait_for(child) == 0, "the child's end");
	}
}

static void by_unchecked(size_t size)
{
	volatile char *memory = malloc(size);

	memory[0] = 1;
}

/* Files that are open after a refusal: the same as before. */
static void by_files(size_t size)
{
	int before = dup(0), after;

	expect(before >= 0 && close(before) == 0, "dup");
	refused(malloc(size));
	after = dup(0);
	expect(after == before, "no descriptor stays open");
}

static const struct {
	const char *name;
	void (*ask)(size_t size);
} cases[] = {
	{ "malloc", by_malloc },
	{ "calloc", by_calloc },
	{ "realloc", by_realloc },
	{ "reallocarray", by_reallocarray },
	{ "posix_memalign", by_posix_memalign },
	{ "aligned_alloc", by_aligned_alloc },
	{ "memalign", by_memalign },
	{ "valloc", by_valloc },
	{ "mmap", by_mmap },
	{ "mremap", by_mremap },
	{ "mistake", by_mistake },
	{ "impossible", by_impossible },
	{ "overflow", by_overflow },
	{ "retry", by_retry },
	{ "outlived", by_outlived },
	{ "threads", by_threads },
	{ "children", by_children },
	{ "unchecked", by_unchecked },
	{ "files", by_files },
};

int main(int argc, char **argv)
{
	if (argc != 3)
		usage("refused_calls CASE SIZE");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (strcmp(argv[1], cases[i].name) == 0) {
			size_t size = size_of(argv[2]);

			errno = 0;
			cases[i].ask(size);
			return 0;
		}
	cannot("no case %s", argv[1]);
}
