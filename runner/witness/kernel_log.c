/* SPDX-License-Identifier: MIT */
#include "witness/kernel_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/fd.h"
#include "witness/kernel_log_line.h"
#include "witness/printable.h"

/* The kernel prints the members of a killed group one after the other, in one go. A "Killed
 * process" that comes later than this is another story. */
#define GROUP_PAUSE_US 100000

/* The kernel never prints so much at once; who floods the log must not keep us here for ever. */
#define RECORDS_PER_READ 65536

/* One feed can finish two kills: the second is held until the next. */
static void give(struct kernel_log_parser *parser, const struct kernel_kill *kill,
	struct kernel_kill *ret_kill, bool *given)
{
	if (!*given) {
		*ret_kill = *kill;
		*given = true;
		return;
	}
	parser->held = *kill;
	parser->has_held = true;
}

/* Between the first kill of a group and the others: the others inherit whose limit it was. */
static void lead_group(struct kernel_log_parser *parser, const struct log_record *record)
{
	if (parser->last.pid == 0 ||
		!log_group_line(parser->line, parser->line_length, parser->last.task_memcg,
			sizeof(parser->last.task_memcg)))
		return;
	parser->last.by_group = true;
	parser->last_leads_group = true;
	parser->group_us = record->time_us;
}

/* The collected line is complete: take from it what it tells. */
static void close_line(struct kernel_log_parser *parser, const struct log_record *record)
{
	if (!parser->line_open)
		return;
	parser->line_open = false;
	if (parser->line_kind == LOG_GROUP) {
		lead_group(parser, record);
		return;
	}
	parser->has_pending = parser->line_kind == LOG_OOM_KILL
				      ? log_oom_kill_line(parser->line, parser->line_length, NULL,
						0, &parser->pending)
				      : log_task_in_line(parser->line, parser->line_length,
						&parser->pending);
}

static void collect(struct kernel_log_parser *parser, const struct log_record *record)
{
	size_t room = sizeof(parser->line) - parser->line_length;

	if (record->length > room) { /* longer than any line of use: forget it, not cut it */
		parser->line_open = false;
		parser->has_pending = false;
		return;
	}
	memcpy(parser->line + parser->line_length, record->text, record->length);
	parser->line_length += record->length;
}

static void open_line(
	struct kernel_log_parser *parser, const struct log_record *record, enum log_kind kind)
{
	parser->line_kind = kind;
	parser->line_length = 0;
	parser->line_open = true;
	collect(parser, record);
}

/* "Kill process 12 (a) score 900 or sacrifice child" (before 5.2): whoever dies next is the victim.
 */
static void note_sacrifice(struct kernel_log_parser *parser, const struct log_record *record)
{
	if (!parser->has_pending) {
		parser->pending = (struct kernel_kill){ .host_wide = record->host_wide };
		parser->line_kind = LOG_OTHER;
	}
	parser->pending.pid = 0;
	parser->has_pending = true;
}

/* "OOM victim 12 (a) is already exiting. Skip killing the task" */
static void forget_exiting(struct kernel_log_parser *parser, const struct log_record *record)
{
	if (parser->has_pending && parser->pending.pid == log_exiting_pid(record))
		parser->has_pending = false;
}

static bool is_group_member(const struct kernel_log_parser *parser, const struct log_record *record)
{
	return parser->last_leads_group && !record->host_wide &&
	       record->time_us >= parser->group_us &&
	       record->time_us - parser->group_us <= GROUP_PAUSE_US;
}

/* What the lines before told of this victim: paths and constraint. False where its kill was given
 * out already. */
static bool take_story(struct kernel_log_parser *parser, const struct log_record *record,
	struct log_victim *victim)
{
	struct kernel_kill *kill = &victim->kill;

	if (parser->has_pending) {
		struct kernel_kill exact = parser->pending;

		/* With the command known, the line before can be read without a doubt. */
		if (parser->line_kind == LOG_OOM_KILL)
			(void)log_oom_kill_line(parser->line, parser->line_length, victim->command,
				victim->command_length, &exact);
		log_merge(kill, &exact);
		parser->has_pending = false;
		parser->last_leads_group = false;
		return true;
	}
	if (!is_group_member(parser, record)) {
		parser->last_leads_group = false;
		return true;
	}
	parser->group_us = record->time_us;
	log_merge(kill, &parser->last);
	return kill->pid != parser->last.pid; /* the kernel prints the first one again */
}

