/* SPDX-License-Identifier: MIT */
#include "engine/witnesses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "base/text.h"
#include "cage/isolate.h"
#include "cage/spawn.h"
#include "engine/refuse.h"

static bool wants(const struct memcage_spec *spec, enum memcage_witness witness)
{
	return spec->witnesses == MEMCAGE_WITNESS_AUTO ||
	       (spec->witnesses & (uint32_t)witness) != 0;
}

/* Behind walls the host's paths do not exist. */
#define INSIDE "/run/memcage/"

static bool has_private_root(const struct memcage_spec *spec)
{
	return spec->policy != NULL &&
	       is_given(spec->policy->isolation.wanted, GUARANTEE_PRIVATE_ROOT);
}

/* Library and page go along, to paths of their own. */
static void share_preload(const struct preload_witness *witness, struct cage *cage,
	struct preload_witness *ret_inside)
{
	*ret_inside = *witness;
	text_copy(ret_inside->library, sizeof(ret_inside->library), INSIDE PRELOAD_LIBRARY);
	text_copy(ret_inside->page_path, sizeof(ret_inside->page_path), INSIDE "page");
	cage->shares[0] = (struct mount_share){ witness->library, INSIDE PRELOAD_LIBRARY, false };
	cage->shares[1] = (struct mount_share){ witness->page_path, INSIDE "page", true };
}

/* The library goes in whatever the main program is: its children may be dynamic where it is not.
 * *ret_inside is the same by the command's paths; it owns nothing. */
static void open_preload(struct witnesses *witnesses, struct memcage_spec *spec, struct cage *cage,
	struct preload_witness *ret_inside)
{
	struct text_list *notes = &cage->warnings;
	const char *const *envp = spec->envp ? spec->envp : (const char *const *)environ;
	char library[PRELOAD_PATH_SIZE], executable[4096];
	struct memcage_failure failure;

	if (preload_library_path(library, sizeof(library)) < 0) {
		text_list_add(notes,
			"libmemcage-witness.so was not found: refused allocations are not seen");
		return;
	}
	if (spec->set_user && !has_private_root(spec) &&
		!preload_readable_for(library, spec->user_id, spec->group_id)) {
		text_list_add(notes, "refused allocations are not seen: user %u may not read %s",
			spec->user_id, library);
		return;
	}
	if (preload_open(&witnesses->preload, library, &witnesses->room, &failure) < 0) {
		text_list_add(notes, "refused allocations are not seen: %s", failure.detail);
		return;
	}
	*ret_inside = witnesses->preload;
	if (has_private_root(spec))
		share_preload(&witnesses->preload, cage, ret_inside);
	if (preload_environment(ret_inside, envp, &witnesses->environment) < 0) {
		preload_close(&witnesses->preload);
		return;
	}
	spec->envp = (const char *const *)witnesses->environment;
	witnesses->main_uncovered = executable_find(spec, executable, sizeof(executable)) == 0 &&
				    !preload_possible_for(executable, &witnesses->why_uncovered);
}

/* Without being asked only where nothing else can see a refusal, and refusals are to be expected:
 * it costs time, and may set no_new_privs. */
static bool wants_trace(const struct witnesses *witnesses, const struct memcage_spec *spec)
{
	if (spec->witnesses != MEMCAGE_WITNESS_AUTO)
		return (spec->witnesses & MEMCAGE_WITNESS_TRACE) != 0;
	return witnesses->main_uncovered &&
	       (spec->at_limit == MEMCAGE_FAIL_AT_LIMIT || spec->injection_count > 0);
}

static void open_trace(
	struct witnesses *witnesses, const struct preload_witness *inside, struct cage *cage)
{
	struct memcage_failure failure;

	if (trace_open(&witnesses->trace, inside->page_path, &witnesses->room, &failure) < 0)
		text_list_add(
			witnesses->notes, "refused system calls are not seen: %s", failure.detail);
	else
		cage->tracer = &witnesses->trace.tracer;
}

int witnesses_check(const struct memcage_spec *spec, struct memcage_failure *reterr_failure)
{
	const char *why, *remedy;

	if ((spec->witnesses & MEMCAGE_WITNESS_BPF) != 0 && !bpf_possible(&why, &remedy))
		return failure_set(reterr_failure, ENOTSUP, "--witness bpf: %s; %s", why, remedy);
	if ((spec->witnesses & MEMCAGE_WITNESS_RUNTIME) != 0)
		return runtime_possible(reterr_failure);
	return 0;
}

/* It was asked for: a run in which nothing can be refused on purpose is none. */
static int inject(struct witnesses *witnesses, const struct memcage_spec *spec,
	struct memcage_failure *failure)
{
	struct injection_plan plan = { .count = (uint32_t)spec->injection_count };
	bool has_preload = witnesses->preload.fd >= 0, has_trace = witnesses->trace.page != NULL;
	int result = 0;

