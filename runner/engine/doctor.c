/* SPDX-License-Identifier: MIT */
#include "engine/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/failure.h"
#include "base/tracing.h"
#include "report/build.h"
#include "witness/preload.h"

#define DOCTOR_SCHEMA "memcage.doctor/1"
#define DOCTOR_DUMP_FLAGS (JSON_INDENT(2) | JSON_PRESERVE_ORDER)

static const struct check_row {
	const char *name;
	bool needs_cage;
	void (*probe)(struct examination *exam, struct finding *finding);
} rows[] = {
	{ "cgroups", false, probe_cgroups },
	{ "cage", false, probe_cage },
	{ "privilege", false, probe_privilege },
	{ "memory_limit", true, probe_memory_limit },
	{ "swap_limit", true, probe_swap_limit },
	{ "process_limit", true, probe_process_limit },
	{ "throttling", true, probe_throttling },
	{ "oom_group", true, probe_oom_group },
	{ "at_limit_fail", false, probe_at_limit_fail },
	{ "start_in_cage", true, probe_start_in_cage },
	{ "cgroup_kill", true, probe_cgroup_kill },
	{ "v2_twin", true, probe_v2_twin },
	{ "oom_events", true, probe_oom_events },
	{ "peak_counters", true, probe_peak_counters },
	{ "limit_owner", true, probe_limit_owner },
	{ "kernel_log", false, probe_kernel_log },
	{ "preload_witness", false, probe_preload_witness },
	{ "bpf_witness", false, probe_bpf_witness },
	{ "runtime_witness", false, probe_runtime_witness },
	{ "pressure", false, probe_pressure },
	{ "oom_score", false, probe_oom_score },
	{ "outer_limits", false, probe_outer_limits },
	{ "overcommit", false, probe_overcommit },
	{ "abandoned_groups", true, probe_abandoned_groups },
};

static const char *const status_names[] = {
	[CHECK_OK] = "ok",
	[CHECK_DEGRADED] = "degraded",
	[CHECK_MISSING] = "missing",
};

static json_t *finding_json(const char *name, const struct finding *finding)
{
	struct builder object = build_object();

	put_text(&object, "name", name);
	put_text(&object, "status", status_names[finding->status]);
	put_text(&object, "finding", finding->text);
	put_text(&object, "remedy", finding->remedy);
	return build_end(&object);
}

static json_t *check_json(const struct check_row *row, struct examination *exam)
{
	struct finding finding = { .status = CHECK_MISSING };

	if (row->needs_cage && !has_cage(exam))
		tell(&finding, CHECK_MISSING, NULL, "not tried: there is no cage to try it in");
	else
		row->probe(exam, &finding);
	return finding_json(row->name, &finding);
}

static json_t *wall_json(enum guarantee guarantee)
{
	struct finding finding = { .status = CHECK_MISSING };

	probe_wall(guarantee, &finding);
	return finding_json(wall_name(guarantee), &finding);
}

static json_t *checks_json(struct examination *exam)
{
	struct builder list = build_list();

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		append_value(&list, check_json(&rows[i], exam));
	for (int i = 0; i < GUARANTEE_COUNT; i++)
		append_value(&list, wall_json((enum guarantee)i));
	return build_end(&list);
}

static bool enforces(const struct examination *exam)
{
	return exam->limited == 0 && exam->child.inside;
}

static const char *backend_name(const struct examination *exam)
{
	if (exam->cage.kind == CAGE_V2)
		return "cgroup v2";
	return group_exists(&exam->cage.twin) ? "cgroup v1 + v2 twin" : "cgroup v1";
}

static void summarize(const struct examination *exam, char *text, size_t size)
{
	if (enforces(exam))
		(void)snprintf(text, size,
			"This host can enforce memory limits on whole process trees (%s).",
			backend_name(exam));
	else if (has_cage(exam))
		(void)snprintf(text, size,
			"A cage can be made here, but not a complete memory limit: only "
			"--allow-degraded is "
			"left.");
	else if (systemd_manager_find(&exam->hierarchies) != SYSTEMD_NONE)
		(void)snprintf(text, size,
			"No cage can be made in this group, but systemd can give another: memcage "
			"run asks it.");
	else
		(void)snprintf(text, size,
			"No cage can be made here: what is left is --backend rlimit, which limits "
			"each "
			"process by itself (degraded).");
}

static json_t *doctor_json(struct examination *exam)
{
	struct builder object = build_object(), tool = build_object();
	struct utsname kernel;
	char summary[256];

	summarize(exam, summary, sizeof(summary));
	put_text(&tool, "version", memcage_version());
	put_text(&object, "schema", DOCTOR_SCHEMA);
	put_flag(&object, "enforces", enforces(exam));
	put_text(&object, "summary", summary);
	put_text(&object, "kernel", uname(&kernel) == 0 ? kernel.release : NULL);
	put_text(&object, "cgroup_mode",
		exam->looked == 0 ? hierarchies_mode(&exam->hierarchies) : NULL);
	put_text(&object, "backend", has_cage(exam) ? cage_kind_name(exam->cage.kind) : NULL);
	put_number(&object, "user_id", geteuid());
	put_value(&object, "checks", checks_json(exam));
	put_value(&object, "tool", build_end(&tool));
	return build_end(&object);
}

int memcage_doctor_json(char **ret_json, struct memcage_failure *reterr_failure)
{
	struct examination *exam = malloc(sizeof(*exam)); /* too large for a small thread's stack */
	json_t *object = NULL;
	char *text = NULL;

	if (exam != NULL) {
		examination_open(exam);
		object = doctor_json(exam);
		examination_close(exam);
		free(exam);
	}
	if (object != NULL)
		text = json_dumps(object, DOCTOR_DUMP_FLAGS);
	json_decref(object);
	if (text == NULL)
		return failure_set(reterr_failure, ENOMEM, "no memory for the examination");
	*ret_json = text;
	return 0;
}

/* What is left after cleaning must not pass for clean. */
static int count_left(struct memcage_failure *failure)
{
	struct hierarchies hierarchies;
	struct place place;
	int result = hierarchies_find(&hierarchies, failure);

	if (result == 0)
		result = place_find(&hierarchies, MEMCAGE_BACKEND_AUTO, NULL, &place, failure);
	if (result < 0)
		return result;
	result = home_count_abandoned(&place);
	place_leave(&place);
	return result;
}

int memcage_clean(struct memcage_failure *reterr_failure)
{
	int removed = home_clean(reterr_failure), left;

	if (removed < 0)
		return removed;
	(void)preload_clean(); /* their page files; who cannot remove one is not its owner */
	removed += tracing_clean();
	left = count_left(reterr_failure);
	if (left < 0)
		return left;
	if (left > 0)
		return failure_set(reterr_failure, geteuid() == 0 ? EBUSY : EACCES,
			"%d groups of crashed runs were removed, but %d could not be%s", removed,
			left,
			geteuid() == 0 ? ": what runs in them cannot be killed"
				       : "; run it as root");
	return removed;
}
