/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "engine/run.h"
#include "report/json.h"

#define EXIT_TIME_LIMIT 124
#define EXIT_OURS 125
#define EXIT_CANNOT_EXECUTE 126
#define EXIT_NOT_FOUND 127

/* The exit status that a shell would see of the workload. */
static int workload_status(const struct evidence *evidence)
{
	if (!evidence->end_known)
		return EXIT_OURS;
	return evidence->signaled ? 128 + evidence->status : evidence->status;
}

static int exit_status_of(const struct evidence *evidence, const struct judgement *judgement)
{
	if (evidence->start == START_EXEC_FAILED)
		return evidence->start_errno == ENOENT || evidence->start_errno == ENOTDIR
			       ? EXIT_NOT_FOUND
			       : EXIT_CANNOT_EXECUTE;
	switch (judgement->verdict) {
	case VERDICT_NOT_STARTED:
	case VERDICT_OUTPUT_LIMIT:
		return EXIT_OURS;
	case VERDICT_TIMEOUT:
		return EXIT_TIME_LIMIT;
	case VERDICT_KILLED:
		return judgement->reason == REASON_INTERRUPTED ? 128 + evidence->interrupt_signal
							       : workload_status(evidence);
	default:
		return workload_status(evidence);
	}
}

/* Else jansson opens /dev/urandom for it. Who has seeded before stays. */
static void seed_hashes(void)
{
	uint32_t seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed) && seed != 0)
		json_object_seed(seed);
}

struct memcage_result *result_make(
	const struct report_facts *facts, const struct evidence *evidence)
{
	struct memcage_result *result = calloc(1, sizeof(*result));
	struct judgement judgement = judge(evidence);

	if (result == NULL)
		return NULL;
	seed_hashes();
	result->verdict = judgement.verdict;
	result->reason = judgement.reason;
	result->exit_status = exit_status_of(evidence, &judgement);
	result->report = report_json(facts, evidence, &judgement);
	result->json = result->report ? json_dumps(result->report, REPORT_DUMP_FLAGS) : NULL;
	if (result->json == NULL)
		return memcage_result_free(result);
	summary_line(result->report, result->summary, sizeof(result->summary));
	return result;
}

const char *memcage_result_verdict(const struct memcage_result *result)
{
	return verdict_name(result->verdict);
}

const char *memcage_result_reason(const struct memcage_result *result)
{
	return reason_name(result->reason);
}

int memcage_result_exit_status(const struct memcage_result *result)
{
	return result->exit_status;
}

int memcage_result_verdict_status(const struct memcage_result *result)
{
	return verdict_status(result->verdict);
}

const char *memcage_result_json(const struct memcage_result *result)
{
	return result->json;
}

const char *memcage_result_summary(const struct memcage_result *result)
{
	return result->summary;
}

struct memcage_result *memcage_result_free(struct memcage_result *result)
{
	if (result != NULL) {
		json_decref(result->report);
		free(result->json);
		free(result);
	}
	return NULL;
}

const char *memcage_version(void)
{
	return MEMCAGE_VERSION;
}

bool memcage_verdict_exists(const char *verdict, const char *reason)
{
	return verdict_exists(verdict, reason);
}
