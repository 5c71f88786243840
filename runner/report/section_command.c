/* SPDX-License-Identifier: MIT */
#include "report/sections.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "report/build.h"
#include "report/utf8.h"

#define SIGNAL_NAME_SIZE 32

/* "SIGKILL", "SIGRTMIN+3". */
static const char *signal_text(int number, char buffer[static SIGNAL_NAME_SIZE])
{
	const char *name = sigabbrev_np(number);

	if (name != NULL)
		(void)snprintf(buffer, SIGNAL_NAME_SIZE, "SIG%s", name);
	else if (number >= SIGRTMIN && number <= SIGRTMAX)
		(void)snprintf(buffer, SIGNAL_NAME_SIZE, "SIGRTMIN+%d", number - SIGRTMIN);
	else
		(void)snprintf(buffer, SIGNAL_NAME_SIZE, "signal %d", number);
	return buffer;
}

json_t *section_command(const struct report_facts *facts, const struct evidence *evidence)
{
	const char *program = facts->argv != NULL ? facts->argv[0] : NULL;
	struct builder object = build_object(), argv = build_list();
	const char *name = evidence->main_command;

	for (size_t i = 0; program != NULL && facts->argv[i] != NULL; i++)
		append_text(&argv, facts->argv[i]);
	/* before exec was through, the process still had our name */
	if ((*name == '\0' || evidence->start != START_DONE) && program != NULL)
		name = base_name(program);
	put_value(&object, "argv", build_end(&argv));
	put_text(&object, "cwd", facts->cwd);
	put_text(&object, "name", name);
	if (evidence->main_pid > 0)
		put_number(&object, "pid", (uint64_t)evidence->main_pid);
	return build_end(&object);
}

json_t *section_start(const struct evidence *evidence)
{
	static const char *const states[] = {
		[START_DONE] = "done",
		[START_SETUP_FAILED] = "setup_failed",
		[START_EXEC_FAILED] = "exec_failed",
		[START_DIED_BEFORE_EXEC] = "died_before_exec",
	};
	struct builder object = build_object();
	int error = evidence->start_errno;

	put_text(&object, "state", states[evidence->start]);
	put_text(&object, "stage",
		evidence->start == START_EXEC_FAILED ? "exec" : evidence->start_step);
	if (error > 0) {
		put_number(&object, "errno", (uint64_t)error);
		put_text(&object, "errno_name", strerrorname_np(error));
		put_text(&object, "error", strerrordesc_np(error));
	}
	return build_end(&object);
}

json_t *section_exit(const struct evidence *evidence)
{
	bool was_ours = evidence->start == START_SETUP_FAILED ||
			evidence->start == START_EXEC_FAILED;
	char name[SIGNAL_NAME_SIZE];
	struct builder object;

	/* what our own child returned when it could not become the command is no end of the command
	 */
	if (!evidence->end_known || was_ours)
		return json_null();
	object = build_object();
	if (evidence->signaled) {
		put_number(&object, "signal", (uint64_t)evidence->status);
		put_text(&object, "signal_name", signal_text(evidence->status, name));
		put_flag(&object, "core_dumped", evidence->core_dumped);
	} else {
		put_number(&object, "code", (uint64_t)evidence->status);
	}
	return build_end(&object);
}

json_t *section_act(const struct evidence *evidence)
{
	static const char *const kinds[] = {
		[ACT_WALL_TIME] = "wall_time",
		[ACT_CPU_TIME] = "cpu_time",
		[ACT_STALL] = "stall",
		[ACT_OUTPUT_STDOUT] = "output_stdout",
		[ACT_OUTPUT_STDERR] = "output_stderr",
		[ACT_INTERRUPTED] = "interrupted",
	};
	char name[SIGNAL_NAME_SIZE];
	struct builder object;

	if (evidence->act == ACT_NONE)
		return json_null();
	object = build_object();
	put_text(&object, "kind", kinds[evidence->act]);
	put_number(&object, "at_ms", evidence->act_at_ms);
	put_counter(&object, "oom_kills_before", evidence->oom_kills_before_act);
	if (evidence->interrupt_signal > 0)
		put_text(&object, "signal_name", signal_text(evidence->interrupt_signal, name));
	return build_end(&object);
}

static void put_edge(struct builder *object, const char *key, const char *bytes, size_t size)
{
	if (size > STREAM_EDGE_BYTES)
		size = STREAM_EDGE_BYTES;
	if (bytes != NULL)
		put_value(object, key, utf8_json(bytes, size));
}

static json_t *stream(const struct stream_facts *facts)
{
	struct builder object = build_object();
	char digest[32];

	put_number(&object, "bytes", facts->bytes);
	if (facts->digested) {
		(void)snprintf(digest, sizeof(digest), "fnv1a64:%016" PRIx64, facts->digest);
		put_text(&object, "digest", digest);
	}
	put_flag(&object, "truncated", facts->truncated);
	put_flag(&object, "merged", facts->merged);
	put_edge(&object, "head", facts->head, facts->head_size);
	put_edge(&object, "tail", facts->tail, facts->tail_size);
	return build_end(&object);
}

/* A stream that did not pass through memcage has no entry; "inherited" names it. */
json_t *section_streams(const struct report_facts *facts)
{
	bool merged = facts->stdout_facts.merged || facts->stderr_facts.merged;
	struct builder object = build_object(), inherited = build_list();

	if (facts->stdout_facts.tapped)
		put_value(&object, "stdout", stream(&facts->stdout_facts));
	else
		append_text(&inherited, "stdout");
	if (facts->stderr_facts.tapped && !merged)
		put_value(&object, "stderr", stream(&facts->stderr_facts));
	else if (!facts->stderr_facts.tapped && !merged)
		append_text(&inherited, "stderr");
	put_value(&object, "inherited", build_end(&inherited));
	return build_end(&object);
}
