/* SPDX-License-Identifier: MIT */
#include "report/reproduce.h"

#include <string.h>

#include "base/text.h"
#include "report/build.h"
#include "report/explain_parts.h"
#include "report/shell_word.h"

#define EXPECTED "oom_kill/own_limit"

/* How a group's path tells who made it; the first that fits. */
static const struct {
	const char *part;
	const char *policy;
} places[] = {
	{ "/kubepods", "kubernetes" },
	{ "/docker/", "docker" },
	{ "/docker-", "docker" },
	{ "/libpod-", "docker" },
};

/* "/system.slice/x.service", and groups below it */
static bool is_service(const char *path)
{
	static const char suffix[] = ".service";
	const char *at = strstr(path, suffix);

	return at != NULL && (at[sizeof(suffix) - 1] == '\0' || at[sizeof(suffix) - 1] == '/');
}

const char *reproduce_policy(const struct oom_incident *incident)
{
	const char *path = incident->task_memcg[0] != '\0' ? incident->task_memcg
							   : incident->oom_memcg;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (strstr(path, places[i].part) != NULL)
			return places[i].policy;
	return is_service(path) ? "systemd-service" : NULL;
}

/* What the victim held that cannot be taken from it without swap. */
static uint64_t held_bytes(const struct oom_incident *incident)
{
	const struct oom_victim *victim = &incident->victims[0];

	if (incident->victim_count == 0 || !victim->anon_bytes.known)
		return 0;
	return victim->anon_bytes.value +
	       (victim->shmem_bytes.known ? victim->shmem_bytes.value : 0);
}

/* A size as `run -m` takes it, without a remainder. */
static void append_size(struct builder *argv, uint64_t bytes)
{
	static const struct {
		uint64_t bytes;
		char letter;
	} units[] = { { (uint64_t)1 << 30, 'G' }, { (uint64_t)1 << 20, 'M' }, { 1024, 'K' } };
	char text[TEXT_NUMBER_SIZE];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	if (bytes == UINT64_MAX)
		(void)snprintf(text, sizeof(text), "max");
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (bytes != UINT64_MAX && bytes % units[i].bytes == 0) {
			(void)snprintf(text, sizeof(text), "%llu%c",
				(unsigned long long)(bytes / units[i].bytes), units[i].letter);
			break;
		}
	append_text(argv, text);
}

/* What the group might swap, where it is known and of use. */
static bool swap_allowed(const struct oom_incident *incident, uint64_t *ret_bytes)
{
	const struct counter *amounts = incident->amounts;
	struct counter limit = amounts[OOM_SWAP_LIMIT];

	if (!limit.known)
		return false;
	if (limit.value == UINT64_MAX) {
		bool swapped = counter_some(amounts[OOM_SWAPPED]) ||
			       (incident->scope == OOM_SCOPE_MEMCG_V2 &&
				       counter_some(amounts[OOM_SWAP_USAGE]));

		*ret_bytes = UINT64_MAX;
		return swapped;
	}
	if (incident->scope == OOM_SCOPE_MEMCG_V1) /* of both together */
		limit.value = amounts[OOM_LIMIT].known && limit.value > amounts[OOM_LIMIT].value
				      ? limit.value - amounts[OOM_LIMIT].value
				      : 0;
	*ret_bytes = limit.value;
	return limit.value > 0;
}

static const char *note_of(
	const struct explanation *explanation, const struct oom_incident *incident, bool has_limit)
{
	const struct oom_task *tasks = incident->tasks;

	if (incident->scope != OOM_SCOPE_UNKNOWN && !explain_is_group(incident))
		return "the memory of a machine is not put into a cage: the limit is what the "
		       "victim held when it was killed";
	if (!has_limit && explanation->is_report)
		return "the report does not tell the limit: it is what the victim held when it was "
		       "killed";
	if (!has_limit)
		return "the log does not tell the limit: it is what the victim held when it was "
		       "killed";
	if (incident->task_kept > 1 && incident->tasks_rss_pages > 0 &&
		tasks[0].rss_pages.value < incident->tasks_rss_pages / 2)
		return "several processes shared the limit: the command has to start them all";
	return NULL;
}

static json_t *options(const struct explanation *explanation, const struct oom_incident *incident,
	uint64_t bytes, const char *policy)
{
	struct builder argv = build_list();
	uint64_t swap;

	append_text(&argv, "memcage");
	append_text(&argv, "run");
	if (policy != NULL && explanation->has_policies) {
		append_text(&argv, "-p");
		append_text(&argv, policy);
	}
	append_text(&argv, "-m");
	append_size(&argv, bytes);
	if (explain_is_group(incident) && swap_allowed(incident, &swap)) {
		append_text(&argv, "--swap");
		append_size(&argv, swap);
	}
	if (incident->group[0] != '\0')
		append_text(&argv, "--oom-group");
	append_text(&argv, "--expect");
	append_text(&argv, EXPECTED);
	append_text(&argv, "--");
	return build_end(&argv);
}

json_t *reproduce_json(const struct explanation *explanation, const struct oom_incident *incident)
{
	struct counter limit = incident->amounts[OOM_LIMIT];
	bool has_limit = explain_is_group(incident) && counter_some(limit) &&
			 limit.value != UINT64_MAX;
	uint64_t bytes = has_limit ? limit.value : held_bytes(incident);
	const char *policy = explanation->is_report ? explanation->policy
						    : reproduce_policy(incident);
	const char *note = note_of(explanation, incident, has_limit);
	struct builder object;

	if (bytes == 0 || incident->scope == OOM_SCOPE_SYSRQ)
		return json_null();
	object = build_object();
	put_value(&object, "argv", options(explanation, incident, bytes, policy));
	put_value(&object, "command",
		explanation->command != NULL ? json_deep_copy(explanation->command) : json_null());
	put_text(&object, "policy", policy);
	put_flag(&object, "exact", has_limit);
	put_text(&object, "note", note);
	return build_end(&object);
}

void reproduce_print(const json_t *reproduce, const struct oom_incident *incident, FILE *out)
{
	const json_t *argv = json_object_get(reproduce, "argv");
	const json_t *command = json_object_get(reproduce, "command");
	const char *name = incident->victims[0].command;

	for (size_t i = 0; i < json_array_size(argv); i++) {
		if (i > 0)
			(void)fputc(' ', out);
		shell_word_print(json_string_value(json_array_get(argv, i)), out);
	}
	for (size_t i = 0; i < json_array_size(command); i++) {
		const char *word = json_string_value(json_array_get(command, i));

		(void)fputc(' ', out);
		shell_word_print(word != NULL ? word : "?", out);
	}
	if (json_array_size(command) ==
		0) /* a name is chosen by its process: no word for a shell */
		(void)fprintf(out, " %s ...",
			shell_word_is_plain(name) && name[0] != '-' ? name : "COMMAND");
}
