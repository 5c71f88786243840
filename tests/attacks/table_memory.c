/* SPDX-License-Identifier: MIT
 *
 * table_memory.c - rows 1 to 7 of the checklist (table.h): memory and processes.
 */
#include "table.h"

const struct attack memory_attacks[] = {

	/* 1: the limit is there before the first instruction */
	{ "memory_at_start", 1, "",
		"a segment without a file that is there before the first instruction",
		memory_at_start, NULL, MEMORY, "" },
	{ "memory_at_exec", 1, "", "pages that are populated by one call before anything else runs",
		memory_populated, NULL, MEMORY, "" },

	/* 2: no way out by swap */
	{ "memory_cold", 2, "", "four times the limit in pages that are given to swap at once",
		memory_cold, NULL, MEMORY, "" },

	/* 3: all kinds of memory are charged */
	{ "memory_anonymous", 3, "", "touched private pages", memory_anonymous, NULL, MEMORY, "" },
	{ "memory_shared", 3, "", "touched shared pages without a file", memory_shared, NULL,
		MEMORY, "" },
	{ "memory_brk", 3, "", "a heap by brk", memory_brk, NULL, MEMORY, "" },
	{ "memory_remap", 3, "", "a mapping that grows by mremap", memory_remap, NULL, MEMORY, "" },
	{ "memory_stack", 3, "", "a stack that gets deep", memory_stack, NULL, MEMORY, "" },
	{ "memory_threads", 3, "", "stacks of many threads", memory_threads, NULL, MEMORY, "" },
	{ "memory_children", 3, "", "many processes, each of them small", memory_children, NULL,
		MEMORY, "" },
	{ "memory_locked", 3, "", "locked pages", memory_locked, NULL, MEMORY, "" },
	{ "memory_huge", 3, "", "huge pages", memory_huge, NULL, MEMORY, "" },
	{ "memory_file", 3, "", "a file in /tmp", memory_file, NULL, MEMORY, "" },
	{ "memory_memfd", 3, "", "files without a name", memory_memfd, NULL, MEMORY, "" },
	{ "memory_posix_shm", 3, "", "a file in /dev/shm", memory_posix_shm, NULL, MEMORY, "" },
	{ "memory_sysv_shm", 3, "", "System V shared memory", memory_sysv_shm, NULL, MEMORY, "" },
	{ "memory_sysv_messages", 3, "", "System V messages", memory_sysv_messages, NULL, MEMORY,
		"" },
	{ "memory_pipes", 3, "", "full pipes", memory_pipes, NULL, MEMORY, "" },
	{ "memory_sockets", 3, "", "full socket buffers", memory_sockets, NULL, MEMORY, "" },
	{ "memory_in_flight", 3, "", "full pipes whose ends are in messages on their way",
		memory_in_flight, NULL, MEMORY, "" },
	{ "memory_page_tables", 3, "", "page tables without pages", memory_page_tables, NULL,
		MEMORY, "" },

	{ "memory_datagrams", 3, "", "datagrams of the loopback device that nobody reads",
		memory_datagrams, NULL, MEMORY, "" },
	{ "memory_connections", 3, "", "connections to the loopback device that nobody reads",
		memory_connections, NULL, MEMORY, "" },
	{ "memory_file_locks", 3, "", "locks of files", memory_file_locks, NULL, MEMORY, "" },

	/* 4: what is left behind is gone */
	{ "leaves_file_in_tmp", 4, "L", "a file in /tmp, for who comes next", leaves_behind, "/tmp",
		"", "" },
	{ "leaves_file_in_shm", 4, "L", "a file in /dev/shm, for who comes next", leaves_behind,
		"/dev/shm", "", "" },
	{ "leaves_shared_memory", 4, "L", "a System V segment with a known key, for who comes next",
		leaves_behind, "shared memory", "", "" },
	{ "leaves_queue", 4, "L", "a POSIX message queue, for who comes next", leaves_behind,
		"queue", "", "" },

	/* 5: every process ends */
	{ "survives_session", 5, "S", "a grandchild in a session of its own", survivor, "session",
		"", "" },
	{ "survives_stopped", 5, "S", "a child that is stopped", survivor, "stopped", "", "" },
	{ "survives_deaf", 5, "S", "a child that blocks all signals", survivor, "deaf", "", "" },
	{ "survives_sibling", 5, "S", "a child of the supervisor instead of one's own", survivor,
		"sibling", "", "" },
	{ "survives_traced", 5, "S", "a child that is stopped for a tracer that has gone", survivor,
		"traced", "", "" },
	{ "survives_vfork", 5, "S", "a parent in the middle of vfork", survivor, "vfork", "", "" },
	{ "survives_zombies", 5, "S", "a child that does not reap", survivor, "zombies", "", "" },
	{ "survives_breed", 5, "S", "a process that is another one every moment", survivor, "breed",
		"", "" },
	{ "survives_thread", 5, "S", "a process whose first thread has ended", main_thread_leaves,
		NULL, "", "" },

	/* 6: fork bombs are contained */
	{ "many_by_fork", 6, "", "300 at one time by fork", many, "fork", MEMORY, "" },
	{ "many_by_clone3", 6, "", "300 at one time by clone3", many, "clone3", MEMORY, "" },
	{ "many_by_shared_memory", 6, "", "300 at one time by clone with shared memory", many,
		"shared", MEMORY, "" },
	{ "many_by_threads", 6, "", "300 at one time by threads", many, "threads", MEMORY, "" },

	/* 7: nothing outlives the supervisor */
	{ "supervisor_killed", 7, "K", "processes that stay when the supervisor is killed",
		supervisor_dies, NULL, "", "" },
};
const size_t memory_attack_count = sizeof(memory_attacks) / sizeof(*memory_attacks);
