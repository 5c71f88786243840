/* SPDX-License-Identifier: MIT */
#include "engine/witnesses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "cage/spawn.h"
#include "witness/image.h"

static bool wants(const struct memcage_spec *spec, enum memcage_witness witness)
{
	return spec->witnesses == MEMCAGE_WITNESS_AUTO ||
	       (spec->witnesses & (uint32_t)witness) != 0;
}

static bool allowed(const struct stat *facts, uint32_t user, uint32_t group, mode_t right)
{
	if (user == 0)
		return true;
	if (facts->st_uid == user)
		return (facts->st_mode & (right << 6)) != 0;
	return (facts->st_mode & (facts->st_gid == group ? right << 3 : right)) != 0;
}

/* Whether a user gets to a file by its path: else the loader would complain on the command's
 * standard error. */
static bool readable_for(const char *path, uint32_t user, uint32_t group)
{
	char part[PRELOAD_PATH_SIZE];
	struct stat facts;

	for (size_t end = 1; path[end - 1] != '\0'; end++) {
		if (path[end] != '/' && path[end] != '\0')
			continue;
		text_copy(part, end + 1, path);
		if (stat(part, &facts) < 0 ||
			!allowed(&facts, user, group, S_ISDIR(facts.st_mode) ? 1 : 4))
			return false;
		if (path[end] == '\0')
			break;
	}
	return true;
}

/* The library goes in whatever the main program is: its children may be dynamic where it is not. */
static void open_preload(
	struct witnesses *witnesses, struct memcage_spec *spec, struct text_list *notes)
{
	const char *const *envp = spec->envp ? spec->envp : (const char *const *)environ;
	char library[PRELOAD_PATH_SIZE], executable[4096];
	struct memcage_failure failure;

	if (preload_library_path(library, sizeof(library)) < 0) {
		text_list_add(notes,
			"libmemcage-witness.so was not found: refused allocations are not seen");
		return;
	}
	if (spec->set_user && !readable_for(library, spec->user_id, spec->group_id)) {
		text_list_add(notes, "refused allocations are not seen: user %u may not read %s",
			spec->user_id, library);
		return;
	}
	if (preload_open(&witnesses->preload, library, &failure) < 0) {
		text_list_add(notes, "refused allocations are not seen: %s", failure.detail);
		return;
	}
	if (preload_environment(&witnesses->preload, envp, &witnesses->environment) < 0) {
		preload_close(&witnesses->preload);
		return;
	}
	spec->envp = (const char *const *)witnesses->environment;
	witnesses->main_uncovered = executable_find(spec, executable, sizeof(executable)) == 0 &&
				    !preload_possible_for(executable, &witnesses->why_uncovered);
}

void witnesses_open(struct witnesses *witnesses, struct memcage_spec *spec, const char *mark,
	struct text_list *notes)
{
	memset(witnesses, 0, sizeof(*witnesses));
	witnesses->kernel_log = -1;
	witnesses->mark = mark;
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
		open_preload(witnesses, spec, notes);
	witnesses->match_signatures = wants(spec, MEMCAGE_WITNESS_SIGNATURE);
}

void witnesses_close(struct witnesses *witnesses)
{
	fd_close(&witnesses->kernel_log);
	preload_close(&witnesses->preload);
	free(witnesses->environment);
	witnesses->environment = NULL;
}

static void observe(void *data, const char *bytes, size_t size)
{
	signature_feed(data, bytes, size);
}

void witnesses_observe(struct witnesses *witnesses, int number, struct stream *stream)
{
	if (!witnesses->match_signatures)
		return;
	stream->observe = observe;
	stream->observer = &witnesses->matchers[number];
}

/* A process is looked at when its age has doubled: it may become a runtime by exec, or load one,
 * and once it has spoken it ends too soon to be sure of a look. */
void witnesses_look(struct witnesses *witnesses, int main_pid, uint64_t now_us)
{
	bool spoke = witnesses->matchers[0].first != NULL || witnesses->matchers[1].first != NULL;
	bool through;

	if (!witnesses->match_signatures || witnesses->image != NULL || main_pid <= 0)
		return;
	if (witnesses->first_look_us == 0)
		witnesses->first_look_us = now_us;
	if (now_us < witnesses->next_look_us && (!spoke || witnesses->looked_at_message))
		return;
	/* before exec it is a copy of whoever called us, who may be a runtime too */
	if (exec_is_through(main_pid, &through) < 0 || !through)
		return;
	witnesses->looked_at_message = spoke;
	witnesses->image = image_mapped(main_pid, signature_images);
	witnesses->next_look_us = now_us + (now_us - witnesses->first_look_us);
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
		struct signature_matcher *matcher = &witnesses->matchers[i];
		bool fits;

		signature_end(matcher);
		if (matcher->first == NULL)
			continue;
		fits = evidence->end_known && signature_status_matches(matcher->first,
						      evidence->signaled, evidence->status);
		if (told->seen && (told->status_matches || !fits))
			continue;
		told->seen = true;
		told->status_matches = fits;
		told->is_heap_cap = matcher->first->is_heap_cap;
		told->image_matches = matcher->first->image != NULL && witnesses->image != NULL &&
				      strcmp(matcher->first->image, witnesses->image) == 0;
		text_copy(told->runtime, sizeof(told->runtime), matcher->first->runtime);
		text_copy(told->text, sizeof(told->text), matcher->text);
	}
}

void witnesses_tell(struct witnesses *witnesses, struct evidence *evidence)
{
	tell_kills(witnesses, evidence);
	if (witnesses->preload.fd >= 0)
		preload_collect(&witnesses->preload,
			evidence->rlimit_data_bytes.known ? evidence->rlimit_data_bytes.value
							  : UINT64_MAX,
			evidence->main_pid, &evidence->refusals);
	if (witnesses->match_signatures)
		tell_signatures(witnesses, evidence);
}
