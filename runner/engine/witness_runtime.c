/* SPDX-License-Identifier: MIT
 *
 * witness_runtime.c - the witness inside language runtimes in one run: it is there only where it
 * was asked for by name, and then a run without it would not be what was asked for.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/failure.h"
#include "base/text.h"
#include "engine/witnesses.h"

int witness_runtime_open(struct witnesses *witnesses, struct cage *cage,
	const struct memcage_spec *spec, struct memcage_failure *reterr_failure)
{
	struct runtime_witness *runtime = calloc(1, sizeof(*runtime));
	int result;

	if (runtime == NULL)
		return failure_set(reterr_failure, ENOMEM, "no memory for probes in runtimes");
	result = runtime_open(runtime, spec, reterr_failure);
	if (result < 0) {
		free(runtime);
		return result;
	}
	witnesses->runtime = runtime;
	text_copy(cage->tracing, sizeof(cage->tracing), runtime->tracing.name);
	return 0;
}

void witness_runtime_close(struct witnesses *witnesses)
{
	if (witnesses->runtime != NULL)
		runtime_close(witnesses->runtime);
	free(witnesses->runtime);
	witnesses->runtime = NULL;
}

static void runtime_ready(void *data)
{
	struct witnesses *witnesses = data;

	runtime_read(witnesses->runtime);
}

static void runtime_looked(void *data)
{
	struct witnesses *witnesses = data;

	runtime_look_at(witnesses->runtime, witnesses->processes);
}

int witness_runtime_join(struct witnesses *witnesses, struct watch *watch)
{
	if (witnesses->runtime == NULL)
		return 0;
	witnesses->processes = &watch->seen.processes;
	return watch_observe(watch, &(struct watch_observer){ .fd = witnesses->runtime->pipe,
					    .ready = runtime_ready,
					    .looked = runtime_looked,
					    .data = witnesses });
}

/* A shell passes on how its child ended, a signal as 128 more. */
static bool ends_as_documented(
	const struct runtime_failure *failure, const struct evidence *evidence)
{
	int status = evidence->status;

	if (!evidence->end_known)
		return false;
	if (signature_runtime_ends(failure->runtime, evidence->signaled, status))
		return true;
	return failure->pid != evidence->main_pid && !evidence->signaled && status > 128 &&
	       signature_runtime_ends(failure->runtime, true, status - 128);
}

void witness_runtime_tell(struct witnesses *witnesses, struct evidence *evidence)
{
	struct runtime_witness *runtime = witnesses->runtime;
	struct evidence_runtime *told = &evidence->runtime;

	if (runtime == NULL)
		return;
	runtime_read(runtime);
	told->watched = true;
	told->lost = runtime->lost;
	told->hits = runtime->hits;
	for (size_t i = 0; i < runtime->failure_count; i++) {
		const struct runtime_failure *failure = &runtime->failures[i];

		if (failure->is_thread && failure->pid != evidence->main_pid)
			told->unplaced_hits += failure->hits;
		if (told->main_hits > 0)
			continue;
		told->told = *failure;
		if (failure->pid == evidence->main_pid)
			told->main_hits = failure->hits;
	}
	told->status_matches = told->hits > 0 && ends_as_documented(&told->told, evidence);
	if (runtime->lost)
		text_list_add(witnesses->notes,
			"some of what the probes in runtimes saw was lost: there may have been "
			"more failures");
	if (runtime->images.failed || runtime->images.cut)
		text_list_add(witnesses->notes, "%s",
			runtime->images.failed
				? "the kernel refused some of the probes in runtimes"
				: "too many programs to look for runtimes in all of them");
	runtime_close(runtime);
}
