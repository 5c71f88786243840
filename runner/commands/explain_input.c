/* SPDX-License-Identifier: MIT */
#include "commands/explain_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "commands/explain_json_log.h"

#define CHUNK_BYTES 65536
#define LINE_MAX_BYTES 16384 /* more than the kernel prints in one; what is beyond is left out */
#define REPORT_MAX_BYTES ((size_t)64 << 20)

struct reader {
	int fd;
	const char *name;
	size_t length; /* of chunk */
	char chunk[CHUNK_BYTES];
	size_t line_length;
	char line[LINE_MAX_BYTES];
	bool is_journal; /* each line is an entry as JSON */
	struct oom_log log;
};

/* What people hand in by mistake, and how to get the text out of it. */
static const struct {
	const char *magic;
	size_t length;
	const char *what;
} not_text[] = {
	{ "\x1f\x8b", 2, "is compressed; say: zcat FILE | memcage explain" },
	{ "\xfd"
	  "7zXZ",
		5, "is compressed; say: xzcat FILE | memcage explain" },
	{ "BZh", 3, "is compressed; say: bzcat FILE | memcage explain" },
	{ "\x28\xb5\x2f\xfd", 4, "is compressed; say: zstdcat FILE | memcage explain" },
	{ "LPKSHHRH", 8, "is a binary journal; say: journalctl -k --file FILE | memcage explain" },
	{ "\x7f"
	  "ELF",
		4, "is a program, not a log" },
};

static ssize_t read_some(int fd, char *buffer, size_t size)
{
	ssize_t length;

	do
		length = read(fd, buffer, size);
	while (length < 0 && errno == EINTR);
	return length < 0 ? -errno : length;
}

static void found(const struct oom_incident *incident, void *data)
{
	struct explain_input *input = data;
	struct explanation *explanation = &input->explanation;

	if (explanation->count == EXPLAIN_INCIDENTS_MAX) {
		explanation->omitted++;
		return;
	}
	if (explanation->count == input->room) {
		size_t room = input->room > 0 ? input->room * 2 : 16;
		struct oom_incident *grown = realloc(explanation->incidents, room * sizeof(*grown));

		if (grown == NULL) {
			input->out_of_memory = true;
			explanation->omitted++;
			return;
		}
		explanation->incidents = grown;
		input->room = room;
	}
	explanation->incidents[explanation->count++] = *incident;
}

/* A line in pieces: what does not fit is left out, as the kernel's lines do. */
static void add_to_line(struct reader *reader, const char *text, size_t length)
{
	size_t room = sizeof(reader->line) - reader->line_length;

	if (length > room)
		length = room;
	memcpy(reader->line + reader->line_length, text, length);
	reader->line_length += length;
}

static void feed_line(struct reader *reader, const char *line, size_t length)
{
	if (reader->is_journal)
		json_log_feed_entry(&reader->log, line, length);
	else
		oom_log_feed(&reader->log, line, length);
}

static void feed_chunk(struct reader *reader)
{
	const char *text = reader->chunk, *end = text + reader->length;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		if (newline == NULL) {
			add_to_line(reader, text, (size_t)(end - text));
			return;
		}
		if (reader->line_length == 0 && newline - text <= LINE_MAX_BYTES) {
			feed_line(reader, text, (size_t)(newline - text));
		} else {
			add_to_line(reader, text, (size_t)(newline - text));
			feed_line(reader, reader->line, reader->line_length);
			reader->line_length = 0;
		}
		text = newline + 1;
	}
}

static int by_first_line(const void *a, const void *b)
{
	const struct oom_incident *first = a, *second = b;

	return (first->first_line > second->first_line) - (first->first_line < second->first_line);
}

/* What came of all lines. */
static int finish_log(
	struct explain_input *input, struct reader *reader, struct memcage_failure *failure)
{
	struct explanation *explanation = &input->explanation;

	oom_log_end(&reader->log);
	if (input->out_of_memory)
		return failure_errno(failure, ENOMEM, "%s", reader->name);
	if (explanation->count > 0)
		qsort(explanation->incidents, explanation->count, sizeof(*explanation->incidents),
			by_first_line);
	explanation->lines = reader->log.line_number;
	explanation->suppressed = reader->log.suppressed;
	explanation->foreign = reader->log.foreign;
	return 0;
}

static int read_log(
	struct explain_input *input, struct reader *reader, struct memcage_failure *failure)
{
	oom_log_begin(&reader->log, found, input);
	while (reader->length > 0) {
		ssize_t length;

		feed_chunk(reader);
		length = read_some(reader->fd, reader->chunk, sizeof(reader->chunk));
		if (length < 0)
			return failure_errno(failure, (int)-length, "%s:%llu", reader->name,
				(unsigned long long)reader->log.line_number + 1);
		reader->length = (size_t)length;
	}
	if (reader->line_length > 0)
		feed_line(reader, reader->line, reader->line_length);
	return finish_log(input, reader, failure);
}

