/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "witness/oom_log.h"
#include "witness/oom_sentence.h"
#include "witness/printable.h"

/* Which of two origins says less. */
static enum log_origin weaker(enum log_origin a, enum log_origin b)
{
	static const int trust[] = {
		[LOG_KERNEL] = 3, [LOG_UNMARKED] = 2, [LOG_CONTAINER] = 1, [LOG_FOREIGN] = 0
	};

	return trust[a] < trust[b] ? a : b;
}

/* What was only begun in the log's last or first lines, and of which nothing is known but numbers,
 * is no incident. */
static bool tells_something(const struct oom_incident *incident)
{
	return incident->victim_count > 0 || incident->has_header || incident->no_victim;
}

void oom_open_close(struct oom_log *log, struct oom_open *open)
{
	oom_incident_finish(&open->incident);
	if (tells_something(&open->incident))
		log->found(&open->incident, log->data);
	open->used = false;
	log->open_count--;
}

/* /dev/kmsg counts microseconds; dmesg says the same in seconds. */
static void store_time(struct oom_incident *incident, const struct log_line *line)
{
	struct span at = line->at;
	uint64_t us;

	if (line->escaped && span_take_number(&at, &us))
		(void)snprintf(incident->at, sizeof(incident->at), "%llu.%06llu",
			(unsigned long long)(us / 1000000), (unsigned long long)(us % 1000000));
	else
		(void)printable_copy(incident->at, sizeof(incident->at), at.at, at.length);
}

struct oom_open *oom_open_new(struct oom_log *log, const struct log_line *line, uint64_t key)
{
	struct oom_open *chosen = NULL;

	/* A kill of the same machine that is told to its end is followed by nothing of its own. */
	for (int i = 0; i < OOM_OPEN_MAX; i++)
		if (log->open[i].used && log->open[i].killed && log->open[i].key == key)
			oom_open_close(log, &log->open[i]);
	for (int i = 0; i < OOM_OPEN_MAX && (chosen == NULL || chosen->used); i++)
		if (!log->open[i].used)
			chosen = &log->open[i];
		else if (chosen == NULL)
			chosen = &log->open[i];
	for (int i = 0; i < OOM_OPEN_MAX && chosen->used; i++)
		if (log->open[i].touched < chosen->touched)
			chosen = &log->open[i];
	if (chosen->used)
		oom_open_close(log, chosen);
	memset(chosen, 0, offsetof(struct oom_open, pids));
	chosen->incident = (struct oom_incident){
		.first_line = log->line_number,
		.origin = line->origin,
	};
	chosen->used = true;
	chosen->key = key;
	(void)printable_copy(chosen->incident.host, sizeof(chosen->incident.host), line->host.at,
		line->host.length);
	store_time(&chosen->incident, line);
	log->open_count++;
	oom_open_touch(log, chosen, line);
	return chosen;
}

struct oom_open *oom_open_latest(struct oom_log *log, uint64_t key)
{
	struct oom_open *latest = NULL;

	for (int i = 0; i < OOM_OPEN_MAX; i++) {
		struct oom_open *open = &log->open[i];

		if (open->used && open->key == key &&
			(latest == NULL || open->touched > latest->touched))
			latest = open;
	}
	return latest;
}

void oom_open_touch(struct oom_log *log, struct oom_open *open, const struct log_line *line)
{
	open->touched = log->line_number;
	open->incident.last_line = log->line_number;
	open->incident.origin = weaker(open->incident.origin, line->origin);
}

bool oom_open_has_pid(const struct oom_open *open, int pid)
{
	for (int i = 0; i < open->pid_count; i++)
		if (open->pids[i] == pid)
			return true;
	return false;
}
