/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "witness/oom_log.h"
#include "witness/oom_number.h"
#include "witness/oom_sentence.h"
#include "witness/printable.h"

/* The incident that a sentence about this process belongs to: the one that announced it, else one
 * whose list of tasks has it, else the last that still waits for its kill; NULL where there is
 * none. */
static struct oom_open *open_for(struct oom_log *log, uint64_t key, int pid)
{
	struct oom_open *listed = NULL, *waiting = NULL;

	for (int i = 0; i < OOM_OPEN_MAX; i++) {
		struct oom_open *open = &log->open[i];

		if (!open->used || open->key != key || open->killed)
			continue;
		if (open->announced_pid != 0 && open->announced_pid == pid)
			return open;
		if (open->announced_pid != 0)
			continue;
		if (oom_open_has_pid(open, pid) &&
			(listed == NULL || open->touched > listed->touched))
			listed = open;
		if (waiting == NULL || open->touched > waiting->touched)
			waiting = open;
	}
	return listed != NULL ? listed : waiting;
}

static struct oom_victim *victim_of(struct oom_incident *incident, int pid)
{
	int kept = incident->victim_count < OOM_VICTIMS_MAX ? incident->victim_count
							    : OOM_VICTIMS_MAX;

	for (int i = 0; i < kept; i++)
		if (incident->victims[i].pid == pid)
			return &incident->victims[i];
	if (incident->victim_count++ >= OOM_VICTIMS_MAX)
		return NULL;
	incident->victims[kept] = (struct oom_victim){ .pid = pid };
	return &incident->victims[kept];
}

static enum oom_scope scope_of(const struct kernel_kill *kill)
{
	static const struct {
		const char *constraint;
		enum oom_scope scope;
	} scopes[] = {
		{ "CONSTRAINT_MEMCG", OOM_SCOPE_MEMCG },
		{ "CONSTRAINT_CPUSET", OOM_SCOPE_CPUSET },
		{ "CONSTRAINT_MEMORY_POLICY", OOM_SCOPE_MEMPOLICY },
		{ "CONSTRAINT_NONE", OOM_SCOPE_HOST },
	};

	for (size_t i = 0; i < sizeof(scopes) / sizeof(*scopes); i++)
		if (strcmp(kill->constraint, scopes[i].constraint) == 0)
			return scopes[i].scope;
	return kill->host_wide ? OOM_SCOPE_HOST : OOM_SCOPE_UNKNOWN;
}

/* Constraint and paths, and from them whose limit it was. */
static void take_story(struct oom_incident *incident, const struct kernel_kill *kill)
{
	enum oom_scope scope = scope_of(kill);
	bool is_memcg = scope == OOM_SCOPE_MEMCG;

	if (kill->constraint[0] != '\0')
		memcpy(incident->constraint, kill->constraint, sizeof(incident->constraint));
	if (kill->oom_memcg[0] != '\0')
		memcpy(incident->oom_memcg, kill->oom_memcg, sizeof(incident->oom_memcg));
	if (kill->task_memcg[0] != '\0')
		memcpy(incident->task_memcg, kill->task_memcg, sizeof(incident->task_memcg));
	if (scope == OOM_SCOPE_UNKNOWN || incident->scope == OOM_SCOPE_SYSRQ)
		return;
	if (incident->scope == OOM_SCOPE_UNKNOWN || (!is_memcg && scope != OOM_SCOPE_HOST))
		incident->scope = scope;
}

/* Reads the collected oom-kill line. With the command known it can be read without a doubt. */
static void read_story(struct oom_open *open, const char *command, size_t command_length)
{
	struct kernel_kill kill;
	struct oom_victim *victim;

	if (!log_oom_kill_line(open->line, open->line_length, command, command_length, &kill))
		return;
	open->line_open = false;
	open->announced_pid = kill.pid;
	take_story(&open->incident, &kill);
	oom_place_read((struct span){ open->line, open->line_length }, &open->incident);
	if (command != NULL)
		return;
	victim = victim_of(&open->incident, kill.pid);
	if (victim == NULL)
		return;
	victim->announced = true;
	memcpy(victim->command, kill.command, sizeof(victim->command));
}

static void collect(struct oom_open *open, struct span text)
{
	if (text.length > sizeof(open->line) - open->line_length) {
		open->line_open = false; /* longer than any line of use */
		return;
	}
	memcpy(open->line + open->line_length, text.at, text.length);
	open->line_length += text.length;
	read_story(open, NULL, 0);
}

/* Takes "pid=N" from the line's end, to know which of two open incidents it belongs to. */
static int pid_of_line(const struct log_record *record)
{
	struct kernel_kill kill;

	return log_oom_kill_line(record->text, record->length, NULL, 0, &kill) ? kill.pid : 0;
}

static void announce(struct oom_log *log, const struct log_line *line, uint64_t key,
	const struct log_record *record)
{
	struct oom_open *open = open_for(log, key, pid_of_line(record));

	if (open == NULL || open->line_length > 0)
		open = oom_open_new(log, line, key);
	oom_open_touch(log, open, line);
	open->line_open = true;
	collect(open, (struct span){ record->text, record->length });
}

