/* SPDX-License-Identifier: MIT
 *
 * Any command line, one word a line: either it is accepted and makes sense, or there is one clear
 * line that says why not.
 */
#include "spec/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/check.h"

#define WORDS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_accepted(
	enum option_command command, struct options *options, char **argv, int argc)
{
	struct memcage_failure failure;
	static char path[] = "PATH=/bin", other[] = "A=1";
	static char *environment[] = { path, other, NULL };
	const char **envp;

	if (options->operands < argv || options->operands + options->operand_count != argv + argc)
		abort();
	if (command == FOR_RUN && !options->help && spec_check(&options->spec, &failure) != 0)
		abort();
	for (size_t i = 0; i < options->environment_count; i++)
		if (strchr(options->environment[i], '=') == NULL)
			abort();
	if (options_environment(options, environment, &envp) != 0)
		abort();
	free(envp);
	options_done(options);
}

static void check_words(enum option_command command, char **argv, int argc)
{
	struct memcage_failure failure = { 0 };
	struct options options;
	int result = options_parse(command, argc, argv, &options, &failure);

	if (result == 0) {
		check_accepted(command, &options, argv, argc);
		return;
	}
	if (result != -EINVAL || failure.error_number != EINVAL || failure.detail[0] == '\0')
		abort();
	if (memchr(failure.detail, '\0', sizeof(failure.detail)) == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char program[] = "run", nothing[] = "";
	static const enum option_command commands[] = { FOR_RUN, FOR_BATCH, FOR_REPORT,
		FOR_DOCTOR };
	char *text = strndup((const char *)data, size), *argv[WORDS_MAX + 2], *word, *state = NULL;
	int argc = 0;

	if (text == NULL)
		return 0;
	argv[argc++] = program;
	for (word = strtok_r(text, "\n", &state); word != NULL && argc <= WORDS_MAX;
		word = strtok_r(NULL, "\n", &state))
		argv[argc++] = strcmp(word, "''") == 0 ? nothing : word;
	argv[argc] = NULL;
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		check_words(commands[i], argv, argc);
	free(text);
	return 0;
}
