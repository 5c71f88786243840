/* SPDX-License-Identifier: MIT
 *
 * coverage.h - how much of a run the witness inside the programs could watch: what was seen of the
 * living processes beside what the witness itself counted.
 */
#ifndef MEMCAGE_ENGINE_COVERAGE_H
#define MEMCAGE_ENGINE_COVERAGE_H

#include "report/facts.h"
#include "watch/processes.h"
#include "witness/refusals.h"

/* What coverage is made of. */
struct coverage_sources {
	const struct processes *processes;
	const struct refusals *refusals;
	const char *library; /* base name of the witness's library; NULL: not in place */
	int main_pid;
	const char *main_command;  /* of a main program that the library cannot get into */
	const char *why_uncovered; /* why not; NULL: it can, or nobody looked */
};

/* Fills processes_seen, processes_covered and uncovered. All are lower bounds: a program that lived
 * between two looks is known of only if the witness was in it. */
void coverage_describe(const struct coverage_sources *sources, struct report_facts *facts);

#endif
