/* SPDX-License-Identifier: MIT */
#include "commands/operands.h"

#include "commands/commands.h"
#include "report/build.h"
#include "report/text.h"

const char *operand_in_front(int *argc, char ***argv)
{
	char **words = *argv;
	const char *operand;

	if (*argc <= 2 || (words[1][0] == '-' && words[1][1] != '\0'))
		return NULL;
	operand = words[1];
	words[1] = words[0]; /* the command's name */
	*argv = words + 1;
	*argc -= 1;
	return operand;
}

json_t *operands_json(const struct options *options)
{
	struct builder list = build_list();

	for (int i = 0; i < options->operand_count; i++)
		append_text(&list, options->operands[i]);
	return build_end(&list);
}

void operands_print(const struct options *options, FILE *out)
{
	for (int i = 0; i < options->operand_count; i++) {
		if (i > 0)
			(void)fputc(' ', out);
		text_harmless(out, options->operands[i]);
	}
}

int print_json_answer(json_t *json)
{
	int status = 0;

	if (json == NULL || json_dumpf(json, stdout, JSON_INDENT(2)) < 0)
		status = complain("the result could not be written");
	(void)putchar('\n');
	json_decref(json);
	return status;
}
