/* SPDX-License-Identifier: MIT
 *
 * What held the memory, and who else was there.
 */
#include "base/text.h"
#include "report/explain_parts.h"
#include "report/text.h"

#define TASKS_SHOWN 5

bool explain_is_group(const struct oom_incident *incident)
{
	return incident->scope == OOM_SCOPE_MEMCG || incident->scope == OOM_SCOPE_MEMCG_V1 ||
	       incident->scope == OOM_SCOPE_MEMCG_V2;
}

void explain_print_size(struct counter bytes, FILE *out)
{
	char text[TEXT_NUMBER_SIZE];

	(void)fputs(!bytes.known                ? "not known"
		    : bytes.value == UINT64_MAX ? "none"
						: format_size(bytes.value, text),
		out);
}

/* "python3 (pid 4711)" */
void explain_print_process(const char *command, int pid, FILE *out)
{
	text_harmless(out, command[0] != '\0' ? command : "a process");
	if (pid > 0)
		(void)fprintf(out, " (pid %d)", pid);
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
	explain_print_size(bytes, out);
	if (counter_some(whole) && bytes.value <= whole.value && bytes.value >= whole.value / 100)
		(void)fprintf(out, " (%.0f %%)", (double)bytes.value * 100 / (double)whole.value);
}

void explain_print_memory(const struct oom_incident *incident, FILE *out)
{
	const struct counter *amounts = incident->amounts, cache = oom_page_cache(incident);
	struct counter whole = explain_is_group(incident) ? amounts[OOM_USAGE]
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
	if (!explain_is_group(incident)) {
		print_part("page tables", amounts[OOM_PAGE_TABLES], whole, &is_first, out);
		print_part("free", amounts[OOM_FREE], whole, &is_first, out);
		if (counter_some(amounts[OOM_HUGE_PAGES]))
			print_part("huge pages", amounts[OOM_HUGE_PAGES], whole, &is_first, out);
		print_part("of", whole, (struct counter){ 0 }, &is_first, out);
	}
	(void)fputs(is_first ? "not known\n" : "\n", out);
	if (counter_some(amounts[OOM_SWAP_TOTAL])) {
		text_label(out, "swap");
		explain_print_size(amounts[OOM_SWAP_FREE], out);
		(void)fputs(" free of ", out);
		explain_print_size(amounts[OOM_SWAP_TOTAL], out);
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

void explain_print_tasks(const struct oom_incident *incident, FILE *out)
{
	int shown = 0;

	for (int i = 0; i < incident->task_kept && shown < TASKS_SHOWN; i++) {
		const struct oom_task *task = &incident->tasks[i];

		if (is_victim(incident, task->pid))
			continue;
		text_label(out, shown++ == 0 ? "also there" : "");
		explain_print_process(task->command, task->pid, out);
		(void)fputs(": ", out);
		explain_print_size(oom_pages(incident, task->rss_pages), out);
		(void)fputs(" resident\n", out);
	}
	if (incident->task_count > 1) {
		text_label(out, "in all");
		(void)fprintf(out, "%llu tasks, ", (unsigned long long)incident->task_count);
		explain_print_size(oom_pages(incident, counter_of(incident->tasks_rss_pages)), out);
		(void)fputs(" resident\n", out);
	}
}
