/* SPDX-License-Identifier: MIT */
#include "report/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "report/lookup.h"
#include "report/utf8.h"

enum word_kind {
	WORD_TEXT,
	WORD_FILE,  /* a text, without its directories */
	WORD_QUOTE, /* a text of several words stands in quotation marks, and is cut */
	WORD_SIZE,  /* bytes */
	WORD_TIME,  /* milliseconds */
	WORD_NUMBER,
	WORD_TIMES,      /* "once", "3 times" */
	WORD_FLAG,       /* "yes", "no" */
	WORD_EXACT_TIME, /* milliseconds with a fraction */
	WORD_NONE,       /* "none" where the member is null: a limit that there is not */
};

struct word {
	const char *name;
	enum word_kind kind;
	const char *path;
	bool not_zero; /* a zero is nothing to speak of: the word does not fit then */
};

static const struct word words[] = {
	{ "verdict", WORD_TEXT, "verdict" },
	{ "reason", WORD_TEXT, "reason" },
	{ "victim", WORD_TEXT, "victim" },
	{ "confidence", WORD_TEXT, "confidence" },
	{ "because", WORD_TEXT, "because.0" },
	{ "name", WORD_TEXT, "command.name" },
	{ "program", WORD_TEXT, "command.argv.0" },
	{ "pid", WORD_NUMBER, "command.pid" },
	{ "cwd", WORD_TEXT, "command.cwd" },
	{ "stage", WORD_TEXT, "start.stage" },
	{ "state", WORD_TEXT, "start.state" },
	{ "error", WORD_TEXT, "start.error" },
	{ "errno_name", WORD_TEXT, "start.errno_name" },
	{ "code", WORD_NUMBER, "exit.code" },
	{ "signal", WORD_TEXT, "exit.signal_name" },
	{ "core_dumped", WORD_FLAG, "exit.core_dumped" },
	{ "act_kind", WORD_TEXT, "act.kind" },
	{ "act_at", WORD_TIME, "act.at_ms" },
	{ "act_signal", WORD_TEXT, "act.signal_name" },
	{ "memory_limit", WORD_SIZE, "memory.limit_bytes" },
	{ "asked_limit", WORD_SIZE, "limits.memory_bytes" },
	{ "memory_unlimited", WORD_NONE, "memory.limit_bytes" },
	{ "asked_unlimited", WORD_NONE, "limits.memory_bytes" },
	{ "swap_limit", WORD_SIZE, "limits.swap_bytes" },
	{ "high_limit", WORD_SIZE, "limits.memory_high_bytes" },
	{ "wall_limit", WORD_TIME, "limits.wall_time_ms" },
	{ "cpu_limit", WORD_TIME, "limits.cpu_time_ms" },
	{ "grace", WORD_TIME, "limits.grace_ms" },
	{ "stall_limit", WORD_TIME, "limits.stall_ms" },
	{ "pids_limit", WORD_NUMBER, "limits.pids" },
	{ "output_limit", WORD_SIZE, "limits.output_bytes" },
	{ "at_limit", WORD_TEXT, "limits.at_limit" },
	{ "rlimit_data", WORD_SIZE, "limits.rlimit_data_bytes" },
	{ "effective", WORD_SIZE, "limits.effective_bytes" },
	{ "effective_owner", WORD_TEXT, "limits.effective_owner" },
	{ "effective_path", WORD_TEXT, "limits.effective_path" },
	{ "owner_path", WORD_TEXT, "limit_owner.path" },
	{ "owner_limit", WORD_SIZE, "limit_owner.limit_bytes" },
	{ "policy", WORD_TEXT, "policy" },
	{ "backend", WORD_TEXT, "enforcement.backend" },
	{ "leaf_path", WORD_TEXT, "enforcement.leaf_path" },
	{ "peak", WORD_SIZE, "memory.peak_bytes" },
	{ "peak_uncertainty", WORD_SIZE, "memory.peak_uncertainty_bytes", true },
	{ "peak_sampled", WORD_FLAG, "memory.peak_sampled" },
	{ "swap_peak", WORD_SIZE, "memory.swap_peak_bytes", true },
	{ "anon", WORD_SIZE, "memory.anon_bytes" },
	{ "file", WORD_SIZE, "memory.file_bytes" },
	{ "shmem", WORD_SIZE, "memory.shmem_bytes" },
	{ "kernel", WORD_SIZE, "memory.kernel_bytes" },
	{ "residual", WORD_SIZE, "memory.residual_bytes", true },
	{ "limit_hits", WORD_TIMES, "rises.limit_hits", true },
	{ "high_hits", WORD_TIMES, "rises.high_hits", true },
	{ "refusals", WORD_NUMBER, "alloc_failures.count" },
	{ "retried", WORD_NUMBER, "alloc_failures.retried", true },
	{ "impossible", WORD_NUMBER, "alloc_failures.impossible", true },
	{ "injected", WORD_NUMBER, "alloc_failures.injected", true },
	{ "largest", WORD_SIZE, "alloc_failures.largest_bytes", true },
	{ "request", WORD_SIZE, "alloc_failures.first.request_bytes" },
	{ "function", WORD_TEXT, "alloc_failures.first.function" },
	{ "cause", WORD_TEXT, "alloc_failures.first.cause" },
	{ "cause_detail", WORD_TEXT, "alloc_failures.first.cause_detail" },
	{ "refused_name", WORD_TEXT, "alloc_failures.first.command" },
	{ "refused_pid", WORD_NUMBER, "alloc_failures.first.pid" },
	{ "refused_at", WORD_TIME, "alloc_failures.first.at_ms" },
	{ "line", WORD_FILE, "alloc_failures.first.source_line" },
	{ "covered", WORD_NUMBER, "alloc_failures.coverage.covered" },
	{ "seen", WORD_NUMBER, "alloc_failures.coverage.processes" },
	{ "failed_runtime", WORD_TEXT, "alloc_failures.runtime.name" },
	{ "failed_text", WORD_QUOTE, "alloc_failures.runtime.text" },
	{ "failed_name", WORD_TEXT, "alloc_failures.runtime.command" },
	{ "runtime", WORD_TEXT, "signature.runtime" },
	{ "message", WORD_QUOTE, "signature.text" },
	{ "status_matches", WORD_FLAG, "signature.status_matches" },
	{ "kill_name", WORD_TEXT, "kill.command" },
	{ "kill_pid", WORD_NUMBER, "kill.pid" },
	{ "kill_anon", WORD_SIZE, "kill.anon_bytes" },
	{ "kill_group", WORD_TEXT, "kill.limit_group" },
	{ "processes_peak", WORD_NUMBER, "processes.peak" },
	{ "killed_at_end", WORD_NUMBER, "processes.killed_at_end", true },
	{ "wall", WORD_TIME, "time.wall_ms" },
	{ "user", WORD_TIME, "time.user_ms" },
	{ "system", WORD_TIME, "time.system_ms" },
	{ "setup", WORD_EXACT_TIME, "overhead.setup_ms" },
	{ "teardown", WORD_EXACT_TIME, "overhead.teardown_ms" },
	{ "host_kernel", WORD_TEXT, "host.kernel" },
	{ "host_memory", WORD_SIZE, "host.memory_bytes" },
	{ "host_swap", WORD_SIZE, "host.swap_bytes" },
	{ "cgroup_mode", WORD_TEXT, "host.cgroup_mode" },
	{ "cpus", WORD_NUMBER, "host.cpus" },
	{ "version", WORD_TEXT, "tool.version" },
	{ "started_at", WORD_TEXT, "started_at" },
};

