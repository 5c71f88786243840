/* SPDX-License-Identifier: MIT */
#include "witness/log_prefix.h"

#include <string.h>

#include "witness/log_time.h"

#define WRAPPERS_MAX 3 /* kubectl's prefix, its time stamp, the runtime's stream */
#define WORD_MAX 253   /* a host name is not longer */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Everything up to the next blank, which is taken too. False where there is none. */
static bool take_word(struct span *text, struct span *ret_word)
{
	const char *blank = memchr(text->at, ' ', text->length);

	if (blank == NULL || blank == text->at || blank - text->at > WORD_MAX)
		return false;
	*ret_word = span_between(text->at, blank);
	*text = span_from(*text, blank + 1);
	return true;
}

static bool is_word(struct span span, const char *word)
{
	return span.length == strlen(word) && memcmp(span.at, word, span.length) == 0;
}

static void skip_blanks(struct span *text)
{
	while (span_take_prefix(text, " "))
		;
}

/* Facility 0 is the kernel; everybody else has another. */
static void judge_priority(uint64_t priority, struct log_line *line)
{
	line->origin = priority >> 3 == 0 ? LOG_KERNEL : LOG_FOREIGN;
	line->bare = false;
}

/* "6,123,456789,-;text" */
static bool take_record(struct span *text, struct log_line *line)
{
	struct span rest = *text;
	const char *body = memchr(text->at, ';', text->length < 128 ? text->length : 128);
	uint64_t priority, sequence, time;
	const char *flags;

	if (body == NULL || !span_take_number(&rest, &priority) || !span_take_prefix(&rest, ",") ||
		!span_take_number(&rest, &sequence) || !span_take_prefix(&rest, ","))
		return false;
	line->at.at = rest.at;
	if (!span_take_number(&rest, &time) || !span_take_prefix(&rest, ","))
		return false;
	line->at = span_between(line->at.at, rest.at - 1);
	flags = rest.at;
	line->continues = flags[0] == 'c';
	line->escaped = true;
	judge_priority(priority, line);
	while (rest.at < body && !span_take_prefix(&rest, ",caller="))
		rest = span_from(rest, rest.at + 1);
	line->caller = span_between(rest.at < body ? rest.at : body, body);
	*text = span_from(*text, body + 1);
	return true;
}

/* "<6>": dmesg --raw, and syslog as it travels */
static void take_priority(struct span *text, struct log_line *line)
{
	struct span rest = *text;
	uint64_t priority;

	if (!span_take_prefix(&rest, "<") || !span_take_number(&rest, &priority) ||
		!span_take_prefix(&rest, ">") || priority > 191)
		return;
	judge_priority(priority, line);
	(void)span_take_prefix(&rest, "1 "); /* RFC 5424 */
	*text = rest;
}

