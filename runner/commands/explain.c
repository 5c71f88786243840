/* SPDX-License-Identifier: MIT
 *
 * explain.c - memcage explain: the OOM kills of a kernel log or of a report, in people's words.
 */
#include "commands/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "commands/explain_input.h"
#include "commands/operands.h"
#include "report/json.h"
#include "spec/options.h"

#define EXIT_STATUS_NONE_FOUND 1

static void print_help(void)
{
	(void)puts("Usage: memcage explain [OPTIONS] [FILE|-]\n"
		   "\n"
		   "Tells the OOM kills of a kernel log (dmesg, journalctl, syslog, /dev/kmsg) or "
		   "of a\n"
		   "memcage report: who was killed, whose limit it was, what held the memory, and "
		   "the\n"
		   "memcage run that lets it happen again. Without FILE: standard input.\n"
		   "\n"
		   "Exit status: 0 there are OOM kills, 1 there are none, 125 the input cannot be "
		   "read.");
	options_print_help(FOR_EXPLAIN, stdout);
}

static int print_json(const struct explanation *explanation)
{
	json_t *json = explain_json(explanation);
	char *text = json != NULL ? json_dumps(json, REPORT_DUMP_FLAGS) : NULL;
	int result = text == NULL ? -ENOMEM : puts(text) < 0 ? -errno : 0;

	free(text);
	json_decref(json);
	return result;
}

static void say_nothing_found(const struct explanation *explanation)
{
	if (explanation->is_report)
		(void)printf("%s: the report lists no OOM kill\n", explanation->name);
	else
		(void)printf("%s: no OOM kill in %llu lines; looked for the kernel's \"invoked "
			     "oom-killer\", \"oom-kill:\" and \"Killed process\". The kernel "
			     "log is that of the machine, of the node and not of the container: "
			     "dmesg, journalctl -k\n",
			explanation->name, (unsigned long long)explanation->lines);
}

static int tell(const struct explain_input *input, bool as_json)
{
	const struct explanation *explanation = &input->explanation;
	int result = 0;

	if (as_json) {
		result = print_json(explanation);
	} else {
		if (input->report_text != NULL)
			(void)printf("%s\n", input->report_text);
		if (explanation->count == 0)
			say_nothing_found(explanation);
		explain_print(explanation, stdout);
	}
	if (result == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		result = -errno;
	if (result < 0)
		return complain("standard output: %s", strerrordesc_np(-result));
	return explanation->count > 0 ? 0 : EXIT_STATUS_NONE_FOUND;
}

static int explain(const char *path, bool as_json)
{
	struct memcage_failure failure;
	struct explain_input input;
	int status;

	if (explain_input_read(&input, path, &failure) < 0)
		return complain("%s", failure.detail);
	input.explanation.has_policies = options_have(FOR_RUN, "policy");
	status = tell(&input, as_json);
	explain_input_done(&input);
	return status;
}

int command_explain(int argc, char **argv)
{
	struct memcage_failure failure;
	struct options options;
	const char *path = operand_in_front(&argc, &argv);
	int status;

	if (options_parse(FOR_EXPLAIN, argc, argv, &options, &failure) < 0)
		return complain("%s", failure.detail);
	if (path == NULL)
		path = options.operand_count > 0 ? options.operands[0] : "-";
	else
		options.operand_count++;
	if (options.help) {
		print_help();
		status = 0;
	} else if (options.operand_count > 1) {
		status = complain("say one log or report: memcage explain [FILE|-]");
	} else {
		status = explain(path, options.json);
	}
	options_done(&options);
	return status;
}
