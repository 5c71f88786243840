/* SPDX-License-Identifier: MIT
 *
 * resolve.h - finds the functions behind the interposed ones, by reading the loaded objects' own
 * symbol tables. dlsym() would do the same, but may allocate, take locks, and is missing from
 * programs of older C libraries that do not link libdl.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_RESOLVE_H
#define MEMCAGE_WITNESS_PRELOAD_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>

/* The next ones in the loader's order. NULL where the program's C library has none. */
struct real_functions {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*reallocarray)(void *, size_t, size_t);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	void *(*memalign)(size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	void *(*mmap)(void *, size_t, int, int, int, long);
	void *(*mremap)(void *, size_t, size_t, int, void *);
	int (*mprotect)(void *, size_t, int);
	int (*brk)(void *);
	void *(*sbrk)(long); /* intptr_t */
	long (*syscall)(long, long, long, long, long, long, long);
	int (*prctl)(int, long, long, long, long);
	int (*pthread_create)(void *, const void *, void *(*)(void *), void *);
	int (*pthread_attr_getstacksize)(const void *, size_t *);

	int (*execve)(const char *, char *const *, char *const *);
	int (*execv)(const char *, char *const *);
	int (*execvp)(const char *, char *const *);
	int (*execvpe)(const char *, char *const *, char *const *);
	int (*fexecve)(int, char *const *, char *const *);
	int (*execveat)(int, const char *, char *const *, char *const *, int);
	int (*posix_spawn)(
		int *, const char *, const void *, const void *, char *const *, char *const *);
	int (*posix_spawnp)(
		int *, const char *, const void *, const void *, char *const *, char *const *);
	int (*system)(const char *);
	void *(*popen)(const char *, const char *);

	/* CPython's, where the process is one. */
	void (*python_dump_traceback)(int, void *);
	int (*python_holds_gil)(void);
	void *(*python_current_thread)(void); /* who runs */
	void *(*python_own_thread)(void);     /* who we are */
	const char *(*python_version)(void);
	void *(*python_frame)(void); /* borrowed */
	int (*python_frame_line)(void *frame);
	int (*python_interpreter_frame_line)(void *frame);
	const void *python_runtime; /* the variable */

	const char *library; /* ours: the path by which the loader found it */
	bool ready;
	bool plain;         /* and nobody refuses on purpose: the usual case, in one look */
	bool own_allocator; /* the program brought a malloc that stands before ours */
};

extern struct real_functions real;

/* Fills real. Allocates nothing; may be called again, and by several threads at once. */
void resolve_real_functions(void);

#endif
