/* SPDX-License-Identifier: MIT
 *
 * witness_bpf.c - the witness in the kernel in one run: it is there only where it was asked for by
 * name, and then a run without it would not be what was asked for.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/failure.h"
#include "base/text.h"
#include "engine/witnesses.h"

int witness_bpf_open(struct witnesses *witnesses, const struct cage *cage,
	struct memcage_failure *reterr_failure)
{
	if (cage->kind == CAGE_RLIMIT)
		return failure_set(reterr_failure, ENOTSUP,
			"--witness bpf knows the cage by its cgroup, and there is none here");
	return bpf_open(&witnesses->bpf, cage->memory.directory, cage->kind == CAGE_V1,
		witnesses->preload.fd, reterr_failure);
}

static void read_some(void *data)
{
	(void)bpf_read(data); /* what is left makes the descriptor ready again */
}

int witness_bpf_join(struct witnesses *witnesses, struct watch *watch)
{
	int fd = bpf_descriptor(&witnesses->bpf);

	if (fd < 0)
		return 0;
	return watch_observe(watch,
		&(struct watch_observer){ .fd = fd, .ready = read_some, .data = &witnesses->bpf });
}

static void note_losses(struct witnesses *witnesses, const struct refusals *calls)
{
	if (calls->calls_lost > 0)
		text_list_add(witnesses->notes,
			"%" PRIu64 " records of the bpf witness were lost: refusals are at least "
			"those counted, and some of them may have been retried with success",
			calls->calls_lost);
	if (calls->calls_unwatched > 0)
		text_list_add(witnesses->notes,
			"%" PRIu64 " processes were not watched by the bpf witness: there were "
			"too many at once",
			calls->calls_unwatched);
}

void witness_bpf_tell_refusals(struct witnesses *witnesses, struct refusals *refusals)
{
	struct refusals calls;
	int result;

	if (witnesses->bpf.sight == NULL)
		return;
	result = bpf_collect(&witnesses->bpf, !refusals->watched, &calls);
	if (result == 0) {
		witnesses->calls_seen = true;
		note_losses(witnesses, &calls);
		refusals_add_calls(refusals, &calls);
	} else if (result != -ENOEXEC) {
		text_list_add(witnesses->notes,
			"refused system calls were not seen: the bpf witness: %s",
			strerrordesc_np(-result));
	}
}

static bool in_log(const struct evidence *evidence, const struct bpf_victim *victim)
{
	for (int i = 0; i < evidence->kill_count; i++)
		if (evidence->kills[i].log.pid == victim->global_pid)
			return true;
	return false;
}

/* Every victim of the cage was told, with its pid as we see it: nothing limits their rate. But the
 * kernel marks processes, too, that were ending anyway; so no more than it counts kills. */
void witness_bpf_tell_victims(struct witnesses *witnesses, struct evidence *evidence)
{
	struct bpf_victim victims[BPF_VICTIMS_MAX];
	uint64_t kills = evidence->oom_kills.known ? evidence->oom_kills.value : 0;
	int count;

	if (!witnesses->calls_seen || witnesses->bpf.sight == NULL)
		return;
	if (evidence->backend == EVIDENCE_V1 && evidence->inner_oom_kills.known)
		kills += evidence->inner_oom_kills.value;
	count = bpf_victims(&witnesses->bpf, victims);
	for (int i = 0; i < count; i++) {
		struct evidence_kill *kill = &evidence->kills[evidence->kill_count];

		if (evidence->kill_count == EVIDENCE_KILLS_MAX ||
			(uint64_t)evidence->kill_count >= kills)
			break;
		if (in_log(evidence, &victims[i]))
			continue;
		memset(kill, 0, sizeof(*kill));
		kill->log.pid = victims[i].pid;
		kill->is_main = victims[i].is_main;
		kill->marked = true;
		text_copy(kill->log.command, sizeof(kill->log.command), victims[i].command);
		evidence->kill_count++;
	}
	evidence->victims_told = evidence->refusals.calls_lost == 0 &&
				 evidence->refusals.calls_unwatched == 0;
}
