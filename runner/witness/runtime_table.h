/* SPDX-License-Identifier: MIT
 *
 * runtime_table.h - the functions in which language runtimes find out that they have no memory.
 */
#ifndef MEMCAGE_WITNESS_RUNTIME_TABLE_H
#define MEMCAGE_WITNESS_RUNTIME_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct runtime_probe {
	const char *runtime;   /* as in signature_table.c */
	const char *symbol;    /* called once for each failure; * stands for any bytes */
	const char *libraries; /* blank-separated beginnings of their base names; NULL: only in
				  programs, and those are searched for every row */
	const char *words;     /* what the runtime calls it; NULL: the text that is fetched */
	/* What to fetch, in the words of uprobe_events: a string, and two numbers for the filter;
	 * NULL: nothing. */
	const char *text, *first, *second;
	const char *filter; /* of text, first and second: which calls count; NULL: each */
	bool is_heap_cap;   /* the runtime's own limit, not the system's refusal */
};

/* A row added here works at once; its runtime needs a documented end in signature_table.c. */
extern const struct runtime_probe runtime_probes[];
extern const size_t runtime_probe_count;

/* Names of programs that are such runtimes, looked up in PATH. NULL-terminated. */
extern const char *const runtime_programs[];

/* Whether a base name is of one of the probe's libraries: "libjvm.so", "libruby-3.1.so.3.1". */
bool runtime_library_fits(const struct runtime_probe *probe, const char *name);

#endif
