/* SPDX-License-Identifier: MIT
 *
 * event.h - what passes between the program in the kernel, the module that loads it and the
 * supervisor. Plain data of fixed layout; compiled for two machines.
 */
#ifndef MEMCAGE_WITNESS_BPF_EVENT_H
#define MEMCAGE_WITNESS_BPF_EVENT_H

#include <stdint.h>

#define BPF_COMMAND_SIZE 16

/* Who is watched; fixed before the program is loaded. */
struct bpf_target {
	uint64_t group;       /* inode number of the cage's directory, which is its id */
	uint64_t page_inode;  /* of the preloaded witness's file, 0: none */
	uint32_t page_device; /* as the kernel writes it: major << 20 | minor */
	uint32_t pid_space;   /* inode number of the supervisor's pid namespace */
	uint32_t by_memory;   /* 1: the v1 memory hierarchy's group counts; 0: the v2 one's */
};

enum bpf_event_kind { BPF_EVENT_CALL, BPF_EVENT_VICTIM };

#define BPF_IS_MAIN 1u     /* the first process that executed something in the cage */
#define BPF_HAS_LIBRARY 2u /* the preloaded witness's file is mapped there */

/* A call that was refused memory, or one of a process that had been refused before and was now
 * granted as much; or the victim of an OOM kill (then only pid, global_pid, flags, command and the
 * time). */
struct bpf_event {
	uint64_t boottime_ns;
	uint64_t runtime_ns; /* that the thread has run so far: it stands still while it waits */
	uint64_t arguments[4];
	int64_t result;
	uint64_t heap_before; /* the end of the heap before a brk, 0: not known */
	uint64_t as_limit, as_pages, data_limit, data_pages;
	uint64_t thread_start_ns; /* with tid and program the identity of a thread */
	uint32_t tid;             /* of the first pid namespace */
	uint32_t program;         /* how many were executed in this process */
	uint32_t kind, function;  /* enum bpf_event_kind, enum memory_function */
	uint32_t mappings;
	uint32_t flags;
	int32_t pid;        /* as the supervisor sees it; 0: it does not */
	int32_t global_pid; /* of the first pid namespace */
	char command[BPF_COMMAND_SIZE];
};

/* What was counted in the kernel. */
struct bpf_totals {
	uint64_t processes; /* different ones in the cage */
	uint64_t executed;  /* programs */
	uint64_t lost;      /* events for which the buffer had no room */
	uint64_t unwatched; /* of processes: more at once than the table holds */
};

#endif
