/* SPDX-License-Identifier: MIT
 *
 * option_help.c - the option list in people's words: --help, man page, completion.
 */
#include <string.h>

#include "spec/option_table.h"

#define HELP_COLUMN 27
#define HELP_WIDTH 96

static bool belongs(const struct option_row *row, enum option_command command)
{
	return (row->commands & (unsigned)command) != 0;
}

/* The others have too few. */
static bool is_grouped(enum option_command command)
{
	return command == FOR_RUN || command == FOR_BATCH;
}

/* Wrap text at HELP_WIDTH, with continuation lines below the first. */
static void print_wrapped(FILE *out, int column, const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, " ");

		if (column > HELP_COLUMN && column + 1 + (int)length > HELP_WIDTH) {
			(void)fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		} else if (column > HELP_COLUMN) {
			(void)fputc(' ', out);
			column++;
		}
		(void)fwrite(text, 1, length, out);
		column += (int)length;
		text += length;
		text += *text == ' ';
	}
	(void)fputc('\n', out);
}

void options_print_help(enum option_command command, FILE *out)
{
	const char *group = NULL;

	if (!is_grouped(command))
		(void)fputs("\nOptions:\n", out);
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		int column;

		if (row->group != NULL)
			group = row->group;
		if (!belongs(row, command))
			continue;
		if (is_grouped(command) && group != NULL)
			(void)fprintf(out, "\n%s:\n", group);
		group = NULL;
		column = row->letter ? fprintf(out, "  -%c, --%s", row->letter, row->name)
				     : fprintf(out, "      --%s", row->name);
		if (row->argument != NULL)
			column += fprintf(out, " %s", row->argument);
		if (column + 2 > HELP_COLUMN)
			(void)fprintf(out, "\n%*s", HELP_COLUMN, "");
		else
			(void)fprintf(out, "%*s", HELP_COLUMN - column, "");
		print_wrapped(out, HELP_COLUMN, row->help);
	}
}

/* roff needs its control characters guarded. */
static void print_roff(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '-')
			(void)fputs("\\-", out);
		else if (*text == '\\')
			(void)fputs("\\e", out);
		else
			(void)fputc(*text, out);
	}
}

void options_print_man(enum option_command command, FILE *out)
{
	const char *group = NULL;

	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (row->group != NULL)
			group = row->group;
		if (!belongs(row, command))
			continue;
		if (group != NULL)
			(void)fprintf(out, ".SS %s\n", group);
		group = NULL;
		(void)fputs(".TP\n", out);
		if (row->letter)
			(void)fprintf(out, "\\fB\\-%c\\fR, ", row->letter);
		(void)fputs("\\fB\\-\\-", out);
		print_roff(out, row->name);
		(void)fputs("\\fR", out);
		if (row->argument != NULL) {
			(void)fputs(" \\fI", out);
			print_roff(out, row->argument);
			(void)fputs("\\fR", out);
		}
		(void)fputc('\n', out);
		print_roff(out, row->help);
		(void)fputs(".\n", out);
	}
}

void options_print_words(enum option_command command, FILE *out)
{
	for (size_t i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (belongs(row, command))
			(void)fprintf(out, "--%s%s%s\t%s\n", row->name, row->argument ? " " : "",
				row->argument ? row->argument : "", row->help);
	}
}
