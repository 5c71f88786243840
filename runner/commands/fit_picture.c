/* SPDX-License-Identifier: MIT
 *
 * fit_picture.c - the map of a fit, drawn by gnuplot: its script goes to standard input, the
 * picture comes from standard output, and only what is whole is put in place.
 */
#include <errno.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/fd.h"
#include "base/text.h"
#include "commands/fit.h"
#include "commands/operands.h"

#define COMMAND_SHOWN 90 /* bytes of the command in the title */
#define PROGRAM "gnuplot"
#define PACKAGE "gnuplot-nox"

/* What the end of the name asks for. */
static const struct {
	const char *suffix, *terminal;
} formats[] = {
	{ ".svg", "svg size 960,560 background 'white' noenhanced" },
	{ ".png", "pngcairo size 960,560 noenhanced" },
	{ ".pdf", "pdfcairo size 9.6in,5.6in noenhanced" },
};

static const char *const colours[FIT_OUTCOMES] = {
	[FIT_NOT_STARTED] = "#7f7f7f",
	[FIT_KILLED] = "#d62728",
	[FIT_REFUSED] = "#ff7f0e",
	[FIT_TIMED_OUT] = "#9467bd",
	[FIT_OTHER] = "#8c564b",
	[FIT_RECOVERED] = "#17becf",
	[FIT_UNDER_PRESSURE] = "#bcbd22",
	[FIT_CLEAN] = "#2ca02c",
};

static const char *terminal_of(const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		size_t end = strlen(formats[i].suffix);

		if (length > end && strcmp(path + length - end, formats[i].suffix) == 0)
			return formats[i].terminal;
	}
	return NULL;
}

/* ---- gnuplot ---- */

/* Runs it with the files as standard input, output and error. Returns 0, -errno, or -EPROTO when it
 * failed. */
