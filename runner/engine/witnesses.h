/* SPDX-License-Identifier: MIT
 *
 * witnesses.h - which witnesses watch a run, by what was asked for, by the target and by what this
 * host allows; and what they saw.
 */
#ifndef MEMCAGE_ENGINE_WITNESSES_H
#define MEMCAGE_ENGINE_WITNESSES_H

#include "cage/cage.h"
#include "judge/evidence.h"
#include "memcage/memcage.h"
#include "watch/watch.h"
#include "witness/backtrace.h"
#include "witness/bpf.h"
#include "witness/kernel_log.h"
#include "witness/last_words.h"
#include "witness/preload.h"
#include "witness/runtime.h"
#include "witness/signature.h"
#include "witness/trace.h"

/* The text witness of one stream. When a message comes, the process that says so is looked at: a
 * moment later it may be gone, or be another program. */
struct witness_tap {
	struct watch *watch;               /* borrowed */
	bool looked;                       /* at the first match */
	const struct process *speaker;     /* the main process then; NULL: it was not seen */
	bool image_mapped;                 /* it had an image of the message's runtime mapped */
	struct signature_matcher *matcher; /* borrowed */
};

/* What few runs fill, apart from what all do: of a thousand runs at a time it would be most of our
 * memory. */
struct witness_room {
	struct kernel_log_parser parser;
	struct kernel_kill kills[EVIDENCE_KILLS_MAX];
	struct signature_matcher matchers[2]; /* of the taps */
};

struct witnesses {
	struct witness_room *rare; /* borrowed; all zero at first */
	int kernel_log;            /* -1: not readable, or not asked for */
	bool log_gap;              /* records were overwritten before we read them */
	int kill_count;
	const char *mark; /* of the cage, to find our kills by; borrowed */

	struct room room; /* for second looks */
	struct preload_witness preload;
	char **environment;        /* for the command, till it was started; NULL: unchanged */
	bool main_uncovered;       /* the loader does not put the library into the main program */
	const char *why_uncovered; /* in a few words; static */

	struct trace_witness trace;
	struct bpf_witness bpf;
	bool calls_seen; /* one of them did watch; known at the end */

	struct runtime_witness *runtime;   /* NULL: not asked for */
	const struct processes *processes; /* of the watched run; borrowed */

	struct text_list *notes; /* borrowed */

	struct backtrace *backtrace; /* of the first refusal; NULL: none is known */

	struct last_words *last_words; /* NULL: not asked for */
	struct backtrace *last_calls;

	bool match_signatures;
	struct witness_tap taps[2]; /* stdout, stderr */
};

/* Whether those that have no purpose but to be asked for by name can work here, before anything is
 * made. Returns 0 or -errno. */
int witnesses_check(const struct memcage_spec *spec, struct memcage_failure *reterr_failure);

/* Opens the witnesses before the command starts, and gives spec the environment that they need.
 * witnesses: all zero but for its room. A witness that cannot work here is named in the cage's
 * warnings, and the evidence says so; only where it is one of the above that is a failure, -errno.
 * The cage learns of its tracer, and must live as long. To be closed in any case. */
int witnesses_open(struct witnesses *witnesses, struct memcage_spec *spec, struct cage *cage,
	struct memcage_failure *reterr_failure);

/* The command was started, or could not be: its environment is not needed any more. */
void witnesses_started(struct witnesses *witnesses);

/* Lets those look on that have something to do while the command runs. Returns 0 or -errno. */
int witnesses_join(struct witnesses *witnesses, struct watch *watch);

void witnesses_close(struct witnesses *witnesses);

/* Lets the text witness see a tapped stream (0 stdout, 1 stderr). watch is borrowed, and need not
 * have begun. */
void witnesses_observe(
	struct witnesses *witnesses, int number, struct stream *stream, struct watch *watch);

/* Adds what they saw to the evidence; main_pid and the end of the main process are in it already.
 */
void witnesses_tell(struct witnesses *witnesses, struct evidence *evidence);

/* ---- between the files of this stage ---- */

void witness_kernel_log_tell(struct witnesses *witnesses, struct evidence *evidence);
void witness_signature_tell(struct witnesses *witnesses, struct evidence *evidence);

/* witness_last_words.c */
int witness_last_words_join(
	struct witnesses *witnesses, const struct memcage_spec *spec, struct watch *watch);
void witness_last_words_tell(struct witnesses *witnesses);
void witness_last_words_close(struct witnesses *witnesses);

/* witness_bpf.c */
int witness_bpf_open(struct witnesses *witnesses, const struct cage *cage,
	struct memcage_failure *reterr_failure);
int witness_bpf_join(struct witnesses *witnesses, struct watch *watch);
void witness_bpf_tell_refusals(struct witnesses *witnesses, struct refusals *refusals);
void witness_bpf_tell_victims(struct witnesses *witnesses, struct evidence *evidence);

/* witness_runtime.c. Telling takes the probes away: while the guard is still there. */
int witness_runtime_open(struct witnesses *witnesses, struct cage *cage,
	const struct memcage_spec *spec, struct memcage_failure *reterr_failure);
int witness_runtime_join(struct witnesses *witnesses, struct watch *watch);
void witness_runtime_tell(struct witnesses *witnesses, struct evidence *evidence);
void witness_runtime_close(struct witnesses *witnesses);

#endif
