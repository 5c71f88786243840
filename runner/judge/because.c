/* SPDX-License-Identifier: MIT */
#include "judge/because.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

void conclude(struct judgement *judgement, enum reason reason, enum confidence confidence)
{
	judgement->verdict = reason_verdict(reason);
	judgement->reason = reason;
	judgement->confidence = confidence;
}

void confidence_at_most(struct judgement *judgement, enum confidence limit)
{
	if (judgement->confidence > limit)
		judgement->confidence = limit;
}

static bool is_continuation(char c) /* a byte inside a UTF-8 character */
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

void because(struct judgement *judgement, const char *format, ...)
{
	char text[2 * BECAUSE_SIZE];
	size_t length;
	va_list arguments;

	if (judgement->because_count >= BECAUSE_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);

	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	length = strlen(text);
	if (length >= BECAUSE_SIZE) {
		length = BECAUSE_SIZE - 1;
		while (length > 0 && is_continuation(text[length]))
			length--;
		text[length] = '\0';
	}
	text_copy(judgement->because[judgement->because_count++], BECAUSE_SIZE, text);
}

void because_of_peak(struct judgement *judgement, const struct evidence *evidence)
{
	char peak[PHRASE_SIZE], limit[PHRASE_SIZE];

	if (!evidence->peak_bytes.known)
		return;
	phrase_size(evidence->peak_bytes, peak);
	if (evidence->limit_bytes.known && evidence->limit_bytes.value != UINT64_MAX)
		because(judgement, "Peak memory use was %s of a limit of %s.", peak,
			phrase_size(evidence->limit_bytes, limit));
	else
		because(judgement, "Peak memory use was %s.", peak);
}

const char *phrase_end(const struct evidence *evidence, char buffer[static PHRASE_SIZE])
{
	const char *name = evidence->signaled ? sigabbrev_np(evidence->status) : NULL;

	if (!evidence->end_known)
		text_copy(buffer, PHRASE_SIZE, "ended in a way that could not be learned");
	else if (!evidence->signaled)
		(void)snprintf(buffer, PHRASE_SIZE, "exited %d", evidence->status);
	else if (name != NULL)
		(void)snprintf(buffer, PHRASE_SIZE, "was ended by SIG%s", name);
	else
		(void)snprintf(buffer, PHRASE_SIZE, "was ended by signal %d", evidence->status);
	return buffer;
}

const char *phrase_main(const struct evidence *evidence, char buffer[static PHRASE_SIZE])
{
	const char *name = evidence->main_command[0] != '\0' ? evidence->main_command
							     : "the command";

	if (evidence->main_pid > 0)
		(void)snprintf(buffer, PHRASE_SIZE, "%s (pid %d)", name, evidence->main_pid);
	else
		text_copy(buffer, PHRASE_SIZE, name);
	return buffer;
}

const char *phrase_path(const char *path, char buffer[static PHRASE_SIZE])
{
	size_t length = strlen(path);

	if (length < PHRASE_SIZE) {
		text_copy(buffer, PHRASE_SIZE, path);
		return buffer;
	}
	path += length - (PHRASE_SIZE - sizeof("..."));
	while (is_continuation(*path))
		path++;
	(void)snprintf(buffer, PHRASE_SIZE, "...%s", path);
	return buffer;
}

const char *phrase_size(struct counter bytes, char buffer[static PHRASE_SIZE])
{
	char number[TEXT_NUMBER_SIZE];

	if (!bytes.known)
		text_copy(buffer, PHRASE_SIZE, "an unknown size");
	else if (bytes.value == UINT64_MAX)
		text_copy(buffer, PHRASE_SIZE, "no limit");
	else
		text_copy(buffer, PHRASE_SIZE, format_size(bytes.value, number));
	return buffer;
}

const char *phrase_errno(int error_number)
{
	const char *text = strerrordesc_np(error_number);

	return text != NULL ? text : "unknown error";
}

const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

bool ended_by(const struct evidence *evidence, int signal_number)
{
	return evidence->end_known && evidence->signaled && evidence->status == signal_number;
}

bool ended_well(const struct evidence *evidence)
{
	return evidence->end_known && !evidence->signaled && evidence->status == 0;
}

const char *phrase_cause(enum refusal_cause cause)
{
	static const char *const words[CAUSE_COUNT] = {
		[CAUSE_UNKNOWN] = "not known",
		[CAUSE_AT_LIMIT_FAIL] = "--at-limit fail, just before the limit",
		[CAUSE_RLIMIT_DATA] = "the process's RLIMIT_DATA",
		[CAUSE_RLIMIT_AS] = "the process's RLIMIT_AS",
		[CAUSE_OVERCOMMIT] = "the host's overcommit rule, so it depends on the host",
		[CAUSE_MAX_MAP_COUNT] = "too many mappings (vm.max_map_count)",
		[CAUSE_IMPOSSIBLE_SIZE] = "a size that no machine could give",
		[CAUSE_CALLOC_OVERFLOW] = "a product of count and size that overflows",
		[CAUSE_SECCOMP] = "a seccomp filter",
		[CAUSE_KERNEL_OBJECT] =
			"an object of the kernel's own (a process, a pipe, a socket)",
		[CAUSE_INJECTED] = "injected on purpose",
	};

	return words[cause];
}

void because_of_lost_calls(
	struct judgement *judgement, const struct evidence *evidence, enum confidence most)
{
	const struct refusals *refusals = &evidence->refusals;

	if (refusals->calls_lost == 0 && refusals->calls_unwatched == 0)
		return;
	confidence_at_most(judgement, most);
	because(judgement,
		"Not all refused system calls were seen: %" PRIu64 " record%s lost, %" PRIu64
		" process%s not watched.",
		refusals->calls_lost, refusals->calls_lost == 1 ? " was" : "s were",
		refusals->calls_unwatched, refusals->calls_unwatched == 1 ? " was" : "es were");
}

void because_of_injection(struct judgement *judgement, const struct evidence *evidence)
{
	uint64_t injected = evidence->refusals.injected;

	if (injected > 0)
		because(judgement, "%" PRIu64 " refusal%s injected by --fail-alloc.", injected,
			injected == 1 ? " was" : "s were");
}