static int run_gnuplot(const char *option, int input, int output, int errors, const sigset_t *mask)
{
	/* without its user's settings */
	char *arguments[] = { (char[]){ PROGRAM }, (char *)(uintptr_t)option, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int result, status;
	pid_t child;

	if (posix_spawn_file_actions_init(&files) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		(void)posix_spawn_file_actions_destroy(&files);
		return -ENOMEM;
	}
	result = posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	if (result == 0)
		result = posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	if (result == 0)
		result = posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
	if (result == 0 && mask != NULL) {
		(void)posix_spawnattr_setsigmask(&attributes, mask);
		(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	}
	if (result == 0)
		result = posix_spawnp(&child, PROGRAM, &files, &attributes, arguments, environ);
	(void)posix_spawn_file_actions_destroy(&files);
	(void)posix_spawnattr_destroy(&attributes);
	if (result != 0)
		return -result;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPROTO;
}

static int scratch(int *ret_fd)
{
	*ret_fd = memfd_create("memcage-picture", MFD_CLOEXEC);
	return *ret_fd < 0 ? -errno : fd_above_stdio(ret_fd);
}

static int explain_failure(int result, int errors, struct memcage_failure *failure)
{
	char said[256];

	if (result == -ENOENT)
		return failure_set(failure, ENOENT,
			"--picture needs " PROGRAM ", which is not installed here (package " PACKAGE
			")");
	if (result != -EPROTO)
		return failure_errno(failure, -result, "--picture: " PROGRAM);
	if (fd_read_all(errors, said, sizeof(said)) < 0)
		said[0] = '\0';
	said[sizeof(said) - 1] = '\0';
	text_to_one_line(said);
	return failure_set(failure, EPROTO, "--picture: " PROGRAM " failed: %s", said);
}

int fit_picture_open(
	struct report_file *file, const char *path, struct memcage_failure *reterr_failure)
{
	cleanup_fd int nothing = -1;
	cleanup_fd int errors = -1;
	int result;

	*file = (struct report_file){ .fd = -1 };
	if (path == NULL)
		return 0;
	if (terminal_of(path) == NULL)
		return failure_set(reterr_failure, EINVAL,
			"--picture %s: the name has to end in .svg, .png or .pdf", path);
	result = scratch(&nothing);
	if (result == 0)
		result = scratch(&errors);
	if (result == 0)
		result = run_gnuplot("--version", nothing, nothing, errors, NULL);
	if (result < 0)
		return explain_failure(result, errors, reterr_failure);
	return report_file_open(file, "--picture", path, reterr_failure);
}

/* ---- its script ---- */

/* Between single quotes nothing means anything but the quote itself. */
static void print_quoted(FILE *out, const char *text)
{
	(void)fputc('\'', out);
	for (; *text != '\0' && *text != '\n'; text++) {
		if (*text == '\'')
			(void)fputc('\'', out);
		(void)fputc(*text, out);
	}
	(void)fputc('\'', out);
}

/* What a function prints, cut between characters. To free(); NULL without memory. */
static char *printed(const struct fit *fit, void (*print)(const struct fit *fit, FILE *out))
{
	char *text = NULL;
	size_t size, cut = COMMAND_SHOWN;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	print(fit, out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	if (size > COMMAND_SHOWN) {
		while (((unsigned char)text[cut] & 0xc0) == 0x80)
			cut--;
		text[cut] = '\0';
	}
	return text;
}

static void print_command(const struct fit *fit, FILE *out)
{
	(void)fputs("memcage fit: ", out);
	operands_print(fit->options, out);
}

static void print_title(const struct fit *fit, FILE *out)
{
	char *command = printed(fit, print_command), *limit = printed(fit, fit_print_limit);

	(void)fputs("set title ", out);
	print_quoted(out, command != NULL ? command : "memcage fit");
	(void)fputs(" . \"\\n\" . ", out);
	print_quoted(out, limit != NULL ? limit : "");
	(void)fputc('\n', out);
	free(command);
	free(limit);
}

/* The fastest that passed; of a limit under which not all did, the run that is told of. */
static uint64_t time_of(const struct fit_try *try)
{
	return try->passed == try->runs ? try->fastest_ms : try->end.wall_ms;
}

/* Half the way to its neighbours, and a little beyond the outermost. */
static uint64_t left_of(const struct fit *fit, size_t i)
{
	uint64_t limit = fit->tries[i].limit_bytes;

	return i == 0 ? limit - limit / 4 : (fit->tries[i - 1].limit_bytes + limit) / 2;
}

static uint64_t right_of(const struct fit *fit, size_t i)
{
	uint64_t limit = fit->tries[i].limit_bytes;

	return i + 1 == fit->count ? limit + limit / 4
				   : (limit + fit->tries[i + 1].limit_bytes) / 2;
}

static void print_axes(const struct fit *fit, FILE *out)
{
	uint64_t longest_ms = 1;

	for (size_t i = 0; i < fit->count; i++) {
		uint64_t time_ms = time_of(&fit->tries[i]);

		if (time_ms != FIT_UNKNOWN && time_ms > longest_ms)
			longest_ms = time_ms;
	}
	(void)fprintf(out,
		"set logscale x 2\nset format x '%%.0b %%BB'\nset xlabel 'memory limit'\n"
		"set ylabel 'time of a run, ms'\nset grid\nset key outside below left Left "
		"reverse\n"
		"set xrange [%" PRIu64 ":%" PRIu64 "]\nset yrange [0:%" PRIu64 "]\n",
		left_of(fit, 0), right_of(fit, fit->count - 1), longest_ms + longest_ms / 8 + 1);
}

/* What a limit comes to, as the colour behind it. */
static void print_rows(const struct fit *fit, FILE *out)
{
	uint64_t passes, fails;
	size_t end;

	for (size_t i = 0; i < fit->count; i = end) {
		end = fit_row_end(fit, i);
		(void)fprintf(out,
			"set object rectangle from %" PRIu64 ", graph 0 to %" PRIu64
			", graph 1 behind fillcolor rgb '%s' fillstyle transparent solid 0.15 "
			"noborder\n",
			left_of(fit, i), right_of(fit, end - 1),
			colours[fit_try_outcome(fit, &fit->tries[i])]);
	}
	if (fit_search_smallest(fit->points, fit->count, &passes, &fails))
		(void)fprintf(out,
			"set arrow from %" PRIu64 ", graph 0 to %" PRIu64
			", graph 1 nohead dashtype 2\n",
			passes, passes);
}

/* Returns whether there is one of that outcome. */
static bool print_points(const struct fit *fit, enum fit_outcome outcome, FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < fit->count; i++) {
		const struct fit_try *try = &fit->tries[i];
		uint64_t time_ms = time_of(try);

		if (fit_try_outcome(fit, try) != outcome)
			continue;
		if (!any)
			(void)fprintf(out, "$of%d << END\n", (int)outcome);
		any = true;
		if (time_ms == FIT_UNKNOWN)
			(void)fprintf(out, "%" PRIu64 " NaN\n", try->limit_bytes);
		else
			(void)fprintf(out, "%" PRIu64 " %" PRIu64 "\n", try->limit_bytes, time_ms);
	}
	if (any)
		(void)fputs("END\n", out);
	return any;
}

static void print_plot(const struct fit *fit, FILE *out)
{
	bool there[FIT_OUTCOMES], first = true;

	for (int i = 0; i < FIT_OUTCOMES; i++)
		there[i] = print_points(fit, (enum fit_outcome)i, out);
	(void)fputs("plot ", out);
	for (int i = 0; i < FIT_OUTCOMES; i++) {
		if (!there[i])
			continue;
		(void)fprintf(out,
			"%s$of%d using 1:2 with points pointtype 7 linecolor rgb '%s' title '%s: "
			"%s'",
			first ? "" : ", ", i, colours[i], fit_outcome_name((enum fit_outcome)i),
			fit_outcome_meaning((enum fit_outcome)i));
		first = false;
	}
	(void)fputc('\n', out);
}

static int write_script(const struct fit *fit, int fd)
{
	char *script = NULL;
	size_t size;
	FILE *out = open_memstream(&script, &size);
	int result;

	if (out == NULL)
		return -ENOMEM;
	(void)fprintf(out, "set encoding utf8\nset terminal %s\n", terminal_of(fit->picture.path));
	print_title(fit, out);
	print_axes(fit, out);
	print_rows(fit, out);
	print_plot(fit, out);
	result = fclose(out) != 0 ? -ENOMEM : fd_write_all(fd, script, size);
	free(script);
	return result == 0 && lseek(fd, 0, SEEK_SET) < 0 ? -errno : result;
}

int fit_picture_draw(struct fit *fit, struct memcage_failure *reterr_failure)
{
	cleanup_fd int script = -1;
	cleanup_fd int picture = -1;
	cleanup_fd int errors = -1;
	off_t size = 0;
	void *bytes;
	int result;

	if (fit->picture.path == NULL || fit->count == 0)
		return 0;
	result = scratch(&script);
	if (result == 0)
		result = scratch(&picture);
	if (result == 0)
		result = scratch(&errors);
	if (result == 0)
		result = write_script(fit, script);
	if (result == 0)
		result = run_gnuplot("--default-settings", script, picture, errors,
			fit->options->spec.signal_mask);
	if (result == 0)
		size = lseek(picture, 0, SEEK_END);
	if (result == 0 && size <= 0)
		result = -EPROTO;
	if (result < 0)
		return explain_failure(result, errors, reterr_failure);
	bytes = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, picture, 0);
	if (bytes == MAP_FAILED)
		return failure_errno(reterr_failure, errno, "--picture");
	result = report_file_write_bytes(&fit->picture, bytes, (size_t)size, reterr_failure);
	(void)munmap(bytes, (size_t)size);
	return result;
}
