/* SPDX-License-Identifier: MIT */
#include "engine/coverage.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "witness/preload.h"
#include "witness/printable.h"

#define NOT_PASSED_ON "started without the library in LD_PRELOAD"

/* musl's loader is its C library, too. */
static bool is_loader(const char *image)
{
	return strncmp(image, "ld-", 3) == 0 || strcmp(image, "libc.so") == 0;
}

/* The loader maps preloaded libraries before all others: who has one, and not ours, never will. Who
 * has no more than a loader may still be at it. */
static bool has_loaded(const struct process *process)
{
	const char *image = NULL;

	if (process->images_cut)
		return false; /* ours may be among the rest */
	while ((image = process_image_next(process, image)) != NULL)
		if (strstr(image, ".so") != NULL && !is_loader(image) &&
			strcmp(image, base_name(process->executable)) != 0)
			return true;
	return false;
}

/* Why the witness is not in a program that lives without it; NULL: that cannot be said. */
static const char *why_not_in(const struct process *process)
{
	const char *why;

	/* A file that was replaced or removed since tells nothing of the program that ran. */
	if (process->executable[0] != '/' || strstr(process->executable, " (deleted)") != NULL)
		return NULL;
	if (process->looks > 0 && has_loaded(process))
		return preload_possible_for(process->executable, &why) ? NOT_PASSED_ON : why;
	return preload_possible_for(process->executable, &why) ? NULL : why;
}

static bool lists(const struct text_list *list, const char *text)
{
	const char *each = NULL;

	while ((each = text_list_next(list, each)) != NULL)
		if (strcmp(each, text) == 0)
			return true;
	return false;
}

static void add_uncovered(struct report_facts *facts, const char *program, const char *why)
{
	char name[64], text[TEXT_LIST_SIZE];

	(void)printable_copy(name, sizeof(name), program, strlen(program));
	(void)snprintf(text, sizeof(text), "%s (%s)", name, why);
	if (!lists(&facts->uncovered, text)) /* many processes may run one program */
		text_list_add(&facts->uncovered, "%s", text);
}

void coverage_describe(const struct coverage_sources *sources, struct report_facts *facts)
{
	const struct processes *processes = sources->processes;
	uint64_t inside = 0, outside = 0, covered = sources->refusals->covered;
	bool main_told = false;

	if (sources->why_uncovered != NULL) {
		add_uncovered(facts, sources->main_command, sources->why_uncovered);
		outside++;
		main_told = true;
	}
	for (int i = 0; sources->library != NULL && i < processes->count; i++) {
		const struct process *process = &processes->list[i];
		const char *why;

		if (process_maps(process, sources->library)) {
			inside++;
			continue;
		}
		why = why_not_in(process);
		if (why == NULL)
			continue;
		if (process->pid == sources->main_pid && main_told) {
			main_told = false; /* its first program: told above */
			continue;
		}
		add_uncovered(facts, base_name(process->executable), why);
		outside++;
	}
	/* A fork has the library of its parent and executes nothing: the witness counts execs. */
	if (covered > 0 && inside > covered)
		covered = inside;
	facts->processes_covered = counter_of(covered);
	if (processes->seen > 0 || covered + outside > 0)
		facts->processes_seen = counter_of(
			processes->seen > covered + outside ? processes->seen : covered + outside);
}
