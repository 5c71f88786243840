/* SPDX-License-Identifier: MIT
 *
 * One row per message. To add a runtime, add its rows here and an example with a near miss to
 * tests/unit/test_signature.c. Only messages that a runtime prints because it is ending, or is
 * about to; "Cannot allocate memory" alone is any program's and no row.
 */
#include <signal.h>

#include "witness/signature.h"

const char *const signature_keys[] = { "emor", "lloc", "OOM ", "noug", "segm", "ro-f", NULL };

const struct signature signatures[] = {
	{ "python", "MemoryError\n", NULL, { 1 }, { 0 }, false, NULL },
	{ "python", "MemoryError: ", NULL, { 1 }, { 0 }, false, NULL },
	{ "numpy", "numpy.", "_ArrayMemoryError: Unable to allocate ", { 1 }, { 0 }, false, NULL },

	{ "c++", "terminate called after throwing an instance of 'std::bad_alloc'", NULL, { 0 },
		{ SIGABRT }, false, NULL },
	{ "c++", "  what():  std::bad_alloc", NULL, { 0 }, { SIGABRT }, false, NULL },
	{ "c++", "libc++abi: terminating ", "std::bad_alloc", { 0 }, { SIGABRT }, false, NULL },
	{ "rust", "memory allocation of ", " bytes failed", { 0 }, { SIGABRT }, false, NULL },
	{ "llvm", "LLVM ERROR: out of memory", NULL, { 1 }, { SIGABRT }, false, NULL },
	/* The map is the first thing that Go's heap asks for, its metadata comes with each growth.
	 */
	{ "go", "fatal error: out of memory allocating heap arena map", NULL, { 2 }, { 0 }, false,
		NULL, true },
	{ "go", "fatal error: out of memory allocating ", NULL, { 2 }, { 0 }, false, NULL },

	{ "go", "fatal error: runtime: out of memory", NULL, { 2 }, { 0 }, false, NULL },
	{ "go", "fatal error: out of memory", NULL, { 2 }, { 0 }, false, NULL },
	{ "go", "fatal error: runtime: cannot allocate memory", NULL, { 2 }, { 0 }, false, NULL },
	{ "go", "fatal error: failed to reserve page summary memory", NULL, { 2 }, { 0 }, false,
		NULL, true },
	{ "go", "runtime: out of memory: cannot allocate ", NULL, { 2 }, { 0 }, false, NULL },

	/* Behind Go's: "fatal error: out of memory allocating heap arena metadata". */
	{ "gcc", NULL, ": out of memory allocating ", { 1 }, { 0 }, false, NULL },
	{ "gcc", "virtual memory exhausted: ", NULL, { 1 }, { 0 }, false, NULL },

	/* No thread could be made: that is not the heap's limit. */
	{ "java", "Exception in thread ",
		"java.lang.OutOfMemoryError: unable to create native thread", { 1 }, { 0 }, false,
		NULL },
	{ "java", "Exception in thread ", "java.lang.OutOfMemoryError", { 1 }, { 0 }, true,
		"libjvm.so" },
	{ "java", "java.lang.OutOfMemoryError: ", NULL, { 1, 3 }, { 0 }, true, "libjvm.so" },
	{ "java", "Caused by: java.lang.OutOfMemoryError: ", NULL, { 1, 3 }, { 0 }, true,
		"libjvm.so" },
	{ "java", "Terminating due to java.lang.OutOfMemoryError: ", NULL, { 3 }, { 0 }, true,
		"libjvm.so" },
	{ "java", "Aborting due to java.lang.OutOfMemoryError: ", NULL, { 0 }, { SIGABRT }, true,
		"libjvm.so" },
	{ "java native", "# There is insufficient memory for the Java Runtime Environment", NULL,
		{ 1 }, { SIGABRT }, false, NULL },
	{ "java native", NULL, "Server VM warning: INFO: os::commit_memory(", { 1 }, { SIGABRT },
		false, NULL },
	{ "java start", "Could not reserve enough space for ", NULL, { 1 }, { 0 }, false, NULL,
		true },

	/* "near heap limit", "Reached heap limit". Without these words the system may have refused.
	 */
	{ "node", "FATAL ERROR: ", "heap limit Allocation failed - ", { 0 }, { SIGABRT }, true,
		"node nodejs libnode.so" },
	{ "node", "FATAL ERROR: ", "Allocation failed - ", { 0 }, { SIGABRT }, false, NULL },
	{ "node start", "# Fatal process OOM in Failed to reserve virtual memory for CodeRange",
		NULL, { 0 }, { SIGTRAP, SIGABRT }, false, NULL, true },
	{ "node", "# Fatal process OOM in ", NULL, { 0 }, { SIGTRAP, SIGABRT }, false, NULL },

	{ "ruby", NULL, "failed to allocate memory (NoMemoryError)", { 1 }, { 0 }, false, NULL },
	{ "ruby", "[FATAL] failed to allocate memory", NULL, { 1 }, { 0 }, false, NULL },
	{ "perl", "Out of memory!", NULL, { 1, 12 }, { 0 }, false, NULL },
	{ "perl", "Out of memory in perl:", NULL, { 1, 12 }, { 0 }, false, NULL },
	{ "perl", "Out of memory during ", NULL, { 1, 12 }, { 0 }, false, NULL },
	{ "php", "PHP Fatal error:  Allowed memory size of ", " bytes exhausted", { 255 }, { 0 },
		true, "php php-cgi" },
	{ "php", "Fatal error: Allowed memory size of ", " bytes exhausted", { 255 }, { 0 }, true,
		"php php-cgi" },
	{ "php", "mmap() failed: [12] Cannot allocate memory", NULL, { 1, 255 }, { 0 }, false,
		NULL },
	{ "php", "PHP Fatal error:  Out of memory", NULL, { 1, 255 }, { 0 }, false, NULL },
	{ "lua", "lua", ": not enough memory\n", { 1 }, { 0 }, false, NULL },
	{ "r", "Error", "cannot allocate vector of size ", { 1 }, { 0 }, false, NULL },

	{ "bash", NULL, "xrealloc: cannot allocate ", { 2 }, { 0 }, false, NULL },
	{ "bash", NULL, "xmalloc: cannot allocate ", { 2 }, { 0 }, false, NULL },
	{ "mawk", "mawk: run time error: out of memory", NULL, { 2 }, { 0 }, false, NULL },
	{ "gawk", "gawk: ", " bytes of memory: Cannot allocate memory", { 2 }, { 0 }, false, NULL },
	{ "git", "fatal: Out of memory, ", NULL, { 128 }, { 0 }, false, NULL },
	/* The C library's loader. It ends with 127 only before the program's first own line; when a
	 * running program loads more, that goes on or ends in its own way. */
	{ "loader", NULL, "failed to map segment from shared object\n", { 127 }, { 0 }, false, NULL,
		true },
	{ "loader", NULL, "failed to map segment from shared object: Cannot allocate memory",
		{ 127 }, { 0 }, false, NULL, true },
	{ "loader", NULL, ": cannot map zero-fill pages\n", { 127 }, { 0 }, false, NULL, true },
	{ "loader", NULL, ": cannot map zero-fill pages: Cannot allocate memory", { 127 }, { 0 },
		false, NULL, true },
	{ "loader", NULL, ": cannot allocate memory in static TLS block", { 127 }, { 0 }, false,
		NULL, true },
	{ "loader", NULL, ": cannot allocate version reference table", { 127 }, { 0 }, false, NULL,
		true },
	{ "loader", NULL, ": cannot create shared object descriptor: Cannot allocate memory",
		{ 127 }, { 0 }, false, NULL, true },
	/* sort and the other GNU tools */
	{ "gnu", NULL, ": memory exhausted\n", { 1, 2 }, { 0 }, false, NULL },
};

const size_t signature_count = sizeof(signatures) / sizeof(*signatures);
