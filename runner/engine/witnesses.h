/* SPDX-License-Identifier: MIT
 *
 * witnesses.h - which witnesses watch a run, by what was asked for, by the target and by what this
 * host allows; and what they saw.
 */
#ifndef MEMCAGE_ENGINE_WITNESSES_H
#define MEMCAGE_ENGINE_WITNESSES_H

#include "base/lists.h"
#include "judge/evidence.h"
#include "memcage/memcage.h"
#include "watch/stream.h"
#include "witness/kernel_log.h"
#include "witness/preload.h"
#include "witness/signature.h"

struct witnesses {
	int kernel_log; /* -1: not readable, or not asked for */
	bool log_gap;   /* records were overwritten before we read them */
	struct kernel_log_parser parser;
	struct kernel_kill kills[EVIDENCE_KILLS_MAX];
	int kill_count;
	const char *mark; /* of the cage, to find our kills by; borrowed */

	struct preload_witness preload;
	char **environment;        /* for the command; NULL: unchanged */
	bool main_uncovered;       /* the loader does not put the library into the main program */
	const char *why_uncovered; /* in a few words; static */

	bool match_signatures;
	struct signature_matcher matchers[2]; /* stdout, stderr */
	const char *image; /* which of the speaking runtimes the main process has mapped */
	uint64_t first_look_us, next_look_us;
	bool looked_at_message;
};

/* Opens the witnesses before the command starts, and gives spec the environment that they need.
 * Never fails: a witness that cannot work here is named in notes, and the evidence says so. mark is
 * borrowed. */
void witnesses_open(struct witnesses *witnesses, struct memcage_spec *spec, const char *mark,
	struct text_list *notes);
void witnesses_close(struct witnesses *witnesses);

/* Lets the text witness see a tapped stream (0 stdout, 1 stderr). */
void witnesses_observe(struct witnesses *witnesses, int number, struct stream *stream);

/* Call when something happened while the main process lives: looks which runtime it is, ever more
 * rarely, and at once when a message was seen. now_us: CLOCK_BOOTTIME. */
void witnesses_look(struct witnesses *witnesses, int main_pid, uint64_t now_us);

/* Adds what they saw to the evidence; main_pid and the end of the main process are in it already.
 */
void witnesses_tell(struct witnesses *witnesses, struct evidence *evidence);

#endif
