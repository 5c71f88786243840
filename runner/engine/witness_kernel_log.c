/* SPDX-License-Identifier: MIT
 *
 * witness_kernel_log.c - the kernel log in one run: its OOM kills that are ours, and whose limit it
 * was.
 */
#include <string.h>
#include <sys/stat.h>

#include "engine/witnesses.h"

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

	/* Where rate limiting took the paths away only a pid is left; witness_kernel_log_tell()
	 * looks at it. */
	bool ours = behind_mark(kill->task_memcg, witnesses->mark) != NULL ||
		    kill->task_memcg[0] == '\0';

	if (ours && witnesses->kill_count < EVIDENCE_KILLS_MAX)
		witnesses->rare->kills[witnesses->kill_count++] = *kill;
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

void witness_kernel_log_tell(struct witnesses *witnesses, struct evidence *evidence)
{
	struct kernel_kill last;

	if (witnesses->kernel_log < 0)
		return;
	if (kernel_log_read(witnesses->kernel_log, &witnesses->rare->parser, keep_ours, witnesses) <
		0)
		witnesses->log_gap = true;
	while (kernel_log_flush(&witnesses->rare->parser, &last))
		keep_ours(&last, witnesses);
	evidence->log_readable = !witnesses->log_gap;
	evidence->log_pids_comparable = in_first_pid_namespace();
	for (int i = 0; i < witnesses->kill_count; i++) {
		const struct kernel_kill *log = &witnesses->rare->kills[i];
		struct evidence_kill *kill = &evidence->kills[evidence->kill_count];

		kill->log = *log;
		kill->owner = owner_of(log, witnesses->mark);
		kill->is_main = evidence->log_pids_comparable && log->pid == evidence->main_pid;
		if (log->task_memcg[0] != '\0' || (kill->is_main && evidence->signaled))
			evidence->kill_count++;
	}
}
