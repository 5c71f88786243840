/* SPDX-License-Identifier: MIT
 *
 * page.h - the file through which the witness inside the programs talks to memcage outside: a few
 * pages that every watched process of a run maps shared.
 *
 * Both sides see the same layout. Nothing in it is a pointer, a lock, or trusted: a program can
 * write what it likes here, or cut the file; memcage only ever reads it with pread() and checks
 * every number. Counters are changed with __atomic operations; a record belongs to the thread that
 * moved its state from free (or, among the recent ones, from anything but busy) to busy.
 */
#ifndef MEMCAGE_WITNESS_PRELOAD_PAGE_H
#define MEMCAGE_WITNESS_PRELOAD_PAGE_H

#include <stdint.h>

#include "witness/injection.h"
#include "witness/refusals.h"
#include "witness/room.h"

#define PAGE_ENVIRONMENT "MEMCAGE_WITNESS" /* the file's path */
#define PAGE_MAGIC UINT64_C(0x3165676163656d6d)

/* The first refusals are kept for good, of the later ones the last few. */
#define PAGE_FIRST 32
#define PAGE_RECENT 32
#define PAGE_RECORDS (PAGE_FIRST + PAGE_RECENT)
#define PAGE_PROCESSES 64

/* The first of the records have a snapshot each. */
#define PAGE_SNAPSHOTS 8
#define SNAPSHOT_STACK 16384
#define SNAPSHOT_MODULES 12288
#define SNAPSHOT_REGISTERS 17 /* of x86-64, by their DWARF numbers */
#define SNAPSHOT_REGISTER_STACK 7

enum page_function {
	FUNCTION_MALLOC,
	FUNCTION_CALLOC,
	FUNCTION_REALLOC,
	FUNCTION_REALLOCARRAY,
	FUNCTION_POSIX_MEMALIGN,
	FUNCTION_ALIGNED_ALLOC,
	FUNCTION_MEMALIGN,
	FUNCTION_VALLOC,
	FUNCTION_PVALLOC,
	FUNCTION_MMAP,
	FUNCTION_MREMAP,
	FUNCTION_PTHREAD_CREATE,
	FUNCTION_MPROTECT,
	FUNCTION_BRK,
	FUNCTION_SBRK,
	FUNCTION_COUNT
};

enum page_state { RECORD_FREE, RECORD_BUSY, RECORD_HARD };

/* One refusal that nobody has retried with success so far. */
struct page_record {
	uint32_t state;    /* enum page_state */
	uint32_t outlived; /* its process got as much or more later */
	uint64_t sequence; /* over all processes, from 1 */
	uint64_t request_bytes;
	uint64_t boottime_us;
	uint64_t limit, used; /* the numbers behind the cause; what they are depends on it */
	uint64_t cage_bytes;  /* what the cage had in use; UINT64_MAX: not known */
	uint32_t cause;       /* enum refusal_cause */
	uint32_t function;    /* enum page_function */
	int32_t pid;          /* as the process itself sees it */
	uint32_t overcommit_mode;
	char command[16];
	char source_line[256]; /* "file.py:2", or "" */
};

/* How many hard refusals a process has had, and where it stands in counting its requests. */
struct page_process {
	int32_t pid; /* 0: free */
	uint32_t hard;
	uint64_t calls; /* only where --fail-alloc counts them */
};

struct witness_page {
	uint64_t magic;
	uint64_t size;     /* sizeof(struct page_file): both sides must be of one build */
	uint64_t attached; /* execs that the witness got into */
	uint64_t sequence; /* of the last refusal */
	uint64_t hard, retried, impossible;
	uint64_t soft; /* refused to an allocator that has other ways: never a refusal by itself */
	uint64_t largest_bytes;
	uint64_t by_cause[REFUSAL_CAUSES_MAX]; /* hard ones */
	uint64_t injected;                     /* refused on purpose, retried ones too */
	uint64_t scratch;                      /* written to see whether it can be */
	struct room room; /* written by memcage before the start, but for the promises */
	struct injection_plan injection; /* written by memcage before the start */
	struct page_process processes[PAGE_PROCESSES];
	struct page_record records[PAGE_RECORDS];
};

/* What it takes to find out, later and elsewhere, by which calls a refused request came about. */
struct page_snapshot {
	uint64_t sequence; /* of the record that it belongs to; 0: of none */
	uint64_t caller;   /* where the interposed function was to return to; 0: not known */
	uint64_t registers[SNAPSHOT_REGISTERS]; /* inside the library; the others are 0 */
	uint32_t stack_bytes;                   /* kept, from the stack pointer upwards */
	uint32_t modules_bytes;                 /* of whole lines */
	uint32_t modules_cut;                   /* there were more */
	unsigned char stack[SNAPSHOT_STACK];
	char modules[SNAPSHOT_MODULES]; /* /proc/self/maps, what is executable and has a file */
};

/* The whole file. The snapshots stand apart so that a run without refusals need not read them. */
struct page_file {
	struct witness_page page;
	struct page_snapshot snapshots[PAGE_SNAPSHOTS];
	uint64_t scratch; /* the same, of the file's end */
};

#endif
