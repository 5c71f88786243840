/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "commands/operands.h"
#include "commands/sweep.h"
#include "report/utf8.h"

static json_t *outcomes(const struct sweep_ledger *ledger)
{
	json_t *object = json_object();

	for (int i = 0; i < SWEEP_OUTCOMES; i++)
		(void)json_object_set_new(object, sweep_outcome_name((enum sweep_outcome)i),
			json_integer((json_int_t)ledger->outcomes[i]));
	return object;
}

static json_t *numbers(const struct sweep_ledger *ledger, size_t stack)
{
	json_t *list = json_array();

	for (uint64_t nth = 1; nth <= ledger->requests; nth++)
		if (ledger->tries[nth - 1].outcome != 0 &&
			ledger->tries[nth - 1].stack == (int32_t)stack)
			(void)json_array_append_new(list, json_integer((json_int_t)nth));
	return list;
}

static json_t *stack_json(const struct sweep *sweep, size_t index)
{
	const struct sweep_stack *stack = &sweep->ledger.stacks[index];
	const struct sweep_try *try = &sweep->ledger.tries[stack->first - 1];
	json_t *object = json_object();

	(void)json_object_set_new(
		object, "outcome", json_string(sweep_outcome_name(stack->outcome)));
	if (stack->outcome == SWEEP_CRASH)
		(void)json_object_set_new(object, "signal", json_integer(try->signal));
	(void)json_object_set_new(object, "nth", numbers(&sweep->ledger, index));
	(void)json_object_update(object, stack->asked);
	(void)json_object_set_new(object, "replay", sweep_replay(sweep, stack->first));
	return object;
}

json_t *sweep_json(const struct sweep *sweep)
{
	const struct sweep_ledger *ledger = &sweep->ledger;
	json_t *stacks = json_array();

	for (size_t i = 0; i < ledger->stack_count; i++)
		(void)json_array_append_new(stacks, stack_json(sweep, i));
	return json_pack("{s:s, s:{s:o}, s:o, s:I, s:I, s:b, s:b, s:{s:i, s:I}, s:I, s:o, s:o, "
			 "s:{s:s}}",
		"schema", "memcage.sweep/1", "command", "argv", operands_json(sweep->options),
		"comm", utf8_json(sweep->command, strlen(sweep->command)), "requests",
		(json_int_t)ledger->requests, "tried", (json_int_t)ledger->tried, "complete",
		ledger->tried == ledger->requests, "budget_spent", sweep->budget_spent, "first",
		"code", sweep->first.code, "wall_ms", (json_int_t)sweep->first.wall_ms,
		"elapsed_ms", (json_int_t)sweep->elapsed_ms, "outcomes", outcomes(ledger), "stacks",
		stacks, "tool", "version", memcage_version());
}