static void tell_paths(struct oom_log *log, const struct log_line *line, uint64_t key,
	const struct log_record *record)
{
	struct oom_open *open = open_for(log, key, 0);
	struct kernel_kill kill;

	if (!log_task_in_line(record->text, record->length, &kill))
		return;
	if (open == NULL)
		open = oom_open_new(log, line, key);
	oom_open_touch(log, open, line);
	take_story(&open->incident, &kill);
}

/* "12 (name) score 900 or sacrifice child" */
static void choose(struct oom_log *log, const struct log_line *line, uint64_t key,
	const struct log_record *record)
{
	struct span text = { record->text, record->length };
	const char *at = span_find_last(text, ") score ");
	struct kernel_kill kill = { .host_wide = record->host_wide };
	struct oom_open *open;
	uint64_t pid, score;

	if (!span_take_number(&text, &pid) || pid == 0 || pid > INT32_MAX || at == NULL)
		return;
	open = open_for(log, key, (int)pid);
	if (open == NULL)
		open = oom_open_new(log, line, key);
	oom_open_touch(log, open, line);
	if (record->is_memcg)
		memcpy(kill.constraint, "CONSTRAINT_MEMCG", sizeof("CONSTRAINT_MEMCG"));
	take_story(&open->incident, &kill);
	text = span_from(text, at + strlen(") score "));
	if (span_take_number(&text, &score)) /* of whoever is killed: it, or a child of it */
		open->incident.victims[0].score = counter_of(score);
}

static void fill_victim(struct oom_victim *victim, const struct log_victim *killed)
{
	victim->announced = false;
	memcpy(victim->command, killed->kill.command, sizeof(victim->command));
	victim->user = killed->user;
	victim->total_vm_bytes = killed->total_vm_bytes;
	victim->anon_bytes = killed->kill.anon_bytes;
	victim->file_bytes = killed->kill.file_bytes;
	victim->shmem_bytes = killed->kill.shmem_bytes;
	victim->page_table_bytes = killed->page_table_bytes;
	victim->oom_score_adj = oom_number_of(killed->oom_score_adj);
}

/* A line of the host's cannot end the story of a group's limit, nor the other way round. */
static bool contradicts(const struct oom_open *open, const struct log_record *record)
{
	bool is_group = open->incident.scope == OOM_SCOPE_MEMCG ||
			open->incident.scope == OOM_SCOPE_MEMCG_V1 ||
			open->incident.scope == OOM_SCOPE_MEMCG_V2;

	if (open->incident.scope == OOM_SCOPE_UNKNOWN)
		return false;
	return is_group ? record->host_wide : record->is_memcg;
}

static void finish(struct oom_log *log, const struct log_line *line, uint64_t key,
	const struct log_record *record)
{
	struct oom_open *open, *last = oom_open_latest(log, key);
	struct log_victim killed;
	struct oom_victim *victim;
	struct counter score;

	if (!log_killed_line(record, &killed))
		return;
	if (last != NULL && last->killed && last->incident.group[0] != '\0') {
		open = last; /* one after the other, the first one once more */
	} else {
		open = open_for(log, key, killed.kill.pid);
		if (open == NULL || contradicts(open, record))
			open = oom_open_new(log, line, key);
	}
	oom_open_touch(log, open, line);
	take_story(&open->incident, &killed.kill);
	score = open->incident.victim_count == 0 ? open->incident.victims[0].score
						 : (struct counter){ 0 };
	if (open->announced_pid == killed.kill.pid)
		read_story(open, killed.command, killed.command_length);
	victim = victim_of(&open->incident, killed.kill.pid);
	open->killed = true;
	if (victim == NULL)
		return;
	if (score.known)
		victim->score = score;
	fill_victim(victim, &killed);
}

static void tell_group(struct oom_log *log, const struct log_line *line, uint64_t key,
	const struct log_record *record)
{
	struct oom_open *open = oom_open_latest(log, key);

	if (open == NULL)
		return;
	oom_open_touch(log, open, line);
	(void)log_group_line(
		record->text, record->length, open->incident.group, sizeof(open->incident.group));
}

/* "OOM victim 12 (name) is already exiting. Skip killing the task" */
static void skip(struct oom_log *log, const struct log_line *line, uint64_t key,
	const struct log_record *record)
{
	int pid = log_exiting_pid(record);
	struct oom_open *open = open_for(log, key, pid);
	struct oom_victim *victim;

	if (open == NULL || pid == 0)
		return;
	oom_open_touch(log, open, line);
	victim = victim_of(&open->incident, pid);
	if (victim != NULL)
		victim->exiting = true;
}

bool oom_log_kill(struct oom_log *log, const struct log_line *line, uint64_t key,
	const struct log_record *record)
{
	static void (*const readers[])(struct oom_log * log, const struct log_line *line,
		uint64_t key, const struct log_record *record) = {
		[LOG_OOM_KILL] = announce,
		[LOG_TASK_IN] = tell_paths,
		[LOG_GROUP] = tell_group,
		[LOG_SACRIFICE] = choose,
		[LOG_EXITING] = skip,
		[LOG_KILLED] = finish,
	};
	struct oom_open *open = oom_open_latest(log, key);

	if (record->kind != LOG_OTHER) {
		if (open != NULL)
			open->line_open = false;
		readers[record->kind](log, line, key, record);
		return true;
	}
	if (open == NULL || !open->line_open)
		return false;
	oom_open_touch(log, open, line);
	collect(open, (struct span){ record->text, record->length });
	return true;
}
