/* SPDX-License-Identifier: MIT
 *
 * report.c - memcage report: a written report, told anew.
 */
#include "commands/commands.h"
#include "commands/operands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/options.h"

#define REPORT_MAX_BYTES ((size_t)64 << 20)

static void print_help(void)
{
	(void)puts("Usage: memcage report FILE|- [OPTIONS]\n"
		   "\n"
		   "Tells a report that `memcage run -r FILE` wrote in people's words.");
	options_print_help(FOR_REPORT, stdout);
}

/* The whole file, to free(); NULL with errno. */
static char *read_whole(FILE *file, size_t *ret_length)
{
	size_t length = 0, room = 65536;
	char *text = NULL;

	for (;;) {
		char *grown = realloc(text, room);
		size_t got;

		if (grown == NULL)
			break;
		text = grown;
		got = fread(text + length, 1, room - length, file);
		length += got;
		if (got == 0 && !ferror(file)) {
			*ret_length = length;
			return text;
		}
		if (ferror(file) || length > REPORT_MAX_BYTES) {
			if (!ferror(file))
				errno = EFBIG; /* else as reading left it */
			break;
		}
		if (length == room)
			room *= 2;
	}
	free(text);
	return NULL;
}

static int tell(const char *path)
{
	bool from_stdin = strcmp(path, "-") == 0;
	const char *name = from_stdin ? "standard input" : path;
	FILE *file = from_stdin ? stdin : fopen(path, "re");
	struct memcage_failure failure;
	char *json = NULL, *text = NULL;
	size_t length;
	int status = 0;

	if (file != NULL)
		json = read_whole(file, &length);
	if (json == NULL)
		status = complain("%s: %s", name, strerrordesc_np(errno));
	else if (memcage_report_text(json, length, name, &text, &failure) < 0)
		status = complain("%s", failure.detail);
	else if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
		status = complain("standard output: %s", strerrordesc_np(errno));
	if (file != NULL && !from_stdin)
		(void)fclose(file);
	free(text);
	free(json);
	return status;
}

int command_report(int argc, char **argv)
{
	struct memcage_failure failure;
	struct options options;
	const char *path = operand_in_front(&argc, &argv);
	int status;

	if (options_parse(FOR_REPORT, argc, argv, &options, &failure) < 0)
		return complain("%s", failure.detail);
	if (options.help) {
		print_help();
		status = 0;
	} else if (options.operand_count + (path != NULL) != 1) {
		status = complain("say one report: memcage report FILE, or - for standard input");
	} else {
		status = tell(path != NULL ? path : options.operands[0]);
	}
	options_done(&options);
	return status;
}
