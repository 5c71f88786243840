/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "commands/sweep.h"

#define REQUESTS_MAX (UINT64_C(1) << 26)

int sweep_ledger_open(struct sweep_ledger *ledger, uint64_t requests)
{
	*ledger = (struct sweep_ledger){ .requests = requests };
	if (requests > REQUESTS_MAX)
		return -E2BIG;
	ledger->tries = calloc(requests > 0 ? requests : 1, sizeof(*ledger->tries));
	return ledger->tries == NULL ? -ENOMEM : 0;
}

void sweep_ledger_close(struct sweep_ledger *ledger)
{
	for (size_t i = 0; i < ledger->stack_count; i++) {
		free(ledger->stacks[i].key);
		json_decref(ledger->stacks[i].asked);
	}
	free(ledger->stacks);
	free(ledger->tries);
	*ledger = (struct sweep_ledger){ 0 };
}

json_t *sweep_asked_of(const json_t *first)
{
	static const char *const kept[] = { "function", "request_bytes", "source_line",
		"backtrace" };
	json_t *asked = json_object();

	for (size_t i = 0; asked != NULL && i < sizeof(kept) / sizeof(*kept); i++) {
		json_t *value = json_object_get(first, kept[i]);

		if (value != NULL && !json_is_null(value))
			(void)json_object_set(asked, kept[i], value);
	}
	return asked;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "?";
}

/* Where it was asked, by module and offset; without a backtrace, what was asked. NULL without
 * memory. */
static char *key_of(enum sweep_outcome outcome, const json_t *asked)
{
	const json_t *frames = json_object_get(asked, "backtrace"), *frame;
	char *key = NULL;
	size_t i, size;
	FILE *text = open_memstream(&key, &size);

	if (text == NULL)
		return NULL;
	(void)fprintf(text, "%s %s", sweep_outcome_name(outcome), text_of(asked, "function"));
	if (json_array_size(frames) == 0)
		(void)fprintf(text, " %" JSON_INTEGER_FORMAT,
			json_integer_value(json_object_get(asked, "request_bytes")));
	json_array_foreach(frames, i, frame)(void) fprintf(text, " %s+%" JSON_INTEGER_FORMAT,
		text_of(frame, "module"), json_integer_value(json_object_get(frame, "offset")));
	if (fclose(text) != 0) {
		free(key);
		return NULL;
	}
	return key;
}

/* Its place among the stacks, a new one at their end. -ENOMEM. */
static int64_t stack_of(struct sweep_ledger *ledger, enum sweep_outcome outcome, json_t *asked)
{
	char *key = key_of(outcome, asked);
	struct sweep_stack *grown;

	if (key == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < ledger->stack_count; i++)
		if (strcmp(ledger->stacks[i].key, key) == 0) {
			free(key);
			return (int64_t)i;
		}
	grown = reallocarray(ledger->stacks, ledger->stack_count + 1, sizeof(*grown));
	if (grown == NULL) {
		free(key);
		return -ENOMEM;
	}
	ledger->stacks = grown;
	grown[ledger->stack_count] = (struct sweep_stack){
		.outcome = outcome, .key = key, .asked = json_incref(asked)
	};
	return (int64_t)ledger->stack_count++;
}

int sweep_ledger_add(struct sweep_ledger *ledger, uint64_t nth, enum sweep_outcome outcome,
	const struct sweep_end *end, json_t *asked)
{
	struct sweep_try try = { .outcome = (uint8_t)(outcome + 1),
		.signal = (uint8_t)end->signal,
		.code = (uint8_t)end->code,
		.stack = -1 };

	if (nth == 0 || nth > ledger->requests || ledger->tries[nth - 1].outcome != 0)
		return 0; /* it is known already */
	if (sweep_is_bad(outcome)) {
		int64_t place = stack_of(ledger, outcome, asked);
		struct sweep_stack *stack;

		if (place < 0)
			return (int)place;
		try.stack = (int32_t)place;
		stack = &ledger->stacks[place];
		stack->count++;
		if (stack->first == 0 || nth < stack->first)
			stack->first = nth;
	}
	ledger->tries[nth - 1] = try;
	ledger->tried++;
	ledger->outcomes[outcome]++;
	return 0;
}

static int compare_stacks(const void *one, const void *other)
{
	const struct sweep_stack *a = *(const struct sweep_stack *const *)one,
				 *b = *(const struct sweep_stack *const *)other;

	if (a->outcome != b->outcome)
		return a->outcome < b->outcome ? -1 : 1;
	return a->first < b->first ? -1 : a->first > b->first;
}

int sweep_ledger_sort(struct sweep_ledger *ledger)
{
	size_t count = ledger->stack_count;
	struct sweep_stack **order = calloc(count + 1, sizeof(*order)),
			   *sorted = calloc(count + 1, sizeof(*sorted));
	int32_t *places = calloc(count + 1, sizeof(*places));
	bool able = order != NULL && sorted != NULL && places != NULL;

	for (size_t i = 0; able && i < count; i++)
		order[i] = &ledger->stacks[i];
	if (able)
		qsort(order, count, sizeof(*order), compare_stacks);
	for (size_t i = 0; able && i < count; i++) {
		places[order[i] - ledger->stacks] = (int32_t)i;
		sorted[i] = *order[i];
	}
	for (uint64_t i = 0; able && i < ledger->requests; i++)
		if (ledger->tries[i].outcome != 0 && ledger->tries[i].stack >= 0)
			ledger->tries[i].stack = places[ledger->tries[i].stack];
	if (able) {
		free(ledger->stacks);
		ledger->stacks = sorted;
	} else {
		free(sorted);
	}
	free(order);
	free(places);
	return able ? 0 : -ENOMEM;
}

/* Writes a range behind what is there; false where it does not fit. */
static bool add_range(char *buffer, size_t size, uint64_t from, uint64_t to)
{
	size_t length = strlen(buffer);
	const char *comma = length > 0 ? ", " : "";
	int written = from == to
			      ? snprintf(buffer + length, size - length, "%s%" PRIu64, comma, from)
			      : snprintf(buffer + length, size - length,
					"%s%" PRIu64 " to %" PRIu64, comma, from, to);

	if (written > 0 && (size_t)written < size - length)
		return true;
	buffer[length] = '\0';
	return false;
}

void sweep_numbers(const struct sweep_ledger *ledger, size_t stack, char *buffer, size_t size)
{
	static const char more[] = ", ...";
	uint64_t begin = 0; /* of the range that is being read; 0: none */

	buffer[0] = '\0';
	for (uint64_t nth = 1; nth <= ledger->requests + 1; nth++) {
		bool in = nth <= ledger->requests && ledger->tries[nth - 1].outcome != 0 &&
			  ledger->tries[nth - 1].stack == (int32_t)stack;

		if (in && begin == 0)
			begin = nth;
		if (in || begin == 0)
			continue;
		if (!add_range(buffer, size - sizeof(more), begin, nth - 1)) {
			memcpy(buffer + strlen(buffer), more, sizeof(more));
			return;
		}
		begin = 0;
	}
}
