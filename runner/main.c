/* SPDX-License-Identifier: MIT
 *
 * main.c - memcage: finds the command.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "commands/commands.h"
#include "memcage/memcage.h"
#include "spec/options.h"

static const struct {
	const char *name;
	int (*function)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "run", command_run, "run one command in a cage and say why it ended" },
	{ "batch", command_batch, "many runs, some at a time; JSON Lines in and out" },
	{ "sweep", command_sweep, "what the program does when each allocation in turn is refused" },
	{ "fit", command_fit, "the smallest limit under which the command still passes" },
	{ "report", command_report, "a report in people's words" },
	{ "explain", command_explain,
		"why the kernel killed: a kernel log or a report, in people's words" },
	{ "policy", command_policy, "list, show and check policies" },
	{ "doctor", command_doctor, "what this host can enforce and see, and how to get the rest" },
	{ "selftest", command_selftest, "attack a cage on this host, and tell what it holds" },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(*commands))

static int print_help(FILE *out)
{
	(void)fputs("Usage: memcage COMMAND [OPTIONS]\n"
		    "\n"
		    "Runs a command in a memory cage and says, with evidence, why it ended.\n"
		    "\n"
		    "  memcage run -m 256M -- python3 job.py\n"
		    "\n"
		    "Commands:\n",
		out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		(void)fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
	(void)fputs(
		"\n`memcage COMMAND --help` tells its options; `memcage --version` the version.\n",
		out);
	return 0;
}

/* Names that a later version has. */
static const char *const planned[] = { "gate" };

static int unknown_command(const char *name)
{
	const char *names[COMMAND_COUNT + 1] = { 0 };
	const char *near;

	for (size_t i = 0; i < sizeof(planned) / sizeof(*planned); i++)
		if (strcmp(planned[i], name) == 0)
			return complain(
				"'%s' is planned, but not in version %s; see memcage --help", name,
				memcage_version());
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i].name;
	near = nearest_word(name, names);
	if (near != NULL)
		return complain(
			"unknown command '%s'; did you mean '%s'? See memcage --help", name, near);
	return complain("unknown command '%s'; to run it: memcage run -- %s. See memcage --help",
		name, name);
}

/* A caller may have closed 0, 1 or 2, or ignored SIGCHLD: what we open must not land there, and we
 * want to learn how our child ends. */
static void put_in_order(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	for (int fd = open("/dev/null", O_RDWR); fd >= 0; fd = dup(fd)) {
		if (fd > STDERR_FILENO) {
			(void)close(fd);
			break;
		}
	}
	(void)sigaction(SIGCHLD, &action, NULL);
}

int main(int argc, char **argv)
{
	put_in_order();
	if (argc < 2) {
		(void)print_help(stderr);
		return EXIT_STATUS_ERROR;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0)
		return print_help(stdout);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return printf("memcage %s\n", memcage_version()) < 0;
	if (strcmp(argv[1], "--options") ==
		0) { /* for the man page and the completion, not for people */
		if (argc > 2 && strcmp(argv[2], "man") == 0)
			options_print_man(FOR_RUN | FOR_BATCH, stdout);
		else
			options_print_words(FOR_RUN, stdout);
		return 0;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].function(argc - 1, argv + 1);
	return unknown_command(argv[1]);
}
