/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "report/explain.h"
#include "report/reproduce.h"
#include "report/text.h"

#define TASKS_SHOWN 5

/* What stands behind "was" or "were" in the first line. */
static const char *const causes[] = {
	[OOM_SCOPE_UNKNOWN] = "killed for memory; whose limit it was is not said",
	[OOM_SCOPE_MEMCG] = "killed at the limit of a control group",
	[OOM_SCOPE_MEMCG_V1] = "killed at the limit of a control group (cgroup v1)",
	[OOM_SCOPE_MEMCG_V2] = "killed at the limit of a control group (cgroup v2)",
	[OOM_SCOPE_HOST] = "killed because the whole machine ran out of memory",
	[OOM_SCOPE_CPUSET] = "killed because the memory nodes of its cpuset were full",
	[OOM_SCOPE_MEMPOLICY] = "killed because the nodes of a memory policy were full",
	[OOM_SCOPE_SYSRQ] = "killed because somebody asked for a kill (sysrq f)",
};

static bool is_group_limit(const struct oom_incident *incident)
{
	return incident->scope == OOM_SCOPE_MEMCG || incident->scope == OOM_SCOPE_MEMCG_V1 ||
	       incident->scope == OOM_SCOPE_MEMCG_V2;
}

static void print_size(struct counter bytes, FILE *out)
{
	char text[TEXT_NUMBER_SIZE];

	(void)fputs(!bytes.known                ? "not known"
		    : bytes.value == UINT64_MAX ? "none"
						: format_size(bytes.value, text),
		out);
}

/* "python3 (pid 4711)" */
static void print_process(const char *command, int pid, FILE *out)
{
	text_harmless(out, command[0] != '\0' ? command : "a process");
	if (pid > 0)
		(void)fprintf(out, " (pid %d)", pid);
}

static void print_headline(const struct oom_incident *incident, size_t number, FILE *out)
{
	const struct oom_victim *victim = &incident->victims[0];

	(void)fprintf(out, "%zu. ", number);
	if (incident->victim_count == 0 && incident->no_victim) {
		(void)fputs("memory ran out, and the kernel found nobody to kill\n", out);
	} else if (incident->victim_count == 0) {
		print_process(incident->invoker, incident->invoker_pid, out);
		(void)fputs(" called the OOM killer; the log does not tell whom it killed\n", out);
	} else {
		print_process(victim->command, victim->pid, out);
		if (incident->victim_count > 1)
			(void)fprintf(out, " and %d more were", incident->victim_count - 1);
		else
			(void)fputs(" was", out);
		(void)fprintf(out, " %s\n", causes[incident->scope]);
	}
}

static void print_where(
	const struct explanation *explanation, const struct oom_incident *incident, FILE *out)
{
	if (explanation->is_report)
		return;
	text_label(out, "log");
	text_harmless(out, explanation->name);
	(void)fprintf(out, ":%llu-%llu", (unsigned long long)incident->first_line,
		(unsigned long long)incident->last_line);
	if (incident->at[0] != '\0') {
		(void)fputs(", at ", out);
		text_harmless(out, incident->at);
	}
	if (incident->host[0] != '\0') {
		(void)fputs(" on ", out);
		text_harmless(out, incident->host);
	}
	if (incident->kernel[0] != '\0') {
		(void)fputs(", Linux ", out);
		text_harmless(out, incident->kernel);
	}
	(void)fputc('\n', out);
	if (incident->origin == LOG_CONTAINER) {
		text_label(out, "");
		(void)fputs(
			"out of a container's log, where any program can write such lines\n", out);
	}
}

static void print_limit(const struct oom_incident *incident, FILE *out)
{
	const struct counter *amounts = incident->amounts;

	if (incident->mems_allowed[0] != '\0' && incident->scope == OOM_SCOPE_CPUSET) {
		text_label(out, "nodes");
		text_harmless(out, incident->mems_allowed);
		(void)fputs(" of cpuset ", out);
		text_harmless(out, incident->cpuset);
		(void)fputc('\n', out);
	}
	if (!is_group_limit(incident))
		return;
	text_label(out, "limit");
	print_size(amounts[OOM_LIMIT], out);
	if (amounts[OOM_USAGE].known) {
		(void)fputs(", in use ", out);
		print_size(amounts[OOM_USAGE], out);
	}
	if (amounts[OOM_FAILURES].known && incident->scope != OOM_SCOPE_MEMCG_V2)
		(void)fprintf(
			out, ", hit %llu times", (unsigned long long)amounts[OOM_FAILURES].value);
	if (amounts[OOM_SWAP_LIMIT].known) {
		(void)fputs(incident->scope == OOM_SCOPE_MEMCG_V1 ? "; memory and swap together: "
								  : "; swap: ",
			out);
		print_size(amounts[OOM_SWAP_LIMIT], out);
	}
	(void)fputc('\n', out);
	if (incident->oom_memcg[0] == '\0')
		return;
	text_label(out, "of group");
	text_harmless(out, incident->oom_memcg);
	(void)fputc('\n', out);
}

