/* SPDX-License-Identifier: MIT
 *
 * Kept logs, line by line. Whatever comes, each incident must be well formed, can be told in JSON
 * and in words, and what another writer's prefix stands before must tell of none.
 */
#include <stdlib.h>
#include <string.h>

#include "report/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
	if (memchr(text, '\0', size) == NULL)
		abort();
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			abort();
}

static void check(const struct oom_incident *incident, void *data)
{
	struct explanation explanation = { .name = "fuzz", .count = 1, .has_policies = true };
	struct oom_incident copy = *incident;
	int *count = data;
	json_t *json;
	FILE *out;

	++*count;
	check_text(incident->oom_memcg, sizeof(incident->oom_memcg));
	check_text(incident->task_memcg, sizeof(incident->task_memcg));
	check_text(incident->group, sizeof(incident->group));
	check_text(incident->invoker, sizeof(incident->invoker));
	check_text(incident->at, sizeof(incident->at));
	check_text(incident->host, sizeof(incident->host));
	if (incident->scope >= OOM_SCOPE_COUNT || incident->origin == LOG_FOREIGN ||
		incident->first_line == 0 || incident->last_line < incident->first_line ||
		incident->task_kept > OOM_TASKS_MAX || incident->victim_count < 0 ||
		(incident->victim_count == 0 && !incident->has_header && !incident->no_victim))
		abort();
	for (int i = 0; i < incident->victim_count && i < OOM_VICTIMS_MAX; i++) {
		check_text(incident->victims[i].command, OOM_COMMAND_SIZE);
		if (incident->victims[i].pid <= 0)
			abort();
	}
	if (*count % 8 != 1) /* telling is slow, and has no state */
		return;
	explanation.incidents = &copy;
	json = explain_json(&explanation);
	if (json == NULL)
		abort();
	json_decref(json);
	out = fopen("/dev/null", "w");
	if (out == NULL)
		abort();
	explain_print(&explanation, out);
	(void)fclose(out);
}

static int read_all(struct oom_log *log, const uint8_t *data, size_t size, const char *prefix)
{
	char line[4096];
	const size_t length = strlen(prefix);
	int count = 0;

	memcpy(line, prefix, length);
	oom_log_begin(log, check, &count);
	while (size > 0) {
		const uint8_t *newline = memchr(data, '\n', size);
		size_t all = newline != NULL ? (size_t)(newline - data) : size;
		size_t part = all < sizeof(line) - length ? all : sizeof(line) - length;

		if (length == 0) {
			oom_log_feed(log, (const char *)data, all);
		} else {
			memcpy(line + length, data, part);
			oom_log_feed(log, line, length + part);
		}
		all += newline != NULL;
		data += all;
		size -= all;
	}
	oom_log_end(log);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct oom_log log;

	(void)read_all(&log, data, size, "");
	if (read_all(&log, data, size, "Jan  5 02:12:02 node-1 evil[4711]: ") != 0)
		abort();
	return 0;
}
