/* SPDX-License-Identifier: MIT
 *
 * policy.c - memcage policy: what policies there are, what they say, whether they are right.
 */
#include "commands/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "memcage/memcage.h"
#include "spec/options.h"

#define NAME_WIDTH 16

static void print_help(void)
{
	(void)puts(
		"Usage: memcage policy list\n"
		"       memcage policy show NAME|FILE\n"
		"       memcage policy check NAME|FILE...\n"
		"\n"
		"list names the policies that `memcage run --policy NAME` finds; show prints one "
		"with all\n"
		"that it extends; check says whether policies are right, and what is wrong.");
	options_print_help(FOR_POLICY, stdout);
	(void)puts("\n"
		   "Exit status: 0, or 125 when a policy is wrong or cannot be read.");
}

/* An answer that did not get through is no answer. */
static int finish(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return complain("standard output cannot be written");
	return status;
}

static int list(void)
{
	char **names = memcage_policy_names();
	int status = 0;

	if (names == NULL)
		return complain("no memory for the list");
	for (size_t i = 0; names[i] != NULL; i++) {
		struct memcage_policy *policy;
		struct memcage_failure failure;

		if (memcage_policy_load(names[i], &policy, &failure) < 0) {
			status = complain("%s", failure.detail);
			continue;
		}
		(void)printf("%-*s %s\n", NAME_WIDTH, names[i], memcage_policy_summary(policy));
		(void)memcage_policy_free(policy);
	}
	memcage_policy_names_free(names);
	return finish(status);
}

static int show(const char *name)
{
	struct memcage_policy *policy;
	struct memcage_failure failure;
	char *text;
	int result = memcage_policy_load(name, &policy, &failure);

	if (result < 0)
		return complain("%s", failure.detail);
	result = memcage_policy_text(policy, &text, &failure);
	(void)memcage_policy_free(policy);
	if (result < 0)
		return complain("%s", failure.detail);
	(void)fputs(text, stdout);
	free(text);
	return finish(0);
}

static int check(char *const *names, int count)
{
	int status = 0;

	for (int i = 0; i < count; i++) {
		struct memcage_policy *policy;
		struct memcage_failure failure;

		if (memcage_policy_load(names[i], &policy, &failure) < 0) {
			status = complain("%s", failure.detail);
			continue;
		}
		(void)printf("%s: ok\n", names[i]);
		(void)memcage_policy_free(policy);
	}
	return finish(status);
}

static int unknown_verb(const char *word)
{
	static const char *const verbs[] = { "list", "show", "check", NULL };
	const char *near = nearest_word(word, verbs);

	if (near != NULL)
		return complain("memcage policy %s: did you mean '%s'? See memcage policy --help",
			word, near);
	return complain(
		"memcage policy %s: it is list, show or check; see memcage policy --help", word);
}

static int act(const char *verb, char *const *operands, int count)
{
	if (strcmp(verb, "list") == 0)
		return count == 0 ? list() : complain("memcage policy list takes no names");
	if (strcmp(verb, "show") == 0)
		return count == 1 ? show(operands[0])
				  : complain("say one policy: memcage policy show NAME|FILE");
	if (strcmp(verb, "check") == 0)
		return count > 0 ? check(operands, count)
				 : complain("say a policy: memcage policy check NAME|FILE");
	return unknown_verb(verb);
}

int command_policy(int argc, char **argv)
{
	struct memcage_failure failure;
	struct options options;
	int status;

	if (options_parse(FOR_POLICY, argc, argv, &options, &failure) < 0)
		return complain("%s", failure.detail);
	if (options.help) {
		print_help();
		status = finish(0);
	} else if (options.operand_count == 0) {
		status = complain("say what to do: memcage policy list, show or check; see memcage "
				  "policy --help");
	} else {
		status = act(options.operands[0], options.operands + 1, options.operand_count - 1);
	}
	options_done(&options);
	return status;
}
