/* SPDX-License-Identifier: MIT */
#include "commands/operands.h"

#include "report/build.h"
#include "report/text.h"

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