/* Whether the waiting story cannot be this record's: one of them is of the host, the other is not.
 */
static bool contradicts(const struct kernel_kill *story, const struct log_record *record)
{
	return story->host_wide ? record->is_memcg : record->host_wide;
}

static void finish_kill(struct kernel_log_parser *parser, const struct log_record *record,
	struct kernel_kill *ret_kill, bool *given)
{
	struct log_victim victim = { 0 };

	if (!log_killed_line(record, &victim))
		return;
	/* Records were lost in between: two kills, each with what is known of it. */
	if (parser->has_pending && parser->pending.pid != 0 &&
		parser->pending.pid != victim.kill.pid) {
		give(parser, &parser->pending, ret_kill, given);
		parser->has_pending = false;
	}
	if (parser->has_pending && contradicts(&parser->pending, record))
		parser->has_pending = false;
	if (!take_story(parser, record, &victim))
		return;
	if (!parser->last_leads_group)
		parser->last = victim.kill;
	give(parser, &victim.kill, ret_kill, given);
}

bool kernel_log_feed(struct kernel_log_parser *parser, const char *record_text, size_t length,
	struct kernel_kill *ret_kill)
{
	char buffer[LOG_TEXT_MAX];
	struct log_record record = { 0 };
	bool given = false;

	if (!log_record_read(record_text, length, buffer, &record))
		return false;
	if (parser->has_held) {
		parser->has_held = false;
		give(parser, &parser->held, ret_kill, &given);
	}
	if (record.continues) {
		if (parser->line_open)
			collect(parser, &record);
		return given;
	}
	close_line(parser, &record);
	switch (record.kind) {
	case LOG_OOM_KILL:
	case LOG_TASK_IN:
		if (parser->has_pending && parser->pending.pid != 0)
			give(parser, &parser->pending, ret_kill, &given);
		parser->has_pending = false;
		parser->last_leads_group = false;
		open_line(parser, &record, record.kind);
		break;
	case LOG_GROUP:
		open_line(parser, &record, record.kind);
		break;
	case LOG_SACRIFICE:
		note_sacrifice(parser, &record);
		break;
	case LOG_EXITING:
		forget_exiting(parser, &record);
		break;
	case LOG_KILLED:
		finish_kill(parser, &record, ret_kill, &given);
		break;
	case LOG_OTHER:
		break;
	}
	return given;
}

bool kernel_log_flush(struct kernel_log_parser *parser, struct kernel_kill *ret_kill)
{
	const struct log_record end = { 0 };
	bool given = false;

	if (parser->has_held) {
		parser->has_held = false;
		give(parser, &parser->held, ret_kill, &given);
		return true;
	}
	close_line(parser, &end);
	parser->last_leads_group = false;
	parser->last.pid = 0;
	if (parser->has_pending && parser->pending.pid != 0)
		give(parser, &parser->pending, ret_kill, &given);
	parser->has_pending = false;
	return given;
}

int kernel_log_open(void)
{
	cleanup_fd int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		return -errno;
	return fd_take(&fd);
}

int kernel_log_read(int fd, struct kernel_log_parser *parser,
	void (*found)(const struct kernel_kill *kill, void *data), void *data)
{
	char record[16384]; /* more than the kernel's largest: a short buffer would be refused */
	struct kernel_kill kill;
	int result = 0;

	for (int i = 0; i < RECORDS_PER_READ; i++) {
		ssize_t length = read(fd, record, sizeof(record));

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 && errno == EPIPE) {
			/* What waits will not be completed by what comes behind the gap. */
			result = -EPIPE;
			while (kernel_log_flush(parser, &kill))
				found(&kill, data);
			continue;
		}
		if (length < 0 && errno != EAGAIN)
			return -errno;
		if (length <= 0)
			break;
		if (kernel_log_feed(parser, record, (size_t)length, &kill))
			found(&kill, data);
	}
	if (parser->has_held) {
		parser->has_held = false;
		found(&parser->held, data);
	}
	return result;
}
