/* SPDX-License-Identifier: MIT
 *
 * processes.h - the processes of a cage, seen while they live: which programs ran, and which files
 * each had mapped to execute. A look costs some microseconds per process and comes at growing
 * intervals, so this is a lower bound: what lives between two looks is not seen here.
 *
 * Names and paths are the workload's own: bytes to compare, not yet fit to print.
 */
#ifndef MEMCAGE_WATCH_PROCESSES_H
#define MEMCAGE_WATCH_PROCESSES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cage/group.h"

#define PROCESSES_MAX 32          /* that are remembered one by one */
#define PROCESSES_COUNTED_MAX 224 /* more that are told apart for the count */
#define PROCESS_IMAGES_SIZE 1536
#define PROCESS_PATH_SIZE 256

/* One program in one process. A process that executes another one gets another entry. */
struct process {
	pid_t pid;            /* as we see it */
	uint64_t start_ticks; /* with the pid the identity of a process */
	char command[16];
	char executable[PROCESS_PATH_SIZE]; /* where /proc says it is; "" where that is too long */
	unsigned looks;                     /* how often its images were read; 0: not known */
	bool images_cut;                    /* there were more than images holds */
	size_t images_length;
	char images[PROCESS_IMAGES_SIZE]; /* base names, each ended by a NUL */
	bool is_past; /* another program has taken its place since, not seen itself */
};

struct processes {
	int count;
	int known_count;                   /* of the pids that found no place in the list */
	uint64_t seen;                     /* different programs in processes; a lower bound */
	uint64_t next_look_us, look_bytes; /* memory use at the last look */
	char own_executable[PROCESS_PATH_SIZE];
	struct process list[PROCESSES_MAX]; /* in the order in which they were seen */
	pid_t known[PROCESSES_COUNTED_MAX];
};

void processes_begin(struct processes *processes);

/* Looks at every process of the group itself (not of groups below it) if it is time for that: the
 * run's age has doubled, or its memory use has grown by a quarter. main_pid 0: not known yet.
 * Returns whether it did. */
bool processes_look_if_due(struct processes *processes, const struct group *group, pid_t main_pid,
	uint64_t since_start_us, uint64_t memory_bytes);

/* Looks at one process now. A zombie has nothing mapped any more, but shows by its command whether
 * it is still the program that was seen last. */
void processes_look_at(struct processes *processes, pid_t pid);

/* The same just after exec: then nothing is mapped but the program and its loader, and that is not
 * read. */
void processes_look_at_start(struct processes *processes, pid_t pid);

/* The program that a process was when it was seen last, or NULL: never seen, or another since. */
const struct process *processes_last_of(const struct processes *processes, pid_t pid);

/* The next name of a file that the process had mapped to execute; NULL starts, NULL ends. */
const char *process_image_next(const struct process *process, const char *image);
bool process_maps(const struct process *process, const char *image);

/* Adds the names in a text of the form of /proc/PID/maps, in whole lines. Pure. */
void process_add_images(struct process *process, const char *maps, size_t length);

#endif
