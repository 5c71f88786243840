/* SPDX-License-Identifier: MIT
 *
 * The last lines that the command wrote, in the text of a report. */
#include "report/text.h"

#include <string.h>

#include "base/text.h"
#include "report/lookup.h"

#define LINES_SHOWN 10
#define LINE_WIDTH 160

/* Where the last lines of text begin; a newline at its very end begins none. */
static const char *last_lines(const char *text, int lines)
{
	const char *at = text + strlen(text);

	if (at > text && at[-1] == '\n')
		at--;
	for (; at > text; at--)
		if (at[-1] == '\n' && --lines == 0)
			break;
	return at;
}

/* One line, cut, with tabs as blanks. */
static void print_line(const char *line, size_t length, FILE *out)
{
	char shown[LINE_WIDTH + 1];
	bool cut = length > LINE_WIDTH;

	text_copy(shown, cut ? sizeof(shown) : length + 1, line);
	for (char *tab = shown; (tab = strchr(tab, '\t')) != NULL; tab++)
		*tab = ' ';
	if (cut) /* not in the middle of a character */
		for (size_t end = LINE_WIDTH; end > 0 && ((unsigned char)line[end] & 0xc0) == 0x80;)
			shown[--end] = '\0';
	text_label(out, "");
	(void)fputs("| ", out);
	text_harmless(out, shown);
	(void)fputs(cut ? "...\n" : "\n", out);
}

static void print_stream(const json_t *report, const char *name, const char *label, FILE *out)
{
	const json_t *stream = report_at(report_at(report, "streams"), name);
	const char *text = report_text(stream, "tail");
	char number[TEXT_NUMBER_SIZE];
	uint64_t bytes;

	if (!report_number(stream, "bytes", &bytes) || bytes == 0)
		return;
	text_label(out, label);
	(void)fprintf(out, "%s%s%s\n", format_size(bytes, number),
		json_is_true(report_at(stream, "truncated")) ? ", cut by memcage" : "",
		json_is_true(report_at(stream, "merged")) ? ", standard output and error together"
							  : "");
	if (text == NULL)
		text = report_text(stream, "head");
	if (text == NULL)
		return;
	for (text = last_lines(text, LINES_SHOWN); *text != '\0';) {
		size_t length = strcspn(text, "\n");

		print_line(text, length, out);
		text += length + (text[length] == '\n');
	}
}

void text_print_streams(const json_t *report, FILE *out)
{
	print_stream(report, "stdout", "Output", out);
	print_stream(report, "stderr", "Errors", out);
}
