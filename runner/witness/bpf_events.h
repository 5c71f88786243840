/* SPDX-License-Identifier: MIT
 *
 * bpf_events.h - from what the program in the kernel tells, event by event, to refused allocations
 * and victims. Asks nothing of the processes, which may be gone.
 */
#ifndef MEMCAGE_WITNESS_BPF_EVENTS_H
#define MEMCAGE_WITNESS_BPF_EVENTS_H

#include "witness/bpf.h"
#include "witness/bpf/event.h"
#include "witness/call_tally.h"

#define BPF_THREADS_MAX 4096

/* A thread that was refused something, while it runs one program. */
struct bpf_thread {
	uint64_t start_ns;
	uint32_t tid, program; /* tid 0: nobody */
	struct call_thread thread;
};

struct bpf_events {
	struct call_tally tally;
	int victim_count;
	struct bpf_victim victims[BPF_VICTIMS_MAX];
	/* By the last bits of tid. Where two threads meet the older one's refusals stay as they
	 * are.
	 */
	struct bpf_thread threads[BPF_THREADS_MAX];
};

void bpf_events_take(struct bpf_events *events, const struct bpf_event *event);

/* What it comes to, with what was counted in the kernel. with_library as in bpf_collect(). */
void bpf_events_sum(const struct bpf_events *events, const struct bpf_totals *totals,
	bool with_library, struct refusals *ret_refusals);

#endif
