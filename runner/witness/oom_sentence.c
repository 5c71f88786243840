/* SPDX-License-Identifier: MIT */
#include "witness/oom_sentence.h"

#include <string.h>

#include "witness/oom_amounts.h"
#include "witness/oom_number.h"
#include "witness/printable.h"

#define COMMAND_BYTES_MAX 15                /* the kernel's TASK_COMM_LEN - 1 */
#define UNLIMITED_BYTES ((uint64_t)1 << 62) /* the kernel's "no limit" is beyond it */

static void store(char *to, size_t size, struct span text)
{
	(void)printable_copy(to, size, text.at, text.length);
}

/* What stands behind key up to the first byte of stops; empty where key is not there. */
static struct span value_of(struct span text, const char *key, const char *stops)
{
	const char *at = span_find_first(text, key);
	size_t length = 0;

	if (at == NULL)
		return (struct span){ text.at, 0 };
	text = span_from(text, at + strlen(key));
	while (length < text.length && strchr(stops, text.at[length]) == NULL)
		length++;
	return (struct span){ text.at, length };
}

bool oom_header_read(struct span text, struct oom_incident *incident)
{
	const char *at = span_find_first(text, " invoked oom-killer: gfp_mask=");
	struct span rest, mask;

	if (at == NULL || at - text.at > COMMAND_BYTES_MAX)
		return false;
	rest = span_from(text, at);
	store(incident->invoker, sizeof(incident->invoker), span_between(text.at, at));
	mask = value_of(rest, "gfp_mask=", ", ");
	store(incident->gfp_mask, sizeof(incident->gfp_mask), mask);
	incident->order = oom_number_of(value_of(rest, " order=", ", "));
	incident->invoker_oom_score_adj = oom_number_of(value_of(rest, " oom_score_adj=", " "));
	incident->has_header = true;
	if (incident->order.known && incident->order.value == -1)
		incident->scope = OOM_SCOPE_SYSRQ; /* the kernel's own mark of it */
	return true;
}

/* "usage 16384kB, limit 16384kB, failcnt 19" */
static bool read_usage(
	struct span text, struct counter *usage, struct counter *limit, struct counter *failures)
{
	uint64_t used, allowed, count;

	if (!span_take_number(&text, &used) || !span_take_prefix(&text, "kB, limit ") ||
		!span_take_number(&text, &allowed) || !span_take_prefix(&text, "kB, failcnt ") ||
		!span_take_number(&text, &count) || used > UINT64_MAX / 1024)
		return false;
	*usage = counter_of(used * 1024);
	*limit = counter_of(allowed >= UNLIMITED_BYTES / 1024 ? UINT64_MAX : allowed * 1024);
	*failures = counter_of(count);
	return true;
}

static void settle_version(struct oom_incident *incident, enum oom_scope scope)
{
	if (incident->scope == OOM_SCOPE_UNKNOWN || incident->scope == OOM_SCOPE_MEMCG)
		incident->scope = scope;
}

static bool read_memory(struct span text, struct oom_incident *incident)
{
	settle_version(incident, OOM_SCOPE_MEMCG);
	return read_usage(text, &incident->amounts[OOM_USAGE], &incident->amounts[OOM_LIMIT],
		&incident->amounts[OOM_FAILURES]);
}

static bool read_memory_and_swap(struct span text, struct oom_incident *incident)
{
	struct counter ignored;

	settle_version(incident, OOM_SCOPE_MEMCG_V1);
	return read_usage(text, &incident->amounts[OOM_SWAP_USAGE],
		&incident->amounts[OOM_SWAP_LIMIT], &ignored);
}

static bool read_swap(struct span text, struct oom_incident *incident)
{
	struct counter ignored;

	settle_version(incident, OOM_SCOPE_MEMCG_V2);
	return read_usage(text, &incident->amounts[OOM_SWAP_USAGE],
		&incident->amounts[OOM_SWAP_LIMIT], &ignored);
}

static bool read_kernel_memory(struct span text, struct oom_incident *incident)
{
	struct counter limit, failures;

	settle_version(incident, OOM_SCOPE_MEMCG_V1);
	return read_usage(text, &incident->amounts[OOM_KERNEL], &limit, &failures);
}

/* "/a/b:", and before 5.1 the statistics behind it */
static bool read_statistics(struct span text, struct oom_incident *incident)
{
	const char *at = span_find_last(text, ": cache:");

	if (text.length == 0 || text.at[0] != '/')
		return false;
	settle_version(incident, OOM_SCOPE_MEMCG);
	if (at != NULL)
		(void)oom_amounts_groups(span_from(text, at + 2), incident);
	return true;
}