static void print_group(const struct oom_incident *incident, FILE *out)
{
	if (incident->task_memcg[0] != '\0' &&
		strcmp(incident->task_memcg, incident->oom_memcg) != 0) {
		text_label(out, "victim in");
		text_harmless(out, incident->task_memcg);
		(void)fputc('\n', out);
	}
	if (incident->group[0] != '\0') {
		text_label(out, "as a whole");
		text_harmless(out, incident->group);
		(void)fputs(" (memory.oom.group)\n", out);
	}
}

static void print_victim(const struct oom_victim *victim, bool is_first, FILE *out)
{
	text_label(out, is_first ? "victim" : "");
	print_process(victim->command, victim->pid, out);
	if (victim->user.known)
		(void)fprintf(out, ", uid %llu", (unsigned long long)victim->user.value);
	if (victim->anon_bytes.known) {
		(void)fputs(": ", out);
		print_size(victim->anon_bytes, out);
		(void)fputs(" anonymous", out);
	}
	if (victim->file_bytes.known) {
		(void)fputs(", ", out);
		print_size(victim->file_bytes, out);
		(void)fputs(" of files", out);
	}
	if (victim->shmem_bytes.known) {
		(void)fputs(", ", out);
		print_size(victim->shmem_bytes, out);
		(void)fputs(" shared", out);
	}
	if (victim->oom_score_adj.known)
		(void)fprintf(out, "; oom_score_adj %d", victim->oom_score_adj.value);
	if (victim->announced)
		(void)fputs(victim->exiting ? "; was ending already"
					    : "; chosen, the kill itself is not in the log",
			out);
	(void)fputc('\n', out);
}

static void print_victims(const struct oom_incident *incident, FILE *out)
{
	int kept = incident->victim_count < OOM_VICTIMS_MAX ? incident->victim_count
							    : OOM_VICTIMS_MAX;

	for (int i = 0; i < kept; i++)
		print_victim(&incident->victims[i], i == 0, out);
	if (incident->victim_count > kept) {
		text_label(out, "");
		(void)fprintf(out, "and %d more\n", incident->victim_count - kept);
	}
}

/* One part of what held the memory, with its share of the whole where that is known. */
static void print_part(
	const char *name, struct counter bytes, struct counter whole, bool *is_first, FILE *out)
{
	if (!bytes.known)
		return;
	if (!*is_first)
		(void)fputs(", ", out);
	*is_first = false;
	(void)fprintf(out, "%s ", name);
	print_size(bytes, out);
	if (counter_some(whole) && bytes.value <= whole.value && bytes.value >= whole.value / 100)
		(void)fprintf(out, " (%.0f %%)", (double)bytes.value * 100 / (double)whole.value);
}

static void print_memory(const struct oom_incident *incident, FILE *out)
{
	const struct counter *amounts = incident->amounts, cache = oom_page_cache(incident);
	struct counter whole = is_group_limit(incident) ? amounts[OOM_USAGE]
							: oom_usable_memory(incident);
	bool is_first = true;

	if (!amounts[OOM_ANON].known && !amounts[OOM_FILE].known && !whole.known)
		return;
	text_label(out, "held by");
	print_part("anonymous memory", amounts[OOM_ANON], whole, &is_first, out);
	if (cache.known)
		print_part("page cache", cache, whole, &is_first, out);
	else
		print_part(
			"page cache and shared memory", amounts[OOM_FILE], whole, &is_first, out);
	print_part("shared memory and tmpfs", amounts[OOM_SHMEM], whole, &is_first, out);
	print_part("kernel", amounts[OOM_KERNEL], whole, &is_first, out);
	print_part("slab", amounts[OOM_SLAB], whole, &is_first, out);
	if (!is_group_limit(incident)) {
		print_part("page tables", amounts[OOM_PAGE_TABLES], whole, &is_first, out);
		print_part("free", amounts[OOM_FREE], whole, &is_first, out);
		print_part("huge pages", amounts[OOM_HUGE_PAGES], whole, &is_first, out);
		print_part("of", whole, (struct counter){ 0 }, &is_first, out);
	}
	(void)fputs(is_first ? "not known\n" : "\n", out);
	if (counter_some(amounts[OOM_SWAP_TOTAL])) {
		text_label(out, "swap");
		print_size(amounts[OOM_SWAP_FREE], out);
		(void)fputs(" free of ", out);
		print_size(amounts[OOM_SWAP_TOTAL], out);
		(void)fputc('\n', out);
	}
}