#define QUOTE_MAX 80

static void add_bytes(struct sentence *sentence, const char *bytes, size_t length)
{
	if (sentence->full || length >= sentence->size - sentence->length) {
		sentence->full = true;
		return;
	}
	memcpy(sentence->buffer + sentence->length, bytes, length);
	sentence->length += length;
	sentence->buffer[sentence->length] = '\0';
}

void sentence_add(struct sentence *sentence, const char *text)
{
	while (*text != '\0' && !sentence->full) {
		bool harmless;
		size_t length = utf8_character(text, &harmless);

		if (harmless)
			add_bytes(sentence, text, length);
		else
			add_bytes(sentence, "?", 1);
		text += length;
	}
}

/* One word stands bare (MemoryError), more stand in quotation marks. */
static void add_quote(struct sentence *sentence, const char *text)
{
	char buffer[QUOTE_MAX];
	struct sentence quote = { .buffer = buffer, .size = sizeof(buffer) };
	bool bare = strchr(text, ' ') == NULL;

	buffer[0] = '\0';
	sentence_add(&quote, text);
	sentence_add(sentence, bare ? "" : "\"");
	sentence_add(sentence, buffer);
	sentence_add(sentence, quote.full ? "…" : "");
	sentence_add(sentence, bare ? "" : "\"");
}

