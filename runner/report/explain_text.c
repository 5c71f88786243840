/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "report/explain_parts.h"
#include "report/reproduce.h"
#include "report/text.h"

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

static void print_headline(const struct oom_incident *incident, size_t number, FILE *out)
{
	const struct oom_victim *victim = &incident->victims[0];

	(void)fprintf(out, "%zu. ", number);
	if (incident->victim_count == 0 && incident->no_victim) {
		(void)fputs("memory ran out, and the kernel found nobody to kill\n", out);
	} else if (incident->victim_count == 0) {
		explain_print_process(incident->invoker, incident->invoker_pid, out);
		(void)fputs(" called the OOM killer; the log does not tell whom it killed\n", out);
	} else {
		explain_print_process(victim->command, victim->pid, out);
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
		(void)fputs("by way of a container's log or an event of Kubernetes, where others "
			    "than the "
			    "kernel can write such lines\n",
			out);
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
	if (!explain_is_group(incident))
		return;
	text_label(out, "limit");
	explain_print_size(amounts[OOM_LIMIT], out);
	if (amounts[OOM_USAGE].known) {
		(void)fputs(", in use ", out);
		explain_print_size(amounts[OOM_USAGE], out);
	}
	if (amounts[OOM_FAILURES].known && incident->scope != OOM_SCOPE_MEMCG_V2)
		(void)fprintf(
			out, ", hit %llu times", (unsigned long long)amounts[OOM_FAILURES].value);
	if (amounts[OOM_SWAP_LIMIT].known) {
		(void)fputs(incident->scope == OOM_SCOPE_MEMCG_V1 ? "; memory and swap together: "
								  : "; swap: ",
			out);
		explain_print_size(amounts[OOM_SWAP_LIMIT], out);
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
	explain_print_process(victim->command, victim->pid, out);
	if (victim->user.known)
		(void)fprintf(out, ", uid %llu", (unsigned long long)victim->user.value);
	if (victim->anon_bytes.known) {
		(void)fputs(": ", out);
		explain_print_size(victim->anon_bytes, out);
		(void)fputs(" anonymous", out);
	}
	if (victim->file_bytes.known) {
		(void)fputs(", ", out);
		explain_print_size(victim->file_bytes, out);
		(void)fputs(" of files", out);
	}
	if (victim->shmem_bytes.known) {
		(void)fputs(", ", out);
		explain_print_size(victim->shmem_bytes, out);
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

static void print_invoker(const struct oom_incident *incident, FILE *out)
{
	if (!incident->has_header)
		return;
	text_label(out, "asked by");
	explain_print_process(incident->invoker, incident->invoker_pid, out);
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
	explain_print_memory(incident, out);
	explain_print_tasks(incident, out);
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
