/* SPDX-License-Identifier: MIT
 *
 * run.h - one run as the engine holds it. The engine only connects stages: cage, spawn, watch,
 * witnesses, evidence, verdict, report; each has its own file below.
 */
#ifndef MEMCAGE_ENGINE_RUN_H
#define MEMCAGE_ENGINE_RUN_H

#include <jansson.h>

#include "engine/streams.h"
#include "engine/witnesses.h"
#include "judge/verdict.h"
#include "report/facts.h"
#include "report/summary.h"
#include "watch/watch.h"

/* One look at the kernel's counters, of the leaf and of the groups above. */
struct reading {
	struct counters counters;
	struct raw_counters raw;
	struct ancestors above;
};

/* What every run touches stands together; the rest, which is most of it, takes no memory till it is
 * used. */
struct memcage_run {
	struct cage cage;
	struct memcage_spec spec; /* strings are the caller's */
	const char **environment; /* a policy's, for spec.envp till the start; NULL: none */
	bool holds_guard;
	bool squeezes;     /* --at-limit fail: RLIMIT_DATA follows what is in use */
	uint64_t begun_us; /* CLOCK_BOOTTIME, when memcage_start() was called */
	struct timespec started_at;
	double setup_ms;
	struct counter residual_bytes;
	bool group_removed;
	bool file_cache_was_large;
	struct memcage_result *result; /* set when the run has ended */
	struct counters before;
	const struct ancestors *above; /* as they were before; owned */
	struct streams streams;
	struct witnesses witnesses;
	struct watch watch;

	struct raw_counters before_raw;
	struct witness_room rare;
	struct reading after;
};

struct memcage_result {
	enum verdict verdict;
	enum reason reason;
	int exit_status;
	json_t *report;
	char *json;
	char summary[SUMMARY_SIZE];
};

/* run.c, for start.c: how the counters stand before the start (0 or -ENOMEM); the guard is not
 * needed any more; the cage goes, and the guard with it where it is the last one; a run that is in
 * nobody's hands. */
int run_read_before(struct memcage_run *run);
void run_let_guard_go(struct memcage_run *run);
void run_close_cage(struct memcage_run *run);
void run_release(struct memcage_run *run);

/* refuse.c: how --at-limit fail is done, before the command starts. */
void refuse_prepare(struct memcage_run *run);

/* From the start of the command to the end of the run: of the main process, or with --wait-tree of
 * the last one. */
uint64_t wall_ms_of(const struct happenings *seen);

/* collect.c: everything that was seen becomes evidence. */
void evidence_collect(const struct memcage_run *run, struct evidence *ret_evidence);

/* describe.c: what the report tells besides. Strings are borrowed from the run; free *ret_tails. */
struct borrowed {
	char *tails[2];
	char cwd[4096];
};
void facts_describe(const struct memcage_run *run, const struct evidence *evidence,
	double teardown_ms, struct report_facts *ret_facts, struct borrowed *ret_borrowed);

/* result.c */
struct memcage_result *result_make(
	const struct report_facts *facts, const struct evidence *evidence);

#endif