static bool is_victim(const struct oom_incident *incident, int pid)
{
	for (int i = 0; i < incident->victim_count && i < OOM_VICTIMS_MAX; i++)
		if (incident->victims[i].pid == pid)
			return true;
	return false;
}

static void print_tasks(const struct oom_incident *incident, FILE *out)
{
	int shown = 0;

	for (int i = 0; i < incident->task_kept && shown < TASKS_SHOWN; i++) {
		const struct oom_task *task = &incident->tasks[i];

		if (is_victim(incident, task->pid))
			continue;
		text_label(out, shown++ == 0 ? "also there" : "");
		print_process(task->command, task->pid, out);
		(void)fputs(": ", out);
		print_size(oom_pages(incident, task->rss_pages), out);
		(void)fputs(" resident\n", out);
	}
	if (incident->task_count > 1) {
		text_label(out, "in all");
		(void)fprintf(out, "%llu tasks, ", (unsigned long long)incident->task_count);
		print_size(oom_pages(incident, counter_of(incident->tasks_rss_pages)), out);
		(void)fputs(" resident\n", out);
	}
}

static void print_invoker(const struct oom_incident *incident, FILE *out)
{
	if (!incident->has_header)
		return;
	text_label(out, "asked by");
	print_process(incident->invoker, incident->invoker_pid, out);
	if (incident->gfp_mask[0] != '\0') {
		(void)fputs(": ", out);
		text_harmless(out, incident->gfp_mask);
	}
	if (incident->order.known)
		(void)fprintf(out, ", order %d", incident->order.value);
	if (incident->invoker_oom_score_adj.known)
		(void)fprintf(out, ", oom_score_adj %d", incident->invoker_oom_score_adj.value);
	(void)fputc('\n', out);
}

static void print_again(
	const struct explanation *explanation, const struct oom_incident *incident, FILE *out)
{
	json_t *reproduce = reproduce_json(explanation, incident);
	const char *note = json_string_value(json_object_get(reproduce, "note"));

	if (json_is_object(reproduce)) {
		text_label(out, "again");
		reproduce_print(reproduce, incident, out);
		(void)fputc('\n', out);
		if (note != NULL) {
			text_label(out, "");
			(void)fprintf(out, "%s\n", note);
		}
	}
	json_decref(reproduce);
}

static void print_incident(const struct explanation *explanation, size_t i, FILE *out)
{
	const struct oom_incident *incident = &explanation->incidents[i];

	print_headline(incident, i + 1, out);
	print_where(explanation, incident, out);
	print_limit(incident, out);
	print_group(incident, out);
	print_victims(incident, out);
	print_memory(incident, out);
	print_tasks(incident, out);
	print_invoker(incident, out);
	print_again(explanation, incident, out);
}

static void print_rest(const struct explanation *explanation, FILE *out)
{
	const struct oom_foreign *foreign = &explanation->foreign;

	if (explanation->omitted > 0)
		(void)fprintf(out, "\n%llu more OOM kills are not shown\n",
			(unsigned long long)explanation->omitted);
	if (explanation->suppressed > 0)
		(void)fprintf(out,
			"\n%llu messages about OOM kills were not printed by the kernel, to save "
			"its "
			"log\n",
			(unsigned long long)explanation->suppressed);
	if (foreign->count > 0) {
		(void)fprintf(out, "\nnot believed: %llu lines in the kernel's words, written by ",
			(unsigned long long)foreign->count);
		text_harmless(out, foreign->writer[0] != '\0' ? foreign->writer : "somebody else");
		(void)fprintf(
			out, " first, at line %llu\n", (unsigned long long)foreign->first_line);
	}
}

void explain_print(const struct explanation *explanation, FILE *out)
{
	for (size_t i = 0; i < explanation->count; i++) {
		if (i > 0)
			(void)fputc('\n', out);
		print_incident(explanation, i, out);
	}
	print_rest(explanation, out);
}
