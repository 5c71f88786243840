/* SPDX-License-Identifier: MIT */
#include "commands/attack_run.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "commands/attack_bait.h"
#include "commands/attack_children.h"

/* Exit statuses of an attack, as in tests/attacks/attacks.h. */
#define WORKED 70
#define HELD 71
#define NOT_HERE 72

#define PATIENCE_MS 90000  /* for one run */
#define STOPPED_MS 400     /* the supervisor, with flag P */
#define END_OUTSIDE_MS 200 /* without a cage, survivors are expected */
#define END_INSIDE_MS 4000 /* a killed memcage's guard needs a moment */
#define WORDS_MAX 96

bool attack_has_flag(const struct attack *attack, char flag)
{
	return strchr(attack->flags, flag) != NULL;
}

static struct attack_answer answer(enum attack_outcome outcome, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static struct attack_answer answer(enum attack_outcome outcome, const char *format, ...)
{
	struct attack_answer answered = { .outcome = outcome };
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(answered.how, sizeof(answered.how), format, arguments);
	va_end(arguments);
	text_to_one_line(answered.how);
	return answered;
}

/* ---- one process ---- */

struct started {
	pid_t pid;
	int output, errors; /* files without names */
};

static int nameless_file(void)
{
	char path[] = "/tmp/memcage-selftest-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

/* What the attacks on descriptors look for (descriptors.c there). */
static void leave_open(const char *bait_directory)
{
	char path[PATH_MAX];
	int secret, root = open("/", O_RDONLY | O_DIRECTORY);

	(void)snprintf(path, sizeof(path), "%s/secret", bait_directory);
	secret = open(path, O_RDONLY);
	(void)dup2(secret, 20);
	(void)dup2(secret, 900);
	(void)dup2(root, 21);
	(void)snprintf(path, sizeof(path), "%s/open", bait_directory);
	(void)dup2(open(path, O_RDONLY), STDIN_FILENO);
}

static int split(const char *text, char *room, size_t size, const char **words, int count)
{
	char *rest = NULL;

	text_copy(room, size, text);
	for (char *word = strtok_r(room, " ", &rest); word != NULL && count < WORDS_MAX - 4;
		word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	return count;
}

static _Noreturn void become(const struct attack_place *place, const struct attack *attack,
	const char *bait, const char *bait_directory, const struct started *started)
{
	const char *words[WORDS_MAX] = { 0 };
	char room[256];
	int count = 0;

	if (bait_directory[0] != '\0')
		leave_open(bait_directory);
	(void)dup2(started->output, STDOUT_FILENO);
	(void)dup2(started->errors, STDERR_FILENO);
	(void)setenv("MEMCAGE_ATTACKS_SECRET", "secret", 1);
	(void)setenv("GLIBC_TUNABLES", "glibc.malloc.check=0", 1);
	for (size_t i = 0; i < place->prefix_count && count < WORDS_MAX / 2; i++)
		words[count++] = place->prefix[i];
	if (place->report[0] != '\0') {
		words[count++] = "-r";
		words[count++] = place->report;
		count = split(attack->options, room, sizeof(room), words, count);
		words[count++] = "--";
	}
	words[count++] = place->program;
	words[count++] = attack->name;
	if (bait[0] != '\0')
		words[count++] = bait;
	if (chdir(place->directory) == 0)
		(void)execvp(words[0], (char *const *)words);
	_exit(127);
}

static bool said_something(int fd)
{
	struct stat facts;

	return fstat(fd, &facts) == 0 && facts.st_size > 0;
}

/* Waits, and does what the flags want at "ready". Returns the wait status, or -1 after PATIENCE_MS.
 */
static int wait_for(const struct started *started, const struct attack *attack)
{
	const uint64_t until = clock_ms() + PATIENCE_MS;
	bool did = !attack_has_flag(attack, 'P') && !attack_has_flag(attack, 'K');
	int status;

	while (waitpid(started->pid, &status, WNOHANG) == 0) {
		if (clock_ms() > until) {
			(void)kill(started->pid, SIGKILL);
			(void)waitpid(started->pid, &status, 0);
			return -1;
		}
		if (!did && said_something(started->output)) {
			did = true;
			if (attack_has_flag(attack, 'K')) {
				(void)kill(started->pid, SIGKILL);
			} else {
				(void)kill(started->pid, SIGSTOP);
				(void)usleep(STOPPED_MS * 1000);
				(void)kill(started->pid, SIGCONT);
			}
		}
		(void)usleep(1000);
	}
	return status;
}

static void last_line(int fd, char *line, size_t size)
{
	char text[1024];
	struct stat facts;
	ssize_t length = 0;
	char *start;

	if (fstat(fd, &facts) == 0 && facts.st_size > 0)
		length = pread(fd, text, sizeof(text) - 1,
			facts.st_size > 1023 ? facts.st_size - 1023 : 0);
	text[length > 0 ? length : 0] = '\0';
	while (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	start = strrchr(text, '\n');
	text_copy(line, size, start != NULL ? start + 1 : text);
}

/* ---- what it means ---- */

/* "verdict/reason" of the report, or "". */
static void read_verdict(const struct attack_place *place, char *to, size_t size)
{
	json_t *report = place->report[0] != '\0' ? json_load_file(place->report, 0, NULL) : NULL;
	const char *verdict = json_string_value(json_object_get(report, "verdict"));
	const char *reason = json_string_value(json_object_get(report, "reason"));

	text_format(to, size, "%s%s%s", verdict != NULL ? verdict : "", verdict != NULL ? "/" : "",
		reason != NULL ? reason : "");
	json_decref(report);
	if (place->report[0] != '\0')
		(void)unlink(place->report);
}

static bool is_among(const char *verdict, const char *globs)
{
	const char *words[WORDS_MAX];
	char room[256];
	int count = split(globs, room, sizeof(room), words, 0);

	for (int i = 0; i < count; i++)
		if (fnmatch(words[i], verdict, 0) == 0)
			return true;
	return false;
}

static struct attack_answer judge_forgery(
	const struct attack *attack, const char *verdict, bool reports, int status)
{
	uint64_t forged;

	if (parse_number(strchr(attack->flags, 'F') + 1, &forged) < 0)
		return answer(ATTACK_UNCLEAR, "a row without a status");
	if (reports && verdict[0] == '\0')
		return answer(ATTACK_UNCLEAR, "no report; exit status %d", status);
	if (reports && (is_among(verdict, attack->verdicts) ||
			       strncmp(verdict, "indeterminate/", 14) == 0))
		return answer(ATTACK_HELD, "the verdict is %s", verdict);
	if (reports)
		return answer(ATTACK_WORKED, "the verdict is %s", verdict);
	return status == (int)forged ? answer(ATTACK_WORKED, "exit status %d says it", status)
				     : answer(ATTACK_HELD, "exit status %d", status);
}

static struct attack_answer judge_word(int status, const char *line)
{
	return answer(status == WORKED ? ATTACK_WORKED
		      : status == HELD ? ATTACK_HELD
				       : ATTACK_NOT_HERE,
		"%s", line[0] != '\0' ? line : "it ended");
}

/* It said nothing: the cage ended it, for a reason that had to be this one. */
static struct attack_answer judge_silence(const struct attack *attack, const char *verdict,
	bool reports, int wait_status, int status, const char *error)
{
	if (reports && verdict[0] != '\0' && is_among(verdict, attack->verdicts))
		return answer(ATTACK_HELD, "%s", verdict);
	if (!reports && attack->verdicts[0] != '\0' && status > 128)
		return answer(ATTACK_HELD, "ended by signal %d", status - 128);
	if (wait_status == -1)
		return answer(ATTACK_UNCLEAR, "it did not end");
	return answer(ATTACK_UNCLEAR, "exit status %d, %s; %s", status,
		verdict[0] != '\0' ? verdict : "no report", error);
}

static struct attack_answer look(const struct attack_place *place, const struct attack *attack)
{
	struct started started = { 0, nameless_file(), nameless_file() };
	char line[160];
	int status;

	started.pid = fork();
	if (started.pid == 0) {
		(void)dup2(started.output, STDOUT_FILENO);
		(void)execl(place->program, place->program, "--look", attack->name, (char *)NULL);
		_exit(127);
	}
	if (waitpid(started.pid, &status, 0) != started.pid || !WIFEXITED(status))
		return answer(ATTACK_UNCLEAR, "nobody looked");
	last_line(started.output, line, sizeof(line));
	fd_close(&started.output);
	fd_close(&started.errors);
	return judge_word(WEXITSTATUS(status), line);
}

/* ---- together ---- */

static struct attack_answer judge(const struct attack_place *place, const struct attack *attack,
	const struct started *started, int wait_status, bool left)
{
	const bool reports = place->report[0] != '\0';
	char line[160], error[160], verdict[64];
	int status = wait_status == -1        ? -1
		     : WIFEXITED(wait_status) ? WEXITSTATUS(wait_status)
					      : 128 + WTERMSIG(wait_status);

	last_line(started->output, line, sizeof(line));
	last_line(started->errors, error, sizeof(error));
	read_verdict(place, verdict, sizeof(verdict));
	if (left)
		return answer(ATTACK_WORKED, "a process of it lives on");
	if (attack_has_flag(attack, 'K'))
		return answer(ATTACK_HELD, "no process of it lives on");
	if (attack_has_flag(attack, 'F'))
		return judge_forgery(attack, verdict, reports, status);
	if (attack_has_flag(attack, 'N') && status == 125 && reports)
		return answer(ATTACK_HELD, "%s", error);
	if (status != WORKED && status != HELD && status != NOT_HERE)
		return judge_silence(attack, verdict, reports, wait_status, status, error);
	if (attack_has_flag(attack, 'S') && status == HELD)
		return answer(ATTACK_HELD, "no process of it lives on");
	if (attack_has_flag(attack, 'L'))
		return look(place, attack);
	return judge_word(status, line);
}

static struct attack_answer run_with(
	const struct attack_place *place, const struct attack *attack, const struct bait *bait)
{
	struct started started = { 0, nameless_file(), nameless_file() };
	struct attack_answer answered;
	int wait_status;
	bool left;

	started.pid = fork();
	if (started.pid == 0)
		become(place, attack, bait->word, bait->directory, &started);
	if (started.pid < 0)
		return answer(ATTACK_UNCLEAR, "fork: %s", strerrordesc_np(errno));
	wait_status = wait_for(&started, attack);
	left = children_end(bait->pid, place->prefix_count > 0 ? END_INSIDE_MS : END_OUTSIDE_MS);
	answered = judge(place, attack, &started, wait_status, left);
	fd_close(&started.output);
	fd_close(&started.errors);
	return answered;
}

struct attack_answer attack_run(const struct attack_place *place, const struct attack *attack)
{
	struct attack_answer answered;
	struct bait bait;
	int result = bait_start(place->program, &bait);

	answered = result < 0 ? answer(ATTACK_UNCLEAR, "no bait: %s", strerrordesc_np(-result))
			      : run_with(place, attack, &bait);
	bait_stop(&bait);
	return answered;
}

struct attack_answer attack_run_hello(const struct attack_place *place)
{
	static char name[] = "--hello", nothing[] = "";
	const struct attack hello = { name, nothing, nothing, nothing, nothing, 0 };

	return run_with(place, &hello, &(struct bait){ .input = -1 });
}
