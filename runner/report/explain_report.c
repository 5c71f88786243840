/* SPDX-License-Identifier: MIT
 *
 * explain_report.c - what a report of memcage's tells of OOM kills, as if a log had told it.
 */
#include <string.h>

#include "base/text.h"
#include "report/explain.h"
#include "report/lookup.h"

static void take_text(const json_t *object, const char *path, char *to, size_t size)
{
	const char *text = report_text(object, path);

	text_copy(to, size, text != NULL ? text : "");
}

static struct counter take_number(const json_t *object, const char *path)
{
	uint64_t number;

	return report_number(object, path, &number) ? counter_of(number) : (struct counter){ 0 };
}

/* Absent is not known, null is no limit. */
static struct counter take_limit(const json_t *object, const char *path)
{
	return json_is_null(report_at(object, path)) ? counter_of(UINT64_MAX)
						     : take_number(object, path);
}

/* Whose limit it was: as the kernel told of that kill, else as the verdict came to. "" not known.
 */
static const char *owner_of(const json_t *report, const json_t *kill)
{
	static const struct {
		const char *reason, *owner;
	} reasons[] = { { "own_limit", "own" }, { "inner_limit", "inner" },
		{ "ancestor_limit", "ancestor" }, { "host", "host" } };
	const char *owner = report_text(kill, "limit_owner");
	const char *verdict = report_text(report, "verdict"),
		   *reason = report_text(report, "reason");

	if (owner != NULL && strcmp(owner, "unknown") != 0)
		return owner;
	for (size_t i = 0; verdict != NULL && strcmp(verdict, "oom_kill") == 0 && reason != NULL &&
			   i < sizeof(reasons) / sizeof(*reasons);
		i++)
		if (strcmp(reason, reasons[i].reason) == 0)
			return reasons[i].owner;
	return "";
}

static enum oom_scope scope_of(const json_t *report, const json_t *kill)
{
	const char *owner = owner_of(report, kill);
	const char *constraint = report_text(kill, "constraint");
	const char *backend = report_text(report, "enforcement.backend");

	if (constraint != NULL && strcmp(constraint, "CONSTRAINT_CPUSET") == 0)
		return OOM_SCOPE_CPUSET;
	if (constraint != NULL && strcmp(constraint, "CONSTRAINT_MEMORY_POLICY") == 0)
		return OOM_SCOPE_MEMPOLICY;
	if (owner[0] == '\0')
		return OOM_SCOPE_UNKNOWN;
	if (strcmp(owner, "host") == 0)
		return OOM_SCOPE_HOST;
	if (backend == NULL)
		return OOM_SCOPE_MEMCG;
	return strcmp(backend, "v1") == 0   ? OOM_SCOPE_MEMCG_V1
	       : strcmp(backend, "v2") == 0 ? OOM_SCOPE_MEMCG_V2
					    : OOM_SCOPE_MEMCG;
}

/* The limit of the cage, where it was the cage's; how much a group above or inside allowed is not
 * the report's to tell, but for the lowest of those above. */
static struct counter limit_of(const json_t *report, const json_t *kill)
{
	const char *owner = owner_of(report, kill);

	if (strcmp(owner, "own") == 0)
		return take_limit(report, "limits.memory_bytes");
	if (strcmp(owner, "ancestor") == 0)
		return take_limit(report, "limits.effective_bytes");
	return (struct counter){ 0 };
}

static void fill(const json_t *report, const json_t *kill, struct oom_incident *incident)
{
	struct oom_victim *victim = &incident->victims[0];
	struct counter *amounts = incident->amounts, pid = take_number(kill, "pid");

	incident->scope = scope_of(report, kill);
	incident->victim_count = 1;
	if (pid.known && pid.value <= INT32_MAX)
		victim->pid = (int)pid.value;
	take_text(kill, "command", victim->command, sizeof(victim->command));
	victim->anon_bytes = take_number(kill, "anon_bytes");
	victim->file_bytes = take_number(kill, "file_bytes");
	victim->shmem_bytes = take_number(kill, "shmem_bytes");
	take_text(kill, "constraint", incident->constraint, sizeof(incident->constraint));
	take_text(kill, "limit_group", incident->oom_memcg, sizeof(incident->oom_memcg));
	take_text(kill, "victim_group", incident->task_memcg, sizeof(incident->task_memcg));
	if (json_is_true(report_at(report, "limits.oom_group")))
		take_text(kill, "victim_group", incident->group, sizeof(incident->group));
	amounts[OOM_LIMIT] = limit_of(report, kill);
	amounts[OOM_SWAP_LIMIT] = take_limit(report, "limits.swap_bytes");
	if (incident->scope == OOM_SCOPE_MEMCG_V1 && amounts[OOM_LIMIT].known &&
		amounts[OOM_LIMIT].value != UINT64_MAX &&
		__builtin_add_overflow(amounts[OOM_SWAP_LIMIT].value, amounts[OOM_LIMIT].value,
			&amounts[OOM_SWAP_LIMIT].value)) /* there, it is of both together */
		amounts[OOM_SWAP_LIMIT] = counter_of(UINT64_MAX);
	amounts[OOM_ANON] = take_number(report, "memory.anon_bytes");
	amounts[OOM_FILE] = take_number(report, "memory.file_bytes");
	amounts[OOM_SHMEM] = take_number(report, "memory.shmem_bytes");
	amounts[OOM_KERNEL] = take_number(report, "memory.kernel_bytes");
}

size_t explain_report(const json_t *report, struct oom_incident *incidents, size_t room)
{
	const json_t *kills = report_at(report, "oom_kills");
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(kills) && count < room; i++) {
		memset(&incidents[count], 0, sizeof(*incidents));
		fill(report, json_array_get(kills, i), &incidents[count++]);
	}
	return count;
}