/* "0 PID: 12 Comm: name Not tainted 6.1.0-56 #1 ..." */
static bool read_processor(struct span text, struct oom_incident *incident)
{
	const char *end = span_find_last(text, " #"), *begin;
	struct span pid = value_of(text, " PID: ", " ");
	uint64_t number;

	if (incident->has_header && incident->invoker_pid == 0 && span_take_number(&pid, &number) &&
		number <= INT32_MAX)
		incident->invoker_pid = (int)number;
	if (end == NULL)
		return true;
	for (begin = end; begin > text.at && begin[-1] != ' '; begin--)
		;
	if (begin < end && *begin >= '0' && *begin <= '9')
		store(incident->kernel, sizeof(incident->kernel), span_between(begin, end));
	return true;
}

static bool read_nobody(struct span text, struct oom_incident *incident)
{
	(void)text;
	incident->no_victim = true;
	return true;
}

static bool read_nothing(struct span text, struct oom_incident *incident)
{
	(void)text;
	(void)incident;
	return true;
}

static const struct {
	const char *prefix;
	bool (*read)(struct span text, struct oom_incident *incident);
	bool opens;
} sentences[] = {
	{ "memory: usage ", read_memory, true },
	{ "memory+swap: usage ", read_memory_and_swap, true },
	{ "swap: usage ", read_swap, true },
	{ "kmem: usage ", read_kernel_memory, true },
	{ "Memory cgroup stats for ", read_statistics, true },
	{ "Out of memory and no killable processes", read_nobody, true },
	{ "Tasks state (memory values in pages)", read_nothing, true },
	{ "CPU: ", read_processor, false },
};

bool oom_sentence_read(struct span text, struct oom_incident *incident, bool *ret_opens)
{
	const char *at;

	*ret_opens = false;
	for (size_t i = 0; i < sizeof(sentences) / sizeof(*sentences); i++) {
		struct span rest = text;

		if (!span_take_prefix(&rest, sentences[i].prefix))
			continue;
		*ret_opens = sentences[i].opens;
		return sentences[i].read(rest, incident);
	}
	/* "name cpuset=/ mems_allowed=0", before 5.0 */
	at = span_find_first(text, " cpuset=");
	if (at != NULL && at - text.at <= COMMAND_BYTES_MAX &&
		span_find_first(span_from(text, at), " mems_allowed=") != NULL) {
		oom_place_read(span_from(text, at), incident);
		return true;
	}
	return oom_amounts_read(text, incident);
}

void oom_place_read(struct span line, struct oom_incident *incident)
{
	const char *stops = line.length > 0 && line.at[0] == ' ' ? " " : ",";

	store(incident->nodemask, sizeof(incident->nodemask), value_of(line, "nodemask=", stops));
	store(incident->cpuset, sizeof(incident->cpuset), value_of(line, "cpuset=", stops));
	/* a list of nodes has commas of its own: "0-1,3" */
	line = value_of(line, "mems_allowed=", " ");
	for (size_t i = 0; i < line.length; i++)
		if (strchr("0123456789,-", line.at[i]) == NULL ||
			(line.at[i] == ',' && (i + 1 == line.length || line.at[i + 1] < '0' ||
						      line.at[i + 1] > '9')))
			line.length = i;
	store(incident->mems_allowed, sizeof(incident->mems_allowed), line);
}

/* The kernel says a victim's size in kB and the list of tasks in pages: together they tell how
 * large a page is. */
static uint64_t page_bytes_of(const struct oom_incident *incident)
{
	for (int i = 0; i < incident->task_kept; i++) {
		const struct oom_task *task = &incident->tasks[i];
		const struct oom_victim *victim = &incident->victims[0];
		uint64_t bytes;

		if (incident->victim_count == 0 || victim->pid != task->pid ||
			!counter_some(task->total_vm_pages) || !victim->total_vm_bytes.known)
			continue;
		bytes = victim->total_vm_bytes.value / task->total_vm_pages.value;
		if (bytes >= 1024 && bytes <= 1 << 20 && (bytes & (bytes - 1)) == 0)
			return bytes;
	}
	return 0;
}

void oom_incident_finish(struct oom_incident *incident)
{
	incident->page_bytes = page_bytes_of(incident);
	oom_amounts_settle(incident);
}

const char *oom_scope_name(enum oom_scope scope)
{
	static const char *const names[] = {
		[OOM_SCOPE_UNKNOWN] = "unknown",
		[OOM_SCOPE_MEMCG] = "memcg",
		[OOM_SCOPE_MEMCG_V1] = "memcg_v1",
		[OOM_SCOPE_MEMCG_V2] = "memcg_v2",
		[OOM_SCOPE_HOST] = "host",
		[OOM_SCOPE_CPUSET] = "cpuset",
		[OOM_SCOPE_MEMPOLICY] = "mempolicy",
		[OOM_SCOPE_SYSRQ] = "sysrq",
	};

	return scope < OOM_SCOPE_COUNT ? names[scope] : names[OOM_SCOPE_UNKNOWN];
}