static bool say_text(const json_t *report, const struct word *word, struct sentence *sentence)
{
	const char *text = report_text(report, word->path);

	if (text == NULL)
		return false;
	if (word->kind == WORD_QUOTE)
		add_quote(sentence, text);
	else
		sentence_add(sentence, word->kind == WORD_FILE ? base_name(text) : text);
	return true;
}

static bool say_flag(const json_t *report, const struct word *word, struct sentence *sentence)
{
	const json_t *flag = report_at(report, word->path);

	if (!json_is_boolean(flag))
		return false;
	sentence_add(sentence, json_is_true(flag) ? "yes" : "no");
	return true;
}

static bool say_exact_time(const json_t *report, const struct word *word, struct sentence *sentence)
{
	const json_t *number = report_at(report, word->path);
	char buffer[TEXT_NUMBER_SIZE];

	if (!json_is_number(number) || json_number_value(number) < 0)
		return false;
	(void)snprintf(buffer, sizeof(buffer), "%.1f ms", json_number_value(number));
	sentence_add(sentence, buffer);
	return true;
}

static bool say_none(const json_t *report, const struct word *word, struct sentence *sentence)
{
	if (!json_is_null(report_at(report, word->path)))
		return false;
	sentence_add(sentence, "none");
	return true;
}

static bool say_number(const json_t *report, const struct word *word, struct sentence *sentence)
{
	char buffer[TEXT_NUMBER_SIZE];
	uint64_t number;

	if (!report_number(report, word->path, &number) || (word->not_zero && number == 0))
		return false;
	if (word->kind == WORD_SIZE)
		(void)format_size(number, buffer);
	else if (word->kind == WORD_TIME)
		(void)format_duration(number, buffer);
	else if (word->kind == WORD_TIMES && number == 1)
		text_copy(buffer, sizeof(buffer), "once");
	else
		(void)snprintf(buffer, sizeof(buffer), "%" PRIu64 "%s", number,
			word->kind == WORD_TIMES ? " times" : "");
	sentence_add(sentence, buffer);
	return true;
}

static const struct word *find(const char *name)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i].name, name) == 0)
			return &words[i];
	return NULL;
}

bool word_exists(const char *name)
{
	return find(name) != NULL;
}

bool word_say(const json_t *report, const char *name, struct sentence *sentence)
{
	static bool (*const sayers[])(const json_t *, const struct word *, struct sentence *) = {
		[WORD_TEXT] = say_text,
		[WORD_FILE] = say_text,
		[WORD_QUOTE] = say_text,
		[WORD_SIZE] = say_number,
		[WORD_TIME] = say_number,
		[WORD_NUMBER] = say_number,
		[WORD_TIMES] = say_number,
		[WORD_FLAG] = say_flag,
		[WORD_EXACT_TIME] = say_exact_time,
		[WORD_NONE] = say_none,
	};
	const struct word *word = find(name);

	return word != NULL && sayers[word->kind](report, word, sentence);
}
