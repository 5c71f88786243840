/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "commands/sweep.h"

static const struct {
	const char *name, *meaning;
	bool bad;
} outcomes[SWEEP_OUTCOMES] = {
	[SWEEP_HANDLED] = { "handled", "the same exit status and output as without a refusal",
		false },
	[SWEEP_CLEAN_ERROR] = { "clean_error", "an exit status or a message that tells of it",
		false },
	[SWEEP_CRASH] = { "crash", "ended by a signal", true },
	[SWEEP_HANG] = { "hang", "had to be ended at a time limit", true },
	[SWEEP_WRONG] = { "wrong", "exit 0, and another output", true },
	[SWEEP_OTHER] = { "other", "ended by another limit or from outside: says nothing", false },
	[SWEEP_NOT_REACHED] = { "not_reached", "made fewer requests than in the first run", false },
};

const char *sweep_outcome_name(enum sweep_outcome outcome)
{
	return outcomes[outcome].name;
}

const char *sweep_outcome_meaning(enum sweep_outcome outcome)
{
	return outcomes[outcome].meaning;
}

bool sweep_is_bad(enum sweep_outcome outcome)
{
	return outcomes[outcome].bad;
}

bool sweep_outcome_named(const char *name, enum sweep_outcome *ret_outcome)
{
	for (int i = 0; name != NULL && i < SWEEP_OUTCOMES; i++)
		if (strcmp(outcomes[i].name, name) == 0) {
			*ret_outcome = (enum sweep_outcome)i;
			return true;
		}
	return false;
}

static uint64_t number_of(const json_t *object, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(object, key));

	return number > 0 ? (uint64_t)number : 0;
}

static bool copy_text(char *to, size_t size, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (text != NULL)
		text_copy(to, size, text);
	return text != NULL;
}

static uint64_t most_requests(const json_t *processes)
{
	uint64_t most = 0;
	const json_t *process;
	size_t i;

	json_array_foreach(processes, i, process) if (number_of(process, "count") > most)
		most = number_of(process, "count");
	return most;
}

static bool read_stream(const json_t *streams, const char *name, struct sweep_stream *stream)
{
	const json_t *object = json_object_get(streams, name);

	stream->bytes = number_of(object, "bytes");
	return copy_text(stream->digest, sizeof(stream->digest), object, "digest");
}

bool sweep_end_read(const char *report, struct sweep_end *ret_end, json_t **ret_first)
{
	json_t *root = json_loads(report, 0, NULL), *end = json_object_get(root, "exit"), *first;
	const json_t *refusals = json_object_get(root, "alloc_failures"),
		     *streams = json_object_get(root, "streams");
	bool complete;

	*ret_end = (struct sweep_end){
		.ended = json_is_object(end),
		.signal = (int)json_integer_value(json_object_get(end, "signal")),
		.code = (int)json_integer_value(json_object_get(end, "code")),
		.wall_ms = number_of(json_object_get(root, "time"), "wall_ms"),
		.requests = most_requests(json_object_get(refusals, "requests")),
		.injected = number_of(refusals, "injected"),
	};
	complete = copy_text(ret_end->verdict, sizeof(ret_end->verdict), root, "verdict") &&
		   copy_text(ret_end->reason, sizeof(ret_end->reason), root, "reason") &&
		   read_stream(streams, "stdout", &ret_end->streams[0]) &&
		   read_stream(streams, "stderr", &ret_end->streams[1]);
	first = json_object_get(refusals, "first");
	*ret_first = json_is_object(first) ? json_incref(first) : NULL;
	json_decref(root);
	return complete;
}

static bool same(const struct sweep_end *one, const struct sweep_end *other, int stream)
{
	return one->streams[stream].bytes == other->streams[stream].bytes &&
	       strcmp(one->streams[stream].digest, other->streams[stream].digest) == 0;
}

/* Ended by the program itself, as far as the verdict knows. */
static bool is_own_end(const struct sweep_end *end)
{
	static const char *const verdicts[] = { "ok", "failed", "alloc_failure" };

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++)
		if (strcmp(end->verdict, verdicts[i]) == 0)
			return end->ended;
	return false;
}

enum sweep_outcome sweep_judge(const struct sweep_end *first, const struct sweep_end *end)
{
	if (end->injected == 0)
		return SWEEP_NOT_REACHED;
	if (strcmp(end->verdict, "timeout") == 0 &&
		(strcmp(end->reason, "wall") == 0 || strcmp(end->reason, "cpu") == 0))
		return SWEEP_HANG;
	if (!is_own_end(end))
		return SWEEP_OTHER;
	if (end->signal != 0)
		return SWEEP_CRASH;
	if (end->code == first->code && same(first, end, 0) && same(first, end, 1))
		return SWEEP_HANDLED;
	if (end->code == 0 && (first->code != 0 || !same(first, end, 0)))
		return SWEEP_WRONG;
	return SWEEP_CLEAN_ERROR;
}
