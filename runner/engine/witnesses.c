/* SPDX-License-Identifier: MIT */
#include "engine/witnesses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "cage/isolate.h"
#include "cage/spawn.h"

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

/* The library goes in whatever the main program is: its children may be dynamic where it is not. */
static void open_preload(struct witnesses *witnesses, struct memcage_spec *spec, struct cage *cage)
{
	struct text_list *notes = &cage->warnings;
	struct preload_witness *seen_inside = &witnesses->preload_inside;
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
	if (preload_open(&witnesses->preload, library, &failure) < 0) {
		text_list_add(notes, "refused allocations are not seen: %s", failure.detail);
		return;
	}
	*seen_inside = witnesses->preload;
	if (has_private_root(spec))
		share_preload(&witnesses->preload, cage, seen_inside);
	if (preload_environment(seen_inside, envp, &witnesses->environment) < 0) {
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
	return spec->at_limit == MEMCAGE_FAIL_AT_LIMIT && witnesses->main_uncovered;
}

static void open_trace(struct witnesses *witnesses, struct cage *cage)
{
	struct memcage_failure failure;

	if (trace_open(&witnesses->trace, witnesses->preload_inside.page_path,
		    cage->rlimit_data_bytes, &failure) < 0)
		text_list_add(
			witnesses->notes, "refused system calls are not seen: %s", failure.detail);
	else
		cage->tracer = &witnesses->trace.tracer;
}

void witnesses_open(struct witnesses *witnesses, struct memcage_spec *spec, struct cage *cage)
{
	struct text_list *notes = &cage->warnings;

	memset(witnesses, 0, sizeof(*witnesses));
	witnesses->kernel_log = -1;
	witnesses->mark = cage->mark;
	witnesses->notes = notes;
	witnesses->trace = TRACE_NONE;
	if (wants(spec, MEMCAGE_WITNESS_KMSG)) {
		witnesses->kernel_log = kernel_log_open();
		if (witnesses->kernel_log < 0 && spec->witnesses != MEMCAGE_WITNESS_AUTO)
			text_list_add(notes,
				"the kernel log cannot be read: %s (root, or "
				"kernel.dmesg_restrict=0)",
				strerrordesc_np(-witnesses->kernel_log));
	}
	witnesses->preload = witnesses->preload_inside = PRELOAD_NONE;
	if (wants(spec, MEMCAGE_WITNESS_PRELOAD))
		open_preload(witnesses, spec, cage);
	if (wants_trace(witnesses, spec))
		open_trace(witnesses, cage);
	witnesses->match_signatures = wants(spec, MEMCAGE_WITNESS_SIGNATURE);
}

void witnesses_started(struct witnesses *witnesses)
{
	trace_started(&witnesses->trace);
}

void witnesses_close(struct witnesses *witnesses)
{
	fd_close(&witnesses->kernel_log);
	preload_close(&witnesses->preload);
	trace_close(&witnesses->trace);
	free(witnesses->environment);
	witnesses->environment = NULL;
	free(witnesses->backtrace);
	witnesses->backtrace = NULL;
}

static const struct process *main_process(const struct witness_tap *tap)
{
	const struct happenings *seen = &tap->watch->seen;

	return processes_last_of(&seen->processes, seen->main_pid);
}

/* Who said so, and what it had mapped. It may have ended already: then what was seen last counts.
 */
static void look_at_speaker(struct witness_tap *tap, bool may_live)
{
	struct happenings *seen = &tap->watch->seen;
	const char *image = NULL;

	if (tap->looked || tap->matcher.first == NULL)
		return;
	tap->looked = true;
	if (tap->matcher.first->images == NULL)
		return;
	if (may_live)
		processes_look_at(&seen->processes, seen->main_pid);
	tap->speaker = main_process(tap);
	while (tap->speaker != NULL && (image = process_image_next(tap->speaker, image)) != NULL)
		if (signature_image_fits(tap->matcher.first, image))
			tap->image_mapped = true;
}

static void observe(void *data, const char *bytes, size_t size)
{
	struct witness_tap *tap = data;

	signature_feed(&tap->matcher, bytes, size);
	look_at_speaker(tap, !tap->watch->reaped);
}

void witnesses_observe(
	struct witnesses *witnesses, int number, struct stream *stream, struct watch *watch)
{
	if (!witnesses->match_signatures)
		return;
	witnesses->taps[number].watch = watch;
	stream->observe = observe;
	stream->observer = &witnesses->taps[number];
}

/* ---- the kernel log ---- */

/* Behind the mark a path ends or goes on below. */
static const char *behind_mark(const char *path, const char *mark)
{
	const char *found = strstr(path, mark);

	if (found == NULL)
		return NULL;
	found += strlen(mark);
	return *found == '\0' || *found == '/' ? found : NULL;
}

static void keep_ours(const struct kernel_kill *kill, void *data)
{
	struct witnesses *witnesses = data;

	/* Where rate limiting took the paths away only a pid is left; tell_kills() looks at it. */
	bool ours = behind_mark(kill->task_memcg, witnesses->mark) != NULL ||
		    kill->task_memcg[0] == '\0';

	if (ours && witnesses->kill_count < EVIDENCE_KILLS_MAX)
		witnesses->kills[witnesses->kill_count++] = *kill;
}

static enum limit_owner owner_of(const struct kernel_kill *kill, const char *mark)
{
	const char *rest = behind_mark(kill->oom_memcg, mark);

	if (rest != NULL)
		return *rest == '\0' ? OWNER_OWN : OWNER_INNER;
	if (strcmp(kill->constraint, "CONSTRAINT_MEMCG") == 0)
		return kill->oom_memcg[0] != '\0' ? OWNER_ANCESTOR : OWNER_UNKNOWN;
	return kill->constraint[0] != '\0' || kill->host_wide ? OWNER_HOST : OWNER_UNKNOWN;
}

/* The first pid namespace has a fixed inode number: there the log's pids are ours. */
static bool in_first_pid_namespace(void)
{
	struct stat facts;

	return stat("/proc/self/ns/pid", &facts) == 0 && facts.st_ino == 0xEFFFFFFCu;
}

static void tell_kills(struct witnesses *witnesses, struct evidence *evidence)
{
	struct kernel_kill last;

	if (witnesses->kernel_log < 0)
		return;
	if (kernel_log_read(witnesses->kernel_log, &witnesses->parser, keep_ours, witnesses) < 0)
		witnesses->log_gap = true;
	while (kernel_log_flush(&witnesses->parser, &last))
		keep_ours(&last, witnesses);
	evidence->log_readable = !witnesses->log_gap;
	evidence->log_pids_comparable = in_first_pid_namespace();
	for (int i = 0; i < witnesses->kill_count; i++) {
		const struct kernel_kill *log = &witnesses->kills[i];
		struct evidence_kill *kill = &evidence->kills[evidence->kill_count];

		kill->log = *log;
		kill->owner = owner_of(log, witnesses->mark);
		kill->is_main = evidence->log_pids_comparable && log->pid == evidence->main_pid;
		if (log->task_memcg[0] != '\0' || (kill->is_main && evidence->signaled))
			evidence->kill_count++;
	}
}

/* ---- text ---- */

static void tell_signatures(struct witnesses *witnesses, struct evidence *evidence)
{
	struct evidence_signature *told = &evidence->signature;

	/* stderr first: that is where runtimes speak; a match whose status fits beats one that does
	 * not */
	for (int i = 1; i >= 0; i--) {
		struct witness_tap *tap = &witnesses->taps[i];
		struct signature_matcher *matcher = &tap->matcher;
		bool fits;

		signature_end(matcher);
		if (matcher->first == NULL)
			continue;
		look_at_speaker(tap, false);
		fits = evidence->end_known && signature_status_matches(matcher->first,
						      evidence->signaled, evidence->status);
		if (told->seen && (told->status_matches || !fits))
			continue;
		told->seen = true;
		told->status_matches = fits;
		told->is_heap_cap = matcher->first->is_heap_cap;
		told->is_start = matcher->first->at_start;
		/* Still the same program at the end: its status is that of who said so. */
		told->image_matches = tap->image_mapped && tap->speaker == main_process(tap);
		text_copy(told->runtime, sizeof(told->runtime), matcher->first->runtime);
		text_copy(told->text, sizeof(told->text), matcher->text);
	}
}

/* ---- refusals ---- */

static void tell_traced(struct witnesses *witnesses, struct refusals *refusals)
{
	struct refusals traced;
	const char *why;
	int result;

	if (witnesses->trace.page == NULL)
		return;
	result = trace_collect(&witnesses->trace, !refusals->watched, &traced, &why);
	if (result == 0) {
		witnesses->traced = true;
		refusals_add_traced(refusals, &traced);
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

void witnesses_tell(
	struct witnesses *witnesses, const struct preload_limits *limits, struct evidence *evidence)
{
	tell_kills(witnesses, evidence);
	if (witnesses->preload.fd >= 0)
		preload_collect(
			&witnesses->preload, limits, evidence->main_own_pid, &evidence->refusals);
	tell_traced(witnesses, &evidence->refusals);
	tell_backtrace(witnesses, &evidence->refusals);
	if (witnesses->match_signatures)
		tell_signatures(witnesses, evidence);
}
