/* SPDX-License-Identifier: MIT */
#include "spec/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/failure.h"
#include "base/text.h"
#include "spec/oci_profile.h"
#include "spec/policy_find.h"
#include "spec/policy_read.h"
#include "spec/policy_take.h"

int policy_take(const struct policy_document *document, bool whole, struct memcage_policy *policy,
	struct memcage_failure *failure)
{
	static int (*const parts[])(const struct policy_source *, struct memcage_policy *,
		struct memcage_failure *) = { policy_take_limits, policy_take_rlimits,
		policy_take_names, policy_take_environment, policy_take_mounts, policy_take_seccomp,
		policy_take_guarantees };
	const struct policy_source source = { .file = document->file, .places = document->places };
	int result = 0;

	policy->summary = document->file->summary;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts) && result == 0; i++)
		result = parts[i](&source, policy, failure);
	if (result == 0 && whole)
		result = policy_check_whole(&source, policy, failure);
	return result;
}

void policy_release(struct memcage_policy *policy)
{
	free(policy->name);
	free(policy->isolation.mounts);
	seccomp_rules_free(&policy->isolation.seccomp);
	free(policy->kept_environment);
	free(policy->set_environment);
	(void)policy_file_free(policy->file);
}

int policy_check_text(
	const char *name, const char *text, size_t length, struct memcage_failure *reterr_failure)
{
	struct memcage_policy policy = { 0 };
	struct policy_document document;
	int result = policy_document_parse(name, text, length, &document, reterr_failure);

	if (result < 0)
		return result;
	result = policy_take(&document, document.file->extends == NULL, &policy, reterr_failure);
	policy_release(&policy);
	policy_document_close(&document);
	return result;
}

/* What a parent prefers and the child does without goes, so that it is not printed either. */
static void drop_idle_preferences(struct policy_file *file, struct isolation *isolation)
{
	unsigned kept = 0;

	isolation->preferred &= isolation->wanted;
	for (unsigned i = 0; i < file->preferred_count; i++) {
		int guarantee = isolation_guarantee_number(file->preferred[i]);

		if (guarantee >= 0 && (isolation->wanted >> guarantee & 1) != 0)
			file->preferred[kept++] = file->preferred[i];
		else
			(void)cyaml_mem(NULL, file->preferred[i], 0);
	}
	file->preferred_count = kept;
	if (kept == 0) { /* an empty list is not read again */
		(void)cyaml_mem(NULL, file->preferred, 0);
		file->preferred = NULL;
	}
}

int memcage_policy_load(const char *name, struct memcage_policy **ret_policy,
	struct memcage_failure *reterr_failure)
{
	struct memcage_policy *policy = calloc(1, sizeof(*policy));
	struct policy_document document;
	char path[PATH_MAX];
	int result;

	if (policy != NULL) {
		policy->name = strdup(name);
		policy->isolation.kept = calloc(1, sizeof(*policy->isolation.kept));
	}
	if (policy == NULL || policy->name == NULL || policy->isolation.kept == NULL) {
		(void)memcage_policy_free(policy);
		return failure_set(reterr_failure, ENOMEM, "no memory for a policy");
	}
	result = policy_find(name, NULL, path, reterr_failure);
	if (result == 0)
		result = policy_document_load(path, &document, reterr_failure);
	if (result == 0) {
		policy->file = document.file;
		result = policy_take(&document, true, policy, reterr_failure);
		if (result == 0)
			drop_idle_preferences(document.file, &policy->isolation);
		(void)yaml_places_free(document.places);
	}
	if (result < 0) {
		(void)memcage_policy_free(policy);
		return result;
	}
	*ret_policy = policy;
	return 0;
}

struct memcage_policy *memcage_policy_free(struct memcage_policy *policy)
{
	if (policy != NULL) {
		struct isolation_kept *kept = policy->isolation.kept;

		if (kept != NULL && kept->made != NULL)
			kept->release(kept->made);
		free(kept);
		policy_release(policy);
		free(policy);
	}
	return NULL;
}

const char *memcage_policy_summary(const struct memcage_policy *policy)
{
	return policy->summary != NULL ? policy->summary : "";
}

int memcage_policy_text(const struct memcage_policy *policy, char **ret_text,
	struct memcage_failure *reterr_failure)
{
	char *yaml, *text;
	size_t length;

	if (cyaml_save_data(&yaml, &length, &policy_cyaml_config, &policy_schema, policy->file,
		    0) != CYAML_OK)
		return failure_set(reterr_failure, ENOMEM, "no memory for the policy's text");
	text = strndup(yaml, length);
	(void)cyaml_mem(NULL, yaml, 0);
	if (text == NULL)
		return failure_set(reterr_failure, ENOMEM, "no memory for the policy's text");
	*ret_text = text;
	return 0;
}

char **memcage_policy_names(void)
{
	return policy_names();
}

void memcage_policy_names_free(char **names)
{
	policy_names_free(names);
}

static bool is_kept(const struct memcage_policy *policy, const char *entry)
{
	size_t length = strcspn(entry, "=");

	if (!policy->clear_environment)
		return true;
	for (char *const *name = policy->kept_environment; name != NULL && *name != NULL; name++)
		if (strlen(*name) == length && strncmp(*name, entry, length) == 0)
			return true;
	return false;
}

static size_t count_of(char *const *list)
{
	size_t count = 0;

	while (list != NULL && list[count] != NULL)
		count++;
	return count;
}

int policy_environment(
	const struct memcage_policy *policy, char *const *environment, const char ***ret_envp)
{
	size_t sets = count_of(policy->set_environment), count = 0;
	const char **envp;

	*ret_envp = NULL;
	if (!policy->clear_environment && sets == 0)
		return 0;
	envp = calloc(count_of(environment) + sets + 1, sizeof(*envp));
	if (envp == NULL)
		return -ENOMEM;
	for (char *const *entry = environment; *entry != NULL; entry++)
		if (is_kept(policy, *entry))
			envp[count++] = *entry;
	for (size_t i = 0; i < sets; i++) {
		const char *set = policy->set_environment[i];
		size_t at = 0, length = strcspn(set, "=") + 1;

		while (at < count && strncmp(envp[at], set, length) != 0)
			at++;
		envp[at] = set;
		count += at == count;
	}
	*ret_envp = envp;
	return 0;
}

void policy_fill_limits(const struct memcage_policy *policy, struct memcage_spec *spec)
{
	const struct memcage_spec *limits = &policy->limits;
	const struct {
		uint64_t *to, from;
	} numbers[] = {
		{ &spec->memory_max_bytes, limits->memory_max_bytes },
		{ &spec->swap_max_bytes, limits->swap_max_bytes },
		{ &spec->memory_high_bytes, limits->memory_high_bytes },
		{ &spec->wall_time_max_ms, limits->wall_time_max_ms },
		{ &spec->cpu_time_max_ms, limits->cpu_time_max_ms },
		{ &spec->grace_ms, limits->grace_ms },
		{ &spec->stall_ms, limits->stall_ms },
		{ &spec->pids_max, limits->pids_max },
		{ &spec->output_max_bytes, limits->output_max_bytes },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (*numbers[i].to == 0)
			*numbers[i].to = numbers[i].from;
	if (spec->at_limit == MEMCAGE_KILL_AT_LIMIT)
		spec->at_limit = limits->at_limit;
	spec->oom_group |= limits->oom_group;
	spec->output_truncate |= limits->output_truncate;
}