	if (spec->injection_count == 0)
		return 0;
	if (!has_trace && (!has_preload || witnesses->main_uncovered))
		return failure_set(failure, ENOTSUP, "--fail-alloc cannot get at %s: %s",
			spec->argv[0],
			witnesses->why_uncovered != NULL
				? witnesses->why_uncovered
				: "there is neither the preloaded witness nor a tracer");
	memcpy(plan.rules, spec->injections, spec->injection_count * sizeof(*plan.rules));
	if (has_trace)
		trace_inject(&witnesses->trace, &plan);
	if (has_preload)
		result = preload_inject(&witnesses->preload, &plan);
	return result < 0 ? failure_errno(failure, -result, "--fail-alloc") : 0;
}

int witnesses_open(struct witnesses *witnesses, struct memcage_spec *spec, struct cage *cage,
	struct memcage_failure *reterr_failure)
{
	struct text_list *notes = &cage->warnings;
	struct preload_witness inside = PRELOAD_NONE;
	int result = 0;

	witnesses->kernel_log = -1;
	witnesses->mark = cage->mark;
	witnesses->notes = notes;
	witnesses->trace = TRACE_NONE;
	witnesses->room = refuse_room(cage);
	if (wants(spec, MEMCAGE_WITNESS_KMSG)) {
		witnesses->kernel_log = kernel_log_open();
		if (witnesses->kernel_log < 0 && spec->witnesses != MEMCAGE_WITNESS_AUTO)
			text_list_add(notes,
				"the kernel log cannot be read: %s (root, or "
				"kernel.dmesg_restrict=0)",
				strerrordesc_np(-witnesses->kernel_log));
	}
	witnesses->preload = PRELOAD_NONE;
	if (wants(spec, MEMCAGE_WITNESS_PRELOAD))
		open_preload(witnesses, spec, cage, &inside);
	if (wants_trace(witnesses, spec))
		open_trace(witnesses, &inside, cage);
	witnesses->match_signatures = wants(spec, MEMCAGE_WITNESS_SIGNATURE);
	result = inject(witnesses, spec, reterr_failure);
	if (result == 0 && (spec->witnesses & MEMCAGE_WITNESS_BPF) != 0)
		result = witness_bpf_open(witnesses, cage, reterr_failure);
	if (result == 0 && (spec->witnesses & MEMCAGE_WITNESS_RUNTIME) != 0)
		result = witness_runtime_open(witnesses, cage, spec, reterr_failure);
	return result;
}

void witnesses_started(struct witnesses *witnesses)
{
	trace_started(&witnesses->trace);
	if (witnesses->runtime != NULL)
		runtime_started(witnesses->runtime);
	free(witnesses->environment);
	witnesses->environment = NULL;
}

int witnesses_join(struct witnesses *witnesses, struct watch *watch)
{
	int result = witness_bpf_join(witnesses, watch);

	if (result == 0)
		result = witness_runtime_join(witnesses, watch);
	return result == 0 ? witness_last_words_join(witnesses, watch->spec, watch) : result;
}

void witnesses_close(struct witnesses *witnesses)
{
	fd_close(&witnesses->kernel_log);
	preload_close(&witnesses->preload);
	trace_close(&witnesses->trace);
	bpf_close(&witnesses->bpf);
	witness_runtime_close(witnesses);
	witness_last_words_close(witnesses);
	free(witnesses->environment);
	witnesses->environment = NULL;
	free(witnesses->backtrace);
	witnesses->backtrace = NULL;
}

static void tell_traced(struct witnesses *witnesses, struct refusals *refusals)
{
	struct refusals traced;
	const char *why;
	int result;

	if (witnesses->trace.page == NULL)
		return;
	result = trace_collect(&witnesses->trace, !refusals->watched, &traced, &why);
	if (result == 0) {
		witnesses->calls_seen = true;
		refusals_add_calls(refusals, &traced);
	} else if (result != -ENOEXEC) {
		text_list_add(witnesses->notes, "refused system calls were not seen: %s: %s", why,
			strerrordesc_np(-result));
	}
}

/* A line that the program's own runtime told is the better one. */
static void tell_backtrace(struct witnesses *witnesses, struct refusals *refusals)
{
	struct refusal *first = &refusals->first;

	if (!refusals->first_known || first->sequence == 0)
		return;
	witnesses->backtrace = malloc(sizeof(*witnesses->backtrace));
	if (witnesses->backtrace == NULL || backtrace_find(witnesses->preload.fd, first->record,
						    first->sequence, witnesses->backtrace) < 0) {
		free(witnesses->backtrace);
		witnesses->backtrace = NULL;
		return;
	}
	if (first->source_line[0] == '\0')
		text_copy(first->source_line, sizeof(first->source_line),
			backtrace_source_line(witnesses->backtrace));
}

void witnesses_tell(struct witnesses *witnesses, struct evidence *evidence)
{
	witness_kernel_log_tell(witnesses, evidence);
	if (witnesses->preload.fd >= 0)
		preload_collect(&witnesses->preload, evidence->main_own_pid, &evidence->refusals);
	tell_traced(witnesses, &evidence->refusals);
	witness_bpf_tell_refusals(witnesses, &evidence->refusals);
	witness_bpf_tell_victims(witnesses, evidence);
	tell_backtrace(witnesses, &evidence->refusals);
	witness_runtime_tell(witnesses, evidence);
	witness_last_words_tell(witnesses);
	if (witnesses->match_signatures)
		witness_signature_tell(witnesses, evidence);
}
