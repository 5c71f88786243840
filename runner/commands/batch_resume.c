/* SPDX-License-Identifier: MIT */
#include "commands/batch_resume.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "commands/commands.h"

static bool is_same_file(int one, int other)
{
	struct stat a, b;

	return fstat(one, &a) == 0 && fstat(other, &b) == 0 && S_ISREG(a.st_mode) &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool member_is(const json_t *report, const char *member, const char *text)
{
	const char *value = json_string_value(json_object_get(report, member));

	return value != NULL && strcmp(value, text) == 0;
}

/* The id of a job that is done with, or NULL. */
static const char *done_id(const json_t *report)
{
	bool interrupted = member_is(report, "verdict", "killed") &&
			   member_is(report, "reason", "interrupted");

	if (json_object_get(report, "verdict") == NULL || interrupted)
		return NULL;
	return json_string_value(json_object_get(report, "id"));
}

struct reports {
	const char *path;
	FILE *file;
	int output;
	bool appends; /* output goes to the same file */
	size_t number;
	off_t line_start;
};

/* A line without its newline is where the writer was stopped. */
static int mend_end(const struct reports *reports, bool is_whole)
{
	if (!is_whole)
		(void)complain("%s:%zu: the last line is torn%s; its job runs again", reports->path,
			reports->number, reports->appends ? " and cut off" : "");
	if (!reports->appends)
		return 0;
	if (is_whole)
		return fd_write_all(reports->output, "\n", 1);
	return ftruncate(reports->output, reports->line_start) < 0 ? -errno : 0;
}

static int take_line(
	const struct reports *reports, const char *line, size_t length, struct id_set *ids)
{
	bool is_ended = line[length - 1] == '\n';
	json_t *report = json_loadb(line, length, 0, NULL);
	const char *id = done_id(report);
	int result = 0;

	if (!is_ended)
		result = mend_end(reports, report != NULL);
	else if (report == NULL)
		(void)complain("%s:%zu: no JSON, passed over", reports->path, reports->number);
	if (result == 0 && id != NULL && id_set_mark(ids, id, ID_DONE) < 0)
		result = -ENOMEM;
	json_decref(report);
	return result;
}

static int read_reports(struct reports *reports, struct id_set *ids)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int result = 0;

	while (result == 0 && (length = getline(&line, &size, reports->file)) > 0) {
		reports->number++;
		result = take_line(reports, line, (size_t)length, ids);
		reports->line_start += length;
	}
	if (result == 0 && ferror(reports->file))
		result = -EIO;
	free(line);
	return result;
}

int batch_resume(
	const char *path, int output, struct id_set *ids, struct memcage_failure *reterr_failure)
{
	struct reports reports = { .path = path, .file = fopen(path, "re"), .output = output };
	int result;

	if (reports.file == NULL)
		return failure_errno(reterr_failure, errno, "--resume %s", path);
	reports.appends = is_same_file(fileno(reports.file), output);
	if (reports.appends && (fcntl(output, F_GETFL) & O_APPEND) == 0) {
		result = failure_set(reterr_failure, EINVAL,
			"--resume %s: standard output would overwrite it; append with >>", path);
	} else {
		result = read_reports(&reports, ids);
		if (result < 0)
			(void)failure_errno(reterr_failure, -result, "--resume %s", path);
	}
	(void)fclose(reports.file);
	return result;
}