/* "kern  :warn  : ": dmesg --decode */
static void take_facility(struct span *text, struct log_line *line)
{
	static const char *const facilities[] = { "kern", "user", "mail", "daemon", "auth",
		"syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "res", "local", NULL };
	struct span rest = *text, level;

	for (int i = 0; facilities[i] != NULL; i++) {
		rest = *text;
		if (!span_take_prefix(&rest, facilities[i]))
			continue;
		while (rest.length > 0 && is_digit(*rest.at))
			rest = span_from(rest, rest.at + 1);
		skip_blanks(&rest);
		if (!span_take_prefix(&rest, ":"))
			continue;
		level.at = rest.at;
		while (rest.length > 0 && *rest.at >= 'a' && *rest.at <= 'z')
			rest = span_from(rest, rest.at + 1);
		if (rest.at == level.at)
			return;
		skip_blanks(&rest);
		if (!span_take_prefix(&rest, ":"))
			return;
		skip_blanks(&rest);
		line->origin = i == 0 ? LOG_KERNEL : LOG_FOREIGN;
		line->bare = false;
		*text = rest;
		return;
	}
}

/* "[ T123]" or "[    C0]" behind the time, where the kernel is built to print it */
static void take_caller(struct span *text, struct log_line *line)
{
	struct span rest = *text, caller;
	uint64_t number;

	if (!span_take_prefix(&rest, "["))
		return;
	skip_blanks(&rest);
	caller.at = rest.at;
	if (!span_take_prefix(&rest, "T") && !span_take_prefix(&rest, "C"))
		return;
	if (!span_take_number(&rest, &number))
		return;
	line->caller = span_between(caller.at, rest.at);
	if (!span_take_prefix(&rest, "]"))
		return;
	(void)span_take_prefix(&rest, " ");
	*text = rest;
}

/* "kernel: " or "name[123]: ". Without a name the line is nobody's. */
static bool take_writer(struct span *text, struct log_line *line)
{
	struct span rest = *text, word;
	const char *bracket;

	if (!take_word(&rest, &word) || word.length < 2 || word.at[word.length - 1] != ':')
		return false;
	word.length--;
	bracket = memchr(word.at, '[', word.length);
	line->writer = word;
	/* A program that calls itself "kernel" is given away by its process id. */
	line->origin = bracket == NULL && is_word(word, "kernel") && line->origin != LOG_FOREIGN
			       ? LOG_KERNEL
			       : LOG_FOREIGN;
	*text = rest;
	return true;
}

/* "kernel - - - text" of RFC 5424: program, process id, message id, structured data */
static bool take_writer_5424(struct span *text, struct log_line *line)
{
	struct span rest = *text, program, process, message, data;

	if (!take_word(&rest, &program) || !take_word(&rest, &process) ||
		!take_word(&rest, &message) || !take_word(&rest, &data) || !is_word(data, "-"))
		return false;
	line->writer = program;
	if (!is_word(program, "kernel") || !is_word(process, "-"))
		line->origin = LOG_FOREIGN;
	*text = rest;
	return true;
}

/* "host kernel: ", "kernel: ", or "host kernel - - - ". False: neither; the text is as it was. */
static bool take_host(struct span *text, struct log_line *line)
{
	struct span rest = *text, host;

	if (take_writer(text, line))
		return true;
	if (!take_word(&rest, &host))
		return false;
	if (!take_writer(&rest, line) && !take_writer_5424(&rest, line))
		return false;
	line->host = host;
	*text = rest;
	return true;
}

/* The kernel's own time stamp: behind it stands its text, or what journalctl puts there. */
static bool take_kernel_time(struct span *text, struct log_line *line)
{
	struct span at;

	if (!log_time_bracket(text, &at))
		return false;
	if (line->at.length == 0)
		line->at = at;
	line->bare = false;
	take_caller(text, line);
	return true;
}

/* Whether a word is "name[123]: ", which the kernel does not write. */
static bool is_process(struct span word)
{
	return word.length > 3 && memcmp(word.at + word.length - 2, "]:", 2) == 0 &&
	       is_digit(word.at[word.length - 3]) && memchr(word.at, '[', word.length) != NULL;
}

/* Behind a time since boot: "host kernel: " or "host name[123]: " of journalctl -o short-monotonic,
 * "name[123]: " of a program that wrote into the kernel's log, or the kernel's text. */
static void take_monotonic_writer(struct span *text, struct log_line *line)
{
	struct span rest = *text, first, second;

	if (!take_word(&rest, &first))
		return;
	if (is_process(first)) {
		(void)take_writer(text, line);
		return;
	}
	if (take_word(&rest, &second) && (is_process(second) || is_word(second, "kernel:")))
		(void)take_host(text, line);
}

/* "2024-01-05T02:12:02.123456789Z stdout F ": what a container wrote, whoever that is */
static bool take_stream(struct span *text)
{
	struct span rest = *text, flags;

	if (!span_take_prefix(&rest, "stdout ") && !span_take_prefix(&rest, "stderr "))
		return false;
	if (!take_word(&rest, &flags) || (flags.at[0] != 'F' && flags.at[0] != 'P'))
		return false;
	*text = rest;
	return true;
}

/* "[pod/name/container] ": kubectl logs --prefix */
static bool take_pod(struct span *text)
{
	const char *end = memchr(text->at, ']', text->length);

	if (text->length < 5 || memcmp(text->at, "[pod/", 5) != 0 || end == NULL ||
		end + 1 == text->at + text->length || end[1] != ' ')
		return false;
	*text = span_from(*text, end + 2);
	return true;
}

/* "  Warning  OOMKilling  5m  kernel-monitor  " of kubectl describe node, and "5m  Warning
 * OOMKilling node/node-1  " of kubectl get events: what an agent on the node made of the kernel's
 * words. */
static bool take_event(struct span *text)
{
	static const char *const sentences[] = {
		"Memory cgroup out of memory: ", "Out of memory: ", "Killed process "
	};
	struct span rest = *text, word;
	const char *first = NULL;

	skip_blanks(&rest);
	if (!span_take_prefix(&rest, "Warning ")) {
		if (!take_word(&rest, &word))
			return false;
		skip_blanks(&rest);
		if (!span_take_prefix(&rest, "Warning "))
			return false;
	}
	skip_blanks(&rest);
	if (!span_take_prefix(&rest, "OOMKilling "))
		return false;
	for (size_t i = 0; i < sizeof(sentences) / sizeof(*sentences); i++) {
		const char *at = span_find_first(rest, sentences[i]);

		if (at != NULL && (first == NULL || at < first))
			first = at;
	}
	if (first == NULL)
		return false;
	*text = span_from(rest, first);
	return true;
}

/* The time that a log daemon prints, and who wrote the line. Returns false where the time was put
 * there by a container's runtime: the line's own prefix is still to come. */
static bool take_daemon_time(struct span *text, struct log_line *line)
{
	struct log_time time;

	if (!log_time_daemon(text, &time))
		return true;
	line->bare = false;
	line->at = time.at;
	if (time.is_kernel) /* dmesg --time-format iso: no host, no writer */
		return take_caller(text, line), true;
	if (take_stream(text))
		return false;
	if (take_host(text, line)) {
		if (line->origin == LOG_KERNEL)
			(void)take_kernel_time(text, line); /* rsyslog keeps it */
		return true;
	}
	if (time.is_utc) /* kubectl logs --timestamps */
		return false;
	line->origin = LOG_FOREIGN; /* a daemon's line that does not say who wrote it */
	return true;
}

void log_prefix_read(const char *text, size_t length, struct log_line *ret_line)
{
	struct span rest = { text, length };
	struct log_line line = { .bare = true };
	bool wrapped = false;

	while (rest.length > 0 && rest.at[rest.length - 1] == '\r')
		rest.length--;
	if (take_event(&rest)) {
		line.bare = false;
		line.origin = LOG_CONTAINER;
		line.text = rest;
		*ret_line = line;
		return;
	}
	for (int i = 0; i < WRAPPERS_MAX; i++) {
		wrapped = take_pod(&rest) || wrapped;
		if (take_record(&rest, &line))
			break;
		take_priority(&rest, &line);
		take_facility(&rest, &line);
		if (take_kernel_time(&rest, &line)) {
			take_monotonic_writer(&rest, &line);
			break;
		}
		if (take_daemon_time(&rest, &line))
			break;
		wrapped = true;
	}
	if (wrapped && line.origin != LOG_FOREIGN)
		line.origin = LOG_CONTAINER;
	line.text = rest;
	*ret_line = line;
}
