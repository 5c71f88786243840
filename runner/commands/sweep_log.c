/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failure.h"
#include "commands/sweep.h"

/* One line that was read: an outcome. false: it is none. */
static bool take_line(const json_t *line, struct sweep_ledger *ledger, int *ret_result)
{
	json_t *nth = json_object_get(line, "nth"), *asked = json_object_get(line, "asked");
	struct sweep_end end = {
		.signal = (int)json_integer_value(json_object_get(line, "signal")),
		.code = (int)json_integer_value(json_object_get(line, "code")),
	};
	enum sweep_outcome outcome;

	if (!json_is_integer(nth) || json_integer_value(nth) <= 0 ||
		!sweep_outcome_named(json_string_value(json_object_get(line, "outcome")), &outcome))
		return false;
	*ret_result = sweep_ledger_add(
		ledger, (uint64_t)json_integer_value(nth), outcome, &end, asked);
	return true;
}

/* Whether it is what was written of the first line when the writer was stopped. */
static bool is_torn_head(const char *text, size_t length, const json_t *what)
{
	char *head = json_dumps(what, JSON_COMPACT);
	bool is = head != NULL && length <= strlen(head) && memcmp(head, text, length) == 0;

	free(head);
	return is;
}

static int refuse_another(const struct sweep_log *log, struct memcage_failure *failure)
{
	return failure_set(failure, EEXIST,
		"--resume %s: is not of this sweep: another command or options, or the program has "
		"changed since; name another file",
		log->path);
}

/* Reads to the end, or to where a line was cut: what comes is written from there on. A file that
 * does not begin as one of this sweep stays as it is. */
static int read_back(struct sweep_log *log, const json_t *what, struct sweep_ledger *ledger,
	struct memcage_failure *failure)
{
	char *text = NULL;
	size_t room = 0;
	off_t kept = 0;
	ssize_t length = 0;
	int result = 0;

	while (result == 0 && (length = getline(&text, &room, log->file)) > 0 &&
		text[length - 1] == '\n') {
		json_t *line = json_loadb(text, (size_t)length, 0, NULL);

		if (kept == 0 && !json_equal(line, what))
			result = refuse_another(log, failure);
		else if (kept > 0 && !take_line(line, ledger, &result))
			result = failure_set(failure, EINVAL,
				"--resume %s: a line is not one of a sweep", log->path);
		kept += length;
		json_decref(line);
	}
	if (result == 0 && kept == 0 && length > 0 && !is_torn_head(text, (size_t)length, what))
		result = refuse_another(log, failure);
	free(text);
	if (result == 0 && (ferror(log->file) || ftruncate(fileno(log->file), kept) < 0 ||
				   fseeko(log->file, kept, SEEK_SET) < 0))
		result = failure_errno(failure, errno, "--resume %s", log->path);
	return result;
}

static int write_line(struct sweep_log *log, const json_t *line)
{
	if (json_dumpf(line, log->file, JSON_COMPACT) < 0 || fputc('\n', log->file) == EOF ||
		fflush(log->file) != 0)
		return errno != 0 ? -errno : -EIO;
	return 0;
}

int sweep_log_open(struct sweep_log *log, const char *path, const json_t *what,
	struct sweep_ledger *ledger, struct memcage_failure *reterr_failure)
{
	struct stat facts;
	int result;

	*log = (struct sweep_log){ .path = path };
	if (path == NULL)
		return 0;
	log->file = fopen(path, "a+e");
	if (log->file == NULL || fstat(fileno(log->file), &facts) < 0)
		return failure_errno(reterr_failure, errno, "--resume %s", path);
	if (!S_ISREG(facts.st_mode))
		return failure_set(reterr_failure, EINVAL, "--resume %s: is no regular file", path);
	if (flock(fileno(log->file), LOCK_EX | LOCK_NB) < 0)
		return failure_set(
			reterr_failure, EBUSY, "--resume %s: another sweep is writing it", path);
	rewind(log->file);
	result = read_back(log, what, ledger, reterr_failure);
	if (result == 0 && fstat(fileno(log->file), &facts) == 0 && facts.st_size == 0) {
		result = write_line(log, what);
		if (result < 0)
			return failure_errno(reterr_failure, -result, "--resume %s", path);
	}
	return result;
}

int sweep_log_add(struct sweep_log *log, uint64_t nth, enum sweep_outcome outcome,
	const struct sweep_end *end, const json_t *asked)
{
	json_t *line;
	int result;

	if (log->file == NULL)
		return 0;
	line = json_pack(
		"{s:I, s:s}", "nth", (json_int_t)nth, "outcome", sweep_outcome_name(outcome));
	if (line == NULL)
		return -ENOMEM;
	(void)json_object_set_new(line, end->signal != 0 ? "signal" : "code",
		json_integer(end->signal != 0 ? end->signal : end->code));
	if (asked != NULL)
		(void)json_object_set_new(line, "asked", json_deep_copy(asked));
	result = write_line(log, line);
	json_decref(line);
	return result;
}

int sweep_log_close(struct sweep_log *log)
{
	FILE *file = log->file;

	log->file = NULL;
	return file != NULL && fclose(file) != 0 ? -errno : 0;
}
