/* SPDX-License-Identifier: MIT
 *
 * injection.h - --fail-alloc: which requests are refused on purpose. The same question inside the
 * process (preload/inject.c) and in the tracer (trace_inject.c). Pure.
 */
#ifndef MEMCAGE_WITNESS_INJECTION_H
#define MEMCAGE_WITNESS_INJECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "memcage/memcage.h"

struct injection_plan {
	uint32_t count; /* 0: nothing is refused on purpose, and nobody counts */
	struct memcage_injection rules[MEMCAGE_INJECTIONS_MAX];
};

/* Requests of one process so far, the one that is asked about included. */
struct injection_count {
	uint64_t calls, bytes;
};

static inline bool injection_names(const struct memcage_injection *rule, const char *command)
{
	for (uint32_t i = 0; i < sizeof(rule->command) - 1; i++) {
		if (rule->command[i] != command[i] && rule->command[0] != '\0')
			return false;
		if (rule->command[i] == '\0')
			break;
	}
	return true;
}

/* The rules for a program whose comm is command, a set; 0: nothing is counted there. */
static inline uint32_t injection_rules_for(const struct injection_plan *plan, const char *command)
{
	uint32_t rules = 0;

	for (uint32_t i = 0; i < plan->count && i < MEMCAGE_INJECTIONS_MAX; i++)
		rules |= injection_names(&plan->rules[i], command) ? 1U << i : 0;
	return rules;
}

/* The finalizer of splitmix64: each number of a sequence by itself, so that threads need not share
 * a state. */
static inline uint64_t injection_mix(uint64_t value)
{
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

static inline bool injection_hits(
	const struct memcage_injection *rule, struct injection_count count, uint64_t size)
{
	switch (rule->kind) {
	case MEMCAGE_INJECT_NTH:
		return count.calls == rule->number;
	case MEMCAGE_INJECT_SIZE:
		return size >= rule->number;
	case MEMCAGE_INJECT_AFTER:
		return count.bytes > rule->number;
	case MEMCAGE_INJECT_RANDOM:
		return injection_mix(injection_mix(rule->seed + UINT64_C(0x9e3779b97f4a7c15)) +
				     count.calls) %
			       1000000000 <
		       rule->number;
	}
	return false;
}

/* Whether the request of size bytes is refused by one of the rules of the set. */
static inline bool injection_refuses(const struct injection_plan *plan, uint32_t rules,
	struct injection_count count, uint64_t size)
{
	for (uint32_t i = 0; i < MEMCAGE_INJECTIONS_MAX; i++)
		if ((rules & 1U << i) != 0 && injection_hits(&plan->rules[i], count, size))
			return true;
	return false;
}

#endif
