/* SPDX-License-Identifier: MIT
 *
 * doctor.c - memcage doctor: the examination of this host, as a list for people or as JSON.
 */
#include "commands/commands.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memcage/memcage.h"
#include "spec/options.h"

#define EXIT_STATUS_DEGRADED 1
#define NAME_WIDTH 20

/* How a status is shown; the last row is for what only a later memcage knows. */
static const struct mark {
	const char *status, *word, *color;
} marks[] = {
	{ "ok", "ok", "\033[32m" },
	{ "degraded", "--", "\033[33m" },
	{ "missing", "no", "\033[31m" },
	{ NULL, "??", "" },
};

static void print_help(void)
{
	(void)puts("Usage: memcage doctor [--json] [--clean]\n"
		   "\n"
		   "Tries out what this host can enforce and see, says why not, and how to get the "
		   "rest.\n"
		   "It makes a cage, starts and kills a child in it, and removes it again.\n"
		   "\n"
		   "  ok  works     --  works in a weaker way     no  does not work");
	options_print_help(FOR_DOCTOR, stdout);
	(void)puts("\n"
		   "Exit status: 0 when a memory limit can be enforced on whole process trees, 1 "
		   "when not,\n"
		   "125 for errors of memcage itself. With --clean: 0, or 125 when something is "
		   "left.");
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

/* Plain ASCII, whatever groups are called here. */
static void print_text(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		(void)fputc(*text >= ' ' && *text <= '~' ? *text : '?', out);
}

static const struct mark *mark_of(const char *status)
{
	const struct mark *mark = marks;

	while (mark->status != NULL && strcmp(mark->status, status) != 0)
		mark++;
	return mark;
}

static void print_check(FILE *out, const json_t *check, bool colored)
{
	const struct mark *mark = mark_of(text_of(check, "status"));
	const char *name = text_of(check, "name"), *remedy = text_of(check, "remedy");
	int padding = NAME_WIDTH - (int)strlen(name);

	(void)fprintf(
		out, "%s%s%s  ", colored ? mark->color : "", mark->word, colored ? "\033[0m" : "");
	print_text(out, name);
	(void)fprintf(out, "%*s ", padding > 0 ? padding : 0, "");
	print_text(out, text_of(check, "finding"));
	(void)fputc('\n', out);
	if (remedy[0] == '\0')
		return;
	(void)fprintf(out, "%*s-> ", NAME_WIDTH + 5, "");
	print_text(out, remedy);
	(void)fputc('\n', out);
}

static void print_host(FILE *out, const json_t *doctor)
{
	const char *mode = text_of(doctor, "cgroup_mode"), *backend = text_of(doctor, "backend");

	(void)fputs("Linux ", out);
	print_text(out, text_of(doctor, "kernel"));
	(void)fputs(", cgroups: ", out);
	print_text(out, mode[0] != '\0' ? mode : "unknown");
	(void)fputs(", backend: ", out);
	print_text(out, backend[0] != '\0' ? backend : "none without --allow-degraded");
	(void)fprintf(out, ", user %" JSON_INTEGER_FORMAT "\n\n",
		json_integer_value(json_object_get(doctor, "user_id")));
}

static void print_doctor(FILE *out, const json_t *doctor, bool colored)
{
	const json_t *check;
	size_t i;

	print_text(out, text_of(doctor, "summary"));
	(void)fputc('\n', out);
	print_host(out, doctor);
	json_array_foreach(json_object_get(doctor, "checks"), i, check)
		print_check(out, check, colored);
}

/* An answer that did not get through is no answer. */
static int finish(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return complain("standard output cannot be written");
	return status;
}

static int examine(const struct options *options)
{
	bool colored = options->color == COLOR_ALWAYS ||
		       (options->color == COLOR_AUTO && isatty(STDOUT_FILENO) &&
			       getenv("NO_COLOR") == NULL);
	struct memcage_failure failure;
	json_t *doctor;
	char *json;
	int status;

	if (memcage_doctor_json(&json, &failure) < 0)
		return complain("%s", failure.detail);
	doctor = json_loads(json, 0, NULL);
	if (doctor == NULL) {
		free(json);
		return complain("no memory for the examination");
	}
	if (options->json)
		(void)puts(json);
	else
		print_doctor(stdout, doctor, colored);
	status = json_is_true(json_object_get(doctor, "enforces")) ? 0 : EXIT_STATUS_DEGRADED;
	json_decref(doctor);
	free(json);
	return finish(status);
}

static int clean(const struct options *options)
{
	struct memcage_failure failure;
	int removed = memcage_clean(&failure);

	if (removed < 0)
		return complain("%s", failure.detail);
	if (options->json)
		(void)printf("{\"removed\": %d}\n", removed);
	else if (removed == 0)
		(void)puts("Nothing to remove: no groups of crashed runs.");
	else
		(void)printf(
			"Removed %d group%s of crashed runs.\n", removed, removed == 1 ? "" : "s");
	return finish(0);
}

int command_doctor(int argc, char **argv)
{
	struct memcage_failure failure;
	struct options options;
	int status;

	if (options_parse(FOR_DOCTOR, argc, argv, &options, &failure) < 0)
		return complain("%s", failure.detail);
	if (options.help) {
		print_help();
		status = 0;
	} else if (options.operand_count > 0) {
		status = complain("memcage doctor takes no '%s'; see 'memcage doctor --help'",
			options.operands[0]);
	} else {
		status = options.clean ? clean(&options) : examine(&options);
	}
	options_done(&options);
	return status;
}
