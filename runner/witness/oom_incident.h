/* SPDX-License-Identifier: MIT
 *
 * oom_incident.h - one time that the kernel ran out of memory somewhere and chose whom to kill: all
 * that its log tells of it. Plain data of a fixed size; texts are fit for a terminal.
 */
#ifndef MEMCAGE_WITNESS_OOM_INCIDENT_H
#define MEMCAGE_WITNESS_OOM_INCIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/counter.h"
#include "witness/log_prefix.h"

#define OOM_COMMAND_SIZE 64
#define OOM_PATH_SIZE 512
#define OOM_VICTIMS_MAX 16 /* kept; more are counted */
#define OOM_TASKS_MAX 10   /* the largest of the list of tasks */

/* Whose limit it was. */
enum oom_scope {
	OOM_SCOPE_UNKNOWN,
	OOM_SCOPE_MEMCG, /* a control group's; which version is not said */
	OOM_SCOPE_MEMCG_V1,
	OOM_SCOPE_MEMCG_V2,
	OOM_SCOPE_HOST,
	OOM_SCOPE_CPUSET,    /* the memory nodes that a cpuset allows */
	OOM_SCOPE_MEMPOLICY, /* the nodes of a process's own memory policy */
	OOM_SCOPE_SYSRQ,     /* nobody's: a person asked for a kill */
	OOM_SCOPE_COUNT,
};

/* Amounts of memory, in bytes but for the two counts. Of a control group where scope says so, else
 * of the machine. */
enum oom_amount {
	OOM_LIMIT, /* UINT64_MAX: none */
	OOM_USAGE,
	OOM_FAILURES,   /* how often the limit was hit */
	OOM_SWAP_LIMIT, /* UINT64_MAX: none. v1: of memory and swap together */
	OOM_SWAP_USAGE, /* the same */
	OOM_ANON,
	OOM_FILE,   /* page cache, with what is shared memory or tmpfs */
	OOM_SHMEM,  /* shared memory and tmpfs */
	OOM_KERNEL, /* all that is the kernel's */
	OOM_KERNEL_STACK,
	OOM_PAGE_TABLES,
	OOM_PER_CPU,
	OOM_SOCKETS,
	OOM_SLAB,
	OOM_SLAB_UNRECLAIMABLE,
	OOM_DIRTY,
	OOM_MAPPED,
	OOM_SWAPPED, /* what of it stands in swap */
	OOM_RAM,
	OOM_RESERVED,
	OOM_FREE,
	OOM_SWAP_TOTAL,
	OOM_SWAP_FREE,
	OOM_HUGE_PAGES, /* set aside for hugetlbfs */
	OOM_HUGE_PAGES_FREE,
	OOM_AMOUNT_COUNT,
};

struct oom_number { /* with a sign; unknown is not 0 */
	bool known;
	int value;
};

struct oom_victim {
	int pid;
	char command[OOM_COMMAND_SIZE];
	struct counter user, total_vm_bytes, anon_bytes, file_bytes, shmem_bytes, page_table_bytes;
	struct counter score; /* only kernels before 5.3 */
	struct oom_number oom_score_adj;
	bool announced; /* chosen; that it was killed is not in the log */
	bool reaped;    /* its memory was taken back before it was gone */
	bool exiting;   /* it was ending by itself already */
};

struct oom_task {
	int pid;
	char command[OOM_COMMAND_SIZE];
	struct counter user, total_vm_pages, rss_pages, anon_pages, file_pages, shmem_pages,
		swap_pages, page_table_bytes;
	struct oom_number oom_score_adj;
};

struct oom_incident {
	uint64_t first_line, last_line; /* of the input, from 1 */
	enum log_origin origin;         /* the least trustworthy of its lines */
	char host[64], at[48];          /* as printed, or "" */
	char kernel[64];                /* release, or "" */

	enum oom_scope scope;
	char constraint[32];
	char oom_memcg[OOM_PATH_SIZE];  /* whose limit, or "" */
	char task_memcg[OOM_PATH_SIZE]; /* where the victim lived, or "" */
	char group[OOM_PATH_SIZE];      /* memory.oom.group: killed as a whole; or "" */
	char cpuset[128], mems_allowed[32], nodemask[32]; /* as printed, or "" */

	bool has_header; /* "... invoked oom-killer" is there */
	bool no_victim;  /* the kernel found nobody to kill */
	char invoker[OOM_COMMAND_SIZE];
	int invoker_pid; /* 0: not known */
	char gfp_mask[128];
	struct oom_number order, invoker_oom_score_adj;

	struct counter amounts[OOM_AMOUNT_COUNT];
	bool is_v1_statistics; /* anon and file are v1's rss and cache */

	int victim_count; /* may be more than are kept */
	struct oom_victim victims[OOM_VICTIMS_MAX];

	uint64_t page_bytes; /* 0: not known */
	uint64_t task_count; /* rows of the list of tasks */
	uint64_t tasks_rss_pages;
	int task_kept;
	struct oom_task tasks[OOM_TASKS_MAX]; /* the largest first */
};

/* Page cache without shared memory; not known where the log does not tell them apart. */
struct counter oom_page_cache(const struct oom_incident *incident);

/* The machine's memory without what it set aside before it began; not known for a group's limit. */
struct counter oom_usable_memory(const struct oom_incident *incident);

/* A column of the list of tasks, in bytes. Pages of 4 KiB where the log does not tell their size.
 */
struct counter oom_pages(const struct oom_incident *incident, struct counter pages);

/* "memcg_v1", for machines. */
const char *oom_scope_name(enum oom_scope scope);

#endif
