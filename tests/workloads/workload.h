/* SPDX-License-Identifier: MIT
 *
 * workload.h - what the small programs that live tests run have in common. Each of them does one
 * thing to memory, processes or streams; every call is checked, so that a test which sees exit 2
 * knows that the workload itself could not do its work.
 */
#ifndef MEMCAGE_TESTS_WORKLOAD_H
#define MEMCAGE_TESTS_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Says why on standard error and exits 2: the workload could not do its work. */
_Noreturn void cannot(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The arguments are wrong: prints the usage and exits 2. */
_Noreturn void usage(const char *text);

/* An argument as a size ("64M") or a number; exits 2 where it is none. */
size_t size_of(const char *argument);
int number_of(const char *argument);

/* malloc() that exits 1 with the C library's words where it is refused, as careful programs do. */
void *checked_malloc(size_t size);

/* Writes one byte into every page. */
void touch(void *memory, size_t size);

/* Maps size bytes of private memory and touches them all; exits 1 where the mapping is refused. */
void *hog(size_t size);

/* Forks; exits 2 where that is refused. */
int checked_fork(void);

/* Waits for pid; its status as waitpid(2) tells it. */
int wait_for(int pid);

#endif