/* The rest of the file behind the chunk that was read. */
static int read_whole(
	struct reader *reader, char **ret_text, size_t *ret_length, struct memcage_failure *failure)
{
	size_t length = reader->length, room = 2 * CHUNK_BYTES;
	char *text = malloc(room);

	if (text == NULL)
		return failure_errno(failure, ENOMEM, "%s", reader->name);
	memcpy(text, reader->chunk, length);
	for (;;) {
		ssize_t got;
		char *grown;

		if (length == room) {
			room *= 2;
			grown = room <= REPORT_MAX_BYTES ? realloc(text, room) : NULL;
			if (grown == NULL) {
				free(text);
				return failure_errno(failure, EFBIG, "%s", reader->name);
			}
			text = grown;
		}
		got = read_some(reader->fd, text + length, room - length);
		if (got < 0) {
			free(text);
			return failure_errno(failure, (int)-got, "%s", reader->name);
		}
		if (got == 0)
			break;
		length += (size_t)got;
	}
	*ret_text = text;
	*ret_length = length;
	return 0;
}

static int take_report(
	struct explain_input *input, struct reader *reader, struct memcage_failure *failure)
{
	struct explanation *explanation = &input->explanation;
	size_t kills;

	kills = json_array_size(json_object_get(input->report, "oom_kills"));
	if (kills > EXPLAIN_INCIDENTS_MAX) {
		explanation->omitted = kills - EXPLAIN_INCIDENTS_MAX;
		kills = EXPLAIN_INCIDENTS_MAX;
	}
	explanation->is_report = true;
	explanation->command = json_object_get(json_object_get(input->report, "command"), "argv");
	explanation->policy = json_string_value(json_object_get(input->report, "policy"));
	if (json_array_size(explanation->command) == 0)
		explanation->command = NULL;
	explanation->incidents = kills > 0 ? calloc(kills, sizeof(*explanation->incidents)) : NULL;
	if (input->report == NULL || (kills > 0 && explanation->incidents == NULL))
		return failure_errno(failure, ENOMEM, "%s", reader->name);
	explanation->count = explain_report(input->report, explanation->incidents, kills);
	return 0;
}

/* A report, or what dmesg printed as JSON. */
static int read_json(
	struct explain_input *input, struct reader *reader, struct memcage_failure *failure)
{
	char *text = NULL;
	size_t length = 0;
	int result = read_whole(reader, &text, &length, failure);

	if (result < 0)
		return result;
	input->report = json_loadb(text, length, JSON_ALLOW_NUL, NULL);
	oom_log_begin(&reader->log, found, input);
	if (json_log_feed_dmesg(&reader->log, input->report)) {
		free(text);
		return finish_log(input, reader, failure);
	}
	result = memcage_report_text(text, length, reader->name, &input->report_text, failure);
	free(text);
	return result < 0 ? result : take_report(input, reader, failure);
}

/* The first bytes decide. Line 1 of a log begins with a brace only where it is JSON. */
static int read_either(
	struct explain_input *input, struct reader *reader, struct memcage_failure *failure)
{
	size_t blanks = 0;
	ssize_t length = read_some(reader->fd, reader->chunk, sizeof(reader->chunk));

	if (length < 0)
		return failure_errno(failure, (int)-length, "%s", reader->name);
	reader->length = (size_t)length;
	for (size_t i = 0; i < sizeof(not_text) / sizeof(*not_text); i++)
		if (reader->length >= not_text[i].length &&
			memcmp(reader->chunk, not_text[i].magic, not_text[i].length) == 0)
			return failure_set(
				failure, EINVAL, "%s:1: %s", reader->name, not_text[i].what);
	while (blanks < reader->length && strchr(" \t\r\n", reader->chunk[blanks]) != NULL)
		blanks++;
	reader->is_journal = json_log_is_journal(reader->chunk, reader->length);
	if (blanks < reader->length && reader->chunk[blanks] == '{' && !reader->is_journal)
		return read_json(input, reader, failure);
	return read_log(input, reader, failure);
}

int explain_input_read(
	struct explain_input *input, const char *path, struct memcage_failure *reterr_failure)
{
	bool from_stdin = strcmp(path, "-") == 0;
	struct reader *reader = malloc(sizeof(*reader));
	int result;

	*input = (struct explain_input){ .explanation.name = from_stdin ? "standard input" : path };
	if (reader == NULL)
		return failure_errno(reterr_failure, ENOMEM, "%s", path);
	reader->name = input->explanation.name;
	reader->length = reader->line_length = 0;
	reader->fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	result = reader->fd < 0 ? failure_errno(reterr_failure, errno, "%s", path)
				: read_either(input, reader, reterr_failure);
	if (!from_stdin)
		fd_close(&reader->fd);
	free(reader);
	if (result < 0)
		explain_input_done(input);
	return result;
}

void explain_input_done(struct explain_input *input)
{
	free(input->explanation.incidents);
	input->explanation.incidents = NULL;
	free(input->report_text);
	input->report_text = NULL;
	json_decref(input->report);
	input->report = NULL;
}
